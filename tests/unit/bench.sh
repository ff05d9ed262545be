#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What the benches make of their samples fits its schema (TAP). The samples are made up: a few of
# each kind.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
# shellcheck source=tests/guest/lib/tap.sh
. tests/guest/lib/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# fits SCHEMA SUMMARY: that function of bench.jq makes what fits, of tests/unit/bench/SCHEMA.jsonl
fits()
{
	jq -n -L scripts/lab.d/guest --arg kernel 7.3.4 --arg machine made-up --arg set 5000 \
		"include \"bench\"; $2([inputs])" "tests/unit/bench/$1.jsonl" > "$work/$1" &&
		tests/schemas/fits "$1" "$work/$1"
}

tap_command "bench: the summary of data fits its schema" fits bench summary
tap_command "bench: the summary of the fence fits its schema" fits bench-fence fence_summary
tap_command "bench: the summary of bounds fits its schema" fits bench-bounds bounds_summary
tap_finish
