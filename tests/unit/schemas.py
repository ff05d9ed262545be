#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Checks docs/schemas (TAP): each schema is one, describes each member, lets no other in, and has an
example; there is one for each command that prints JSON; and its words are those of the program."""
import copy
import json
import pathlib
import re
import sys

from jsonschema import Draft202012Validator

TOP = pathlib.Path(__file__).resolve().parents[2]
SUFFIX = '.schema.json'
SCHEMAS = {path.name.removesuffix(SUFFIX): json.loads(path.read_text())
           for path in sorted((TOP / 'docs/schemas').glob('*' + SUFFIX))}
# what other parts write, and the lab
OTHERS = {'peerbar-revoke-stress', 'peerbar-vnic', 'demo', 'bench', 'bench-fence', 'bench-bounds'}
# schema, path to the words in it, the file that has them, and how it does
WORDS = [
    ('peerbar-path-show', 'properties/cause', 'rdma/machine/causes.c',
     r'\[PB_CAUSE_\w+\] = { "([^"]+)"'),
    ('peerbar-path-show', 'properties/stop', 'rdma/machine/verdict.c', r'\[PB_STOP_\w+\] = "([^"]+)"'),
    ('peerbar-path-show', 'properties/after', 'rdma/machine/verdict.c',
     r'\[PB_AFTER_\w+\] = "([^"]+)"'),
    ('peerbar-path-show', '$defs/dev/properties/exporter', 'rdma/machine/verdict.c',
     r'\[PB_EXPORTER_\w+\] = "([^"]+)"'),
    ('peerbar-path-show', '$defs/nic/properties/revokes', 'rdma/tools/path/path_show.c',
     r'\[PB_REVOKE_\w+\] = "([^"]+)"'),
    ('peerbar-doctor', '$defs/check/properties/check', 'rdma/tools/doctor/doctor_table.c',
     r'\[CHECK_\w+\] = { "([^"]+)"'),
    ('peerbar-export-show', '$defs/attachment/properties/after', 'rdma/machine/verdict.c',
     r'\[PB_AFTER_\w+\] = "([^"]+)"'),
    ('peerbar-export-show', '$defs/reason/properties/reason', 'kernel/revoke.c',
     r'\[PEERBAR_\w+\] = "([^"]+)"'),
    ('peerbar-export-monitor', '$defs/access/properties/reason', 'kernel/revoke.c',
     r'\[PEERBAR_\w+\] = "([^"]+)"'),
    ('peerbar-export-monitor', 'properties/event', 'kernel/trace.h', r'TRACE_EVENT\((\w+)'),
    ('peerbar-revoke-stress', '$defs/operation', 'rdma/stress/op.c', r'\[OP_\w+\] = { "([^"]+)"'),
    ('peerbar-revoke-stress', '$defs/revoke', 'rdma/stress/op.c',
     r'\[OP_\w+\] = { "([^"]+)", true }'),
    ('peerbar-vnic', '$defs/record/properties/kind', 'vnic/core/stray.c',
     r'\[STRAY_\w+\] = "([^"]+)"'),
    ('peerbar-vnic', '$defs/efa/properties/admin/propertyNames', 'vnic/efa/aq.c',
     r'\[EFA_CMD_\w+\] = { "([^"]+)"'),
]
MORE = {'peerbar-export-monitor/properties/event': {'lost'}}   # which is none of the kernel's
failed = False


def check(name, complaints):
    """A test: there are no complaints."""
    global failed
    for line in complaints:
        print(f'# {line}')
    print(f'not ok schemas: {name} - see above' if complaints else f'ok schemas: {name}')
    failed = failed or bool(complaints)


def nodes(schema, path=''):
    """All objects of a schema, but for its examples, and where they are."""
    if isinstance(schema, dict):
        yield path, schema
        for key, value in schema.items():
            if key != 'examples':
                yield from nodes(value, f'{path}/{key}')
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from nodes(value, f'{path}/{index}')


def undescribed(schema):
    """Members without a description, and objects that let any member in."""
    for path, node in nodes(schema):
        if node.get('type') == 'object' and node.get('additionalProperties', True) is True:
            yield f'{path} lets any member in'
        if node.get('additionalProperties') is False:
            for member, value in node['properties'].items():
                if isinstance(value, dict) and not value.get('description'):
                    yield f'{path}/{member} has no description'
    yield from (f'there is no {key}' for key in ('$schema', 'title', 'description')
                if not schema.get(key))


def with_one_more(value):
    """Copies of a value, each with a member more in one of the objects in it."""
    if isinstance(value, dict):
        yield {**value, 'a-member-too-many': 1}
    for key in value if isinstance(value, dict) else range(len(value)):
        if isinstance(value[key], (dict, list)):
            for changed in with_one_more(value[key]):
                changed_copy = copy.copy(value)
                changed_copy[key] = changed
                yield changed_copy


def loose(schema):
    """What is wrong with the examples of a schema, or with what they show of it."""
    validator = Draft202012Validator(schema)
    examples = schema.get('examples', [])
    if not examples:
        yield 'it has no example'
    for index, example in enumerate(examples):
        yield from (f'example {index}: {error.json_path}: {error.message}'
                    for error in validator.iter_errors(example))
        more = list(with_one_more(example))
        if example and not more:
            yield f'example {index} has no object'
        yield from (f'example {index}: this is let in: {json.dumps(value)}'
                    for value in more if validator.is_valid(value))


def commands():
    """The schemas that the verbs of the command peerbar need, by the tables of its objects."""
    for source in (TOP / 'rdma/tools').rglob('*.c'):
        table = re.search(r'static const struct verb \w+\[\] = {\n(.*?)\n};', source.read_text(), re.S)
        for function in re.findall(r'{ "\w+", (\w+) }', table[1] if table else ''):
            folder = function.removeprefix('cmd_')
            if not function.startswith('cmd_'):
                yield 'peerbar-' + function.replace('_', '-')
            elif 'struct verb' not in (TOP / f'rdma/tools/{folder}/{folder}.c').read_text():
                yield f'peerbar-{folder}'
    if '"errno"' in (TOP / 'rdma/tools/options.c').read_text():
        yield 'peerbar-doctor-errno'


def words(schema, path):
    """The words that a schema allows there."""
    node = SCHEMAS[schema]
    for key in path.split('/'):
        node = node[key]
    return {word for word in node['enum'] if word is not None}


def differences(what, wanted, found):
    """Complaints, unless both sets are the same and not empty."""
    yield from (f'{what}: {word} is missing' for word in sorted(wanted - found))
    yield from (f'{what}: {word} is none' for word in sorted(found - wanted))
    if not wanted:
        yield f'{what}: found none'


def wrong_words():
    for schema, path, file, pattern in WORDS:
        where = f'{schema}/{path}'
        wanted = set(re.findall(pattern, (TOP / file).read_text())) | MORE.get(where, set())
        yield from differences(where, wanted, words(schema, path))


def invalid(schema):
    try:
        Draft202012Validator.check_schema(schema)
    except Exception as error:
        yield f'{error}'.splitlines()[0]


for name, schema in SCHEMAS.items():
    check(f'{name} is valid', list(invalid(schema)))
    check(f'{name} describes each member', list(undescribed(schema)))
    check(f'{name} takes its examples, and no member more', list(loose(schema)))
check('one for each command, and no other', list(differences('docs/schemas',
      set(commands()) | OTHERS, set(SCHEMAS))))
check('the words are those of the programs', list(wrong_words()))
sys.exit(failed)
