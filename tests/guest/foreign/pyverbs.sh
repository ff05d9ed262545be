#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# rdma-core's own Python tests, from its package, on the virtual NIC. Every test that applies
# to this type of device must pass. The others skip, and say why.
#
#   pyverbs.sh [TEST...]	results also to /results/pyverbs.json and pyverbs.log
#
# TEST is a name as unittest writes it, such as tests.test_efa_srd.
set -eu
here=$(dirname "$0")
# shellcheck source=tests/guest/lib/tap.sh
. "$here/../lib/tap.sh"

SOURCE=/usr/share/doc/rdma-core/tests
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ ! -d "$SOURCE" ]; then
	tap_not_ok "pyverbs" "there is no $SOURCE: install python3-pyverbs with its documentation"
	tap_finish
	exit
fi
cp -r "$SOURCE" "$work/tests"
find "$work/tests" -name '*.gz' -exec gunzip {} +

# Some tests need huge pages. Without them they would skip for the wrong reason.
echo 64 > /proc/sys/vm/nr_hugepages

tap_begin_checks
# Standard error goes to a log of its own: Python complains there when it destroys an object
# whose creation was refused.
tap_wrap timeout 900 python3 "$here/pyverbs_run.py" --tests "$work" \
	--json /results/pyverbs.json --dev "${PB_IBDEV:?run this in the lab}" --gid 0 "$@" \
	2> /results/pyverbs.log
tap_end_checks
tap_finish
