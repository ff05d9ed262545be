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

# every_transport SIDE TRANSPORT: what the NIC has in any case. -a is all sizes.
every_transport()
{
	run "$1" ib_write_bw -c "$2" -n 200 -s 1048576
	run "$1" ib_read_bw -c "$2" -n 200 -s 1048576
	run "$1" ib_send_bw -c "$2" -n 100 -s 4096
	run "$1" ib_write_bw -c "$2" -n 100 -s 65536 -b
	run "$1" ib_read_bw -c "$2" -n 100 -s 65536 -q 4
	[ "$1" = both ] || run "$1" ib_read_bw -c "$2" -n 20 -a
	[ "$1" = both ] || run "$1" ib_write_bw -c "$2" -n 20 -a
	run "$1" ib_read_lat -c "$2" -n 100 -s 8
}

# What EFA has not: inline data out of the BAR, events, shared receives, atomics, UC.
connectx()
{
	run "$1" ib_write_lat -c RC -n 100 -s 8
	run "$1" ib_write_lat -c RC -n 100 -s 8 -I 0
	run "$1" ib_send_lat -c RC -n 100 -s 8 -e
	run "$1" ib_send_bw -c RC -n 100 -s 4096 --use-srq
	run "$1" ib_atomic_bw -n 100
	run "$1" ib_atomic_lat -n 100 -A CMP_AND_SWAP
	run "$1" ib_send_bw -c UC -n 100 -s 4096
	run "$1" ib_write_bw -c UC -n 100 -s 65536
	run "$1" ib_send_bw -c UD -n 100 -s 1024 -Q 1
}

# refused TEXT ARG...: what cannot be, with a reason.
refused()
{
	local text=$1 said
	shift
	if said=$("$BIN/$1" -d "$PB_IBDEV" "${@:2}" 2>&1); then
		tap_not_ok "refused: ${*:1}" "it was not"
	elif [[ $said = *$text* ]]; then
		tap_ok "refused: ${*:1}"
	else
		tap_not_ok "refused: ${*:1}" "$said"
	fi
}

reset_amid_reads()
{
	local before
	before=$(nicctl /efa/counters/read_bytes)
	for _ in {1..100}; do
		[ "$(nicctl /efa/counters/read_bytes)" = "$before" ] || break
		sleep 0.5
	done
	echo 1 > "/sys/bus/pci/devices/$GPU/reset"
}

# perftest says what has happened to the server's BAR. An MR that revives lets perftest go on,
# and the kernel's exporter does not revoke for a reset through sysfs.
revoke_is_said()
{
	local said resetter
	reset_amid_reads &
	resetter=$!
	said=$(run_pair.sh --limit 60 --server "--use_vfio=$GPU" "$BIN/ib_read_bw" -c SRD -D 15 2>&1)
	wait $resetter
	grep -F "If the peer's memory is a BAR (--use_vfio), it was taken back" <<< "$said" || {
		echo "$said"
		return 1
	}
}

tap_begin_checks
for side in server client both; do
	case $PB_IBDEV in
	mlx5_*) every_transport $side RC; connectx $side;;
	*) every_transport $side SRD;;
	esac
done
[[ $PB_IBDEV = mlx5_* || ! "a revoke" =~ $pattern ]] || ! exporter_is_ours ||
	tap_command "a revoke is said" revoke_is_said
# a dma-buf is no memory that is paged on demand
refused "with ODP" ib_write_bw --use_vfio="$GPU" --odp
tap_end_checks
tap_finish
