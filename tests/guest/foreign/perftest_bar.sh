#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# perftest with --use_vfio: the virtual GPU's BAR is the buffer of the server, then of the
# client and, if there are two GPUs, of both.
#
#   perftest_bar.sh [PATTERN]		run only the cases whose name matches
set -eu
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

BIN=${PERFTEST_BIN:-/src/build/perftest/25.01/bin}
GPU=${PB_GPU:?run this in the lab}
GPU2=${PB_GPU2:-}
pattern=${1:-}

# run SIDE TOOL ARG...: SIDE is server, client or both.
run()
{
	local name="$*" sides=() figures tool=$2
	[[ $name =~ $pattern ]] || return 0
	if [[ $tool = ib_write_* ]] && ! nic_can_write; then
		tap_skip "$name" "efa of this kernel has no RDMA WRITE"
		return
	fi
	case $1 in
	server) sides=(--server "--use_vfio=$GPU");;
	client) sides=(--client "--use_vfio=$GPU");;
	both)
		if [ -z "$GPU2" ]; then
			tap_skip "$name" "one process owns a device, and there is one GPU"
			return
		fi
		sides=(--server "--use_vfio=$GPU" --client "--use_vfio=$GPU2");;
	esac
	shift 2
	if figures=$(run_pair.sh --limit 90 "${sides[@]}" "$BIN/$tool" "$@" 2>&1); then
		tap_ok "$name"
		tap_note "$(tail -n 1 <<< "$figures")"
	else
		tap_not_ok "$name" "see below"
		tap_note "$figures"
	fi
}

tap_begin_checks
for side in server client both; do
	for size in 4096 65536 1048576; do
		run "$side" ib_write_bw -c SRD -n 200 -s "$size"
		run "$side" ib_read_bw -c SRD -n 200 -s "$size"
	done
	run "$side" ib_send_bw -c SRD -n 100 -s 4096
	run "$side" ib_write_bw -c SRD -n 100 -s 65536 -b
	run "$side" ib_read_bw -c SRD -n 100 -s 65536 -q 4
	run "$side" ib_read_bw -c SRD -n 20 -a
	run "$side" ib_write_bw -c SRD -n 20 -a
	run "$side" ib_read_lat -c SRD -n 100 -s 8
done
tap_end_checks
tap_finish
