#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# mr_test.sh TOTAL: the byte check over the whole BAR (moves TOTAL bytes, half of them each
# way), then over a slice in its middle that is aligned to a page and to nothing larger.
set -u
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/guest/lib/json.sh
. "$(dirname "$0")/../lib/json.sh"
total=${1:-8G}
result=/tmp/mr_test.json

# check NAME ARG...: run `peerbar mr test` with ARGs; its JSON must be clean.
check()
{
	local name=$1 status
	shift
	peerbar -j mr test "$PB_IBDEV" "$PB_GPU" bar 2 "$@" > $result
	status=$?
	tap_note "$(cat $result)"
	json_is peerbar-mr-test $result
	if [ $status != 0 ]; then
		tap_not_ok "$name" "peerbar mr test ended with status $status"
	elif ! jq -e '.errors == 0 and .bytes > 0' $result > /dev/null; then
		tap_not_ok "$name" "wrong bytes or none moved"
	else
		tap_ok "$name"
	fi
}

size=$(( $(stat -c %s "/sys/bus/pci/devices/$PB_GPU/resource2") ))
check "mr test: $total over a BAR of $((size >> 20)) MiB" total "$total"
check "mr test: a slice at an odd page of the upper half" total 256M seed 7 \
	offset $((size / 2 + 12288)) length $((size / 16 + 4096))
tap_finish
