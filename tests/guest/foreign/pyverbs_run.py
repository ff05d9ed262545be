#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Run rdma-core's Python tests and report them test by test.

    pyverbs_run.py --tests FOLDER --json FILE [OPTION OF THE TESTS]... [TEST]...

FOLDER holds the package "tests". Prints one line for each test that passed or
failed and one for each reason to skip; FILE gets all of it as JSON. The exit
status is 0 only if nothing failed and something passed.
"""
import argparse
import collections
import importlib
import json
import os
import random
import sys
import unittest


class Recorder(unittest.TestResult):
    """Collects (kind, name, text) and prints passes and failures as they come."""

    def __init__(self):
        super().__init__()
        self.records = []
        self.bad_subtests = set()

    def record(self, kind, test, text=''):
        self.records.append({'result': kind, 'test': test.id(), 'text': text})
        if kind == 'passed':
            print(f'ok {test.id()}', flush=True)
        elif kind in ('failed', 'error'):
            print(f'not ok {test.id()} - {text.strip().splitlines()[-1]}')
            for line in text.strip().splitlines():
                print(f'# {line}')
            sys.stdout.flush()

    def addSuccess(self, test):
        if test.id() not in self.bad_subtests:
            self.record('passed', test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.record('skipped', test, reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.record('failed', test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.record('error', test, self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.bad_subtests.add(test.id())
            self.record('failed', subtest, (self.failures + self.errors)[-1][1])

    def of(self, *kinds):
        return [r for r in self.records if r['result'] in kinds]


def load(folder, options, names):
    """Load the tests. Their own options go to sys.argv, where their parser looks."""
    sys.path[:0] = [folder, os.path.join(folder, 'tests')]
    sys.argv[1:] = options
    parser = importlib.import_module('args_parser').parser
    parser.parse_args()
    tests = importlib.import_module('tests')
    loader = unittest.defaultTestLoader
    if names:
        return loader.loadTestsFromNames(names)
    return loader.loadTestsFromModule(tests)


def report_skips(skipped):
    reasons = collections.Counter(r['text'] for r in skipped)
    for reason, count in sorted(reasons.items()):
        print(f'# {count} skipped: {reason}')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--tests', required=True)
    parser.add_argument('--json', required=True)
    parser.add_argument('--dev', required=True)
    parser.add_argument('--gid', default='0')
    parser.add_argument('--seed', type=int, default=2,
                        help='the tests choose attributes by chance, and EFA has '
                             'no unsignaled work requests: with other seeds more '
                             'of the UD tests skip for that')
    parser.add_argument('names', nargs='*', metavar='TEST')
    args = parser.parse_args()

    suite = load(args.tests, ['--dev', args.dev, '--gid', args.gid], args.names)
    random.seed(args.seed)
    result = Recorder()
    suite.run(result)

    passed, failed = result.of('passed'), result.of('failed', 'error')
    skipped = result.of('skipped')
    report_skips(skipped)
    print(f'# pyverbs: {len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped')
    with open(args.json, 'w', encoding='utf-8') as file:
        json.dump({'passed': [r['test'] for r in passed],
                   'failed': failed,
                   'skipped': [{'test': r['test'], 'reason': r['text']} for r in skipped]},
                  file, indent=1)
    return 0 if passed and not failed else 1


if __name__ == '__main__':
    sys.exit(main())
