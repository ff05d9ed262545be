#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The distribution's perftest, unmodified, on the virtual NIC, whichever it is.
#
#   perftest_list.sh [PATTERN]		run only the cases whose name matches
#
# ib_write_lat needs -I 0: its default of 32 inline bytes is more than EFA's RDMA
# WRITE has room for. UD needs -Q 1 because EFA signals every work request.
set -eu
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

BIN=${PERFTEST_BIN:-/usr/bin}
pattern=${1:-}

# run TOOL ARG...: one case, named after its command line.
run()
{
	local name="$*" figures tool=$1
	[[ $name =~ $pattern ]] || return 0
	if [[ $tool = ib_write_* ]] && ! nic_can_write; then
		tap_skip "$name" "efa of this kernel has no RDMA WRITE"
		return
	fi
	shift
	if figures=$(run_pair.sh --limit 90 "$BIN/$tool" "$@" 2>&1); then
		tap_ok "$name"
		tap_note "$(tail -n 1 <<< "$figures")"
	else
		tap_not_ok "$name" "see below"
		tap_note "$figures"
	fi
}

# bandwidth TOOL SIZE: run a bandwidth tool one way on one queue pair, and both ways on several.
bandwidth()
{
	local one=(-c "$transport" -n 100 -s "$2")
	run "$1" "${one[@]}"
	run "$1" "${one[@]}" -q 4 -b
}

# reliable TRANSPORT: every mode of a transport that has SEND, READ and WRITE.
reliable()
{
	transport=$1
	bandwidth ib_send_bw 4096
	bandwidth ib_read_bw 65536
	bandwidth ib_write_bw 65536
	# READ and WRITE of all sizes are in perftest_bar.sh, where one side's memory is the host's
	run ib_send_bw -c "$1" -n 20 -a
	run ib_send_lat -c "$1" -n 100 -s 8
	run ib_read_lat -c "$1" -n 100 -s 8
	run ib_write_lat -c "$1" -n 100 -s 8 -I 0
	run ib_send_lat -c "$1" -n 20 -a
	run ib_read_lat -c "$1" -n 20 -a
	run ib_write_lat -c "$1" -n 20 -a -I 0
	# completion events: WRITE has none at its target, so perftest offers them for READ and SEND
	run ib_send_bw -c "$1" -n 100 -s 4096 -e
	run ib_send_bw -c "$1" -n 100 -s 4096 -e -b
	run ib_send_lat -c "$1" -n 100 -s 8 -e
	run ib_read_bw -c "$1" -n 100 -s 65536 -e
	run ib_read_lat -c "$1" -n 100 -s 8 -e
	# immediate data, which consumes a receive buffer
	run ib_write_bw -c "$1" -n 100 -s 65536 --write_with_imm
}

datagrams()
{
	run ib_send_bw -c UD -n 100 -s 1024 -Q 1
	run ib_send_bw -c UD -n 100 -s 1024 -Q 1 -b
	run ib_send_lat -c UD -n 100 -s 8
}

tap_begin_checks
case $PB_IBDEV in
mlx5_*)
	reliable RC
	run ib_write_lat -c RC -n 100 -s 8	# with inline data, which is the default
	run ib_send_bw -c UC -n 100 -s 4096
	run ib_write_bw -c UC -n 100 -s 65536
	run ib_write_lat -c UC -n 100 -s 8
	run ib_atomic_bw -n 100
	run ib_atomic_bw -n 100 -A CMP_AND_SWAP -q 4
	run ib_atomic_lat -n 100
	datagrams
	;;
*)
	reliable SRD
	# immediate data that consume no receive buffer
	run ib_write_bw -c SRD -n 100 -s 65536 --write_with_imm --unsolicited_write
	datagrams
	;;
esac
tap_end_checks
tap_finish
