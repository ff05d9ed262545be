#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What foreign.sh runs on the virtual ConnectX.
#
#   applications.sh [PATTERN]		run only the groups whose name matches
set -eu
here=$(dirname "$0")
# shellcheck source=tests/guest/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/guest/lib/listen.sh
. "$here/../lib/listen.sh"
# shellcheck source=tests/guest/lib/foreign.sh
. "$here/../lib/foreign.sh"

pattern=${1:-}
dev=${PB_IBDEV:?run this in the lab}
no_devx="without DEVX, UCX 1.18 sends them to a wrong address"

# What the NIC has copied so far. A program that took another way does not change it.
copied()
{
	nicctl /mlx5/counters/bytes
}

# pingpong TOOL ARG...: the examples of rdma-core. With -c the server compares what it has
# received; it prints what is wrong, and ends well all the same.
pingpong()
{
	local name="$*" before
	before=$(copied)
	port=$((port + 1))
	set -- "$@" -n 200 -d "$dev" -p $port
	serve "$@" || :
	call "$@" 127.0.0.1
	! grep -q "invalid data" "$OUT/server" || why="the server has received wrong data"
	judge "$name" "$before"
}

rdma_core()
{
	local tool option
	for tool in rc uc ud srq; do
		for option in -c "-c -e"; do
			# two words
			# shellcheck disable=SC2086
			pingpong ibv_${tool}_pingpong $option
		done
	done
	pingpong ibv_rc_pingpong -c -o
	pingpong ibv_rc_pingpong -c -o -P
	pingpong ibv_rc_pingpong -c -N
	pingpong ibv_rc_pingpong -c -g 0
	pingpong ibv_srq_pingpong -c -o
	pingpong ibv_xsrq_pingpong
	pingpong ibv_xsrq_pingpong -e
	lacks "ibv_xsrq_pingpong -o" "the NIC has no page faults over XRC" \
		"does not support XRC" ibv_xsrq_pingpong -o -d "$dev"
}

# qperf takes whole seconds. The tests that begin with ver_ compare what each atomic operation
# returned with what it should have returned.
qperf()
{
	local before test tests=(rc_bw rc_bi_bw rc_lat uc_bw uc_lat ud_bw ud_bi_bw ud_lat
		rc_rdma_read_bw rc_rdma_read_lat rc_rdma_write_bw rc_rdma_write_poll_lat
		uc_rdma_write_bw rc_compare_swap_mr rc_fetch_add_mr ver_rc_compare_swap
		ver_rc_fetch_add)
	before=$(copied)
	port=19765
	serve qperf
	call qperf 127.0.0.1 -t 1 "${tests[@]}" quit
	for test in "${tests[@]}"; do
		qperf_figure "$test"
	done
	judge "qperf" "$before"
}

# qperf_figure TEST: it has printed a figure that is not 0 for this test.
qperf_figure()
{
	local figure
	figure=$(sed -n "/^$1:/,/^[^ ]*:/s/^ .*= *//p" "$OUT/client" | head -n 1)
	case $figure in
	""|"0 "*) tap_not_ok "qperf $1" "there is no figure: '$figure'";;
	*) tap_ok "qperf $1"; tap_note "$figure";;
	esac
}

# ucx_perftest_of NAME TESTS TRANSPORTS COMMAND: run the tests of one file, each over all
# transports of the other. Each line of a file is a name and its options. The tool takes itself
# for a rank of an MPI job unless its input is a terminal, which "script" gives it.
ucx_perftest_of()
{
	local before test transport command
	before=$(copied)
	port=$((port + 1))
	command="$4 -b $OUT/$2 -b $OUT/$3 -v -f -w 10 -p $port"
	serve script -qec "$command" /dev/null || :
	call script -qec "$command 127.0.0.1" /dev/null
	while read -r test _; do
		while read -r transport _; do
			ucx_figure "$test" "$transport"
		done < "$OUT/$3"
	done < "$OUT/$2"
	judge "ucx $1" "$before"
}

# ucx_figure TEST TRANSPORT: its line is TEST,TRANSPORT,ITERATIONS,LATENCY,...
ucx_figure()
{
	local line
	line=$(tr -d '\r' < "$OUT/client" | grep "^$1,$2," | tail -n 1) || :
	if [[ $line =~ ^$1,$2,\ *[0-9]+,[0-9.]+, ]]; then
		tap_ok "ucx $2 $1"
		tap_note "$line"
	else
		tap_not_ok "ucx $2 $1" "there are no figures"
	fi
}

# The transports by themselves (UCT), and the protocols that applications use (UCP).
ucx()
{
	local uct="ucx_perftest -d $dev:1"
	local ucp="env UCX_NET_DEVICES=$dev:1 UCX_TLS=self,rc_verbs,ud_verbs:aux ucx_perftest"
	cat > "$OUT/connected" <<-EOT
	am_lat -t am_lat -D short -s 8 -n 200
	am_bw -t am_bw -D bcopy -s 4096 -n 300
	put_lat -t put_lat -D short -s 8 -n 200
	put_bw -t put_bw -D zcopy -s 65536 -n 200
	get -t get -D zcopy -s 65536 -n 200
	EOT
	cat > "$OUT/atomics" <<-EOT
	fadd -t fadd -s 8 -n 200
	cswap -t cswap -s 8 -n 200
	add_mr -t add_mr -s 8 -n 200
	EOT
	cat > "$OUT/datagrams" <<-EOT
	am_lat -t am_lat -D short -s 8 -n 200
	am_bw -t am_bw -D bcopy -s 4000 -n 300
	EOT
	cat > "$OUT/protocols" <<-EOT
	tag_lat -t tag_lat -s 8 -n 200
	tag_bw -t tag_bw -s 65536 -n 200
	ucp_put_bw -t ucp_put_bw -s 65536 -n 200
	ucp_get -t ucp_get -s 65536 -n 200
	ucp_fadd -t ucp_fadd -s 8 -n 200
	stream_bw -t stream_bw -s 65536 -n 200
	EOT
	printf '%s -x %s\n' rc_verbs rc_verbs rc_mlx5 rc_mlx5 > "$OUT/rc"
	head -n 1 "$OUT/rc" > "$OUT/rc_verbs"
	printf '%s -x %s\n' ud_verbs ud_verbs ud_mlx5 ud_mlx5 > "$OUT/ud"
	echo "ucp" > "$OUT/ucp"
	ucx_perftest_of "RC" connected rc "$uct"
	ucx_perftest_of "atomics" atomics rc_verbs "$uct"
	tap_skip "ucx rc_mlx5 atomics" "$no_devx"
	ucx_perftest_of "UD" datagrams ud "$uct"
	ucx_perftest_of "UCP" protocols ucp "$ucp"
	tap_skip "ucx dc_mlx5" "the NIC has no DC transport"
}

# mpi_over NAME TRANSPORTS WAY...: UCX may use nothing else, and Open MPI nothing but UCX. A
# transport that is connected begins with datagrams (":aux").
mpi_over()
{
	mpi_ways "mpi over $1" --mca pml ucx --mca osc ucx -x UCX_TLS="self,$2" \
		-x UCX_NET_DEVICES="$dev:1" -- "${@:3}"
}

mpi()
{
	mpi_over rc_mlx5 rc_mlx5,ud_mlx5:aux messages collectives one_sided
	tap_skip "mpi over rc_mlx5: atomics" "$no_devx"
	mpi_over rc_verbs rc_verbs,ud_verbs:aux messages collectives
	tap_skip "mpi over rc_verbs: one_sided" "UCX 1.18 says flush(remote) is not supported"
	mpi_over ud_verbs ud_verbs messages collectives
}

# fabric NAME ARG...: with -c the data are compared. Other providers are left out, for time.
fabric()
{
	local name=$1 before
	shift
	before=$(copied)
	port=$((port + 1))
	set -- env FI_PROVIDER="verbs,ofi_rxd" fi_pingpong -c -I 20 -d "$dev-dgram" "$@"
	serve "$@" -B $port || :
	call "$@" -P $port 127.0.0.1
	judge "libfabric $name" "$before"
}

libfabric()
{
	local no_cm="it connects by rdma_cm, which asks a subnet manager, and there is none"
	fabric "verbs dgram" -p verbs -e dgram -S 1024
	fabric "verbs;ofi_rxd rdm 64" -p "verbs;ofi_rxd" -e rdm -S 64
	fabric "verbs;ofi_rxd rdm 65536" -p "verbs;ofi_rxd" -e rdm -S 65536
	tap_skip "libfabric verbs msg" "$no_cm"
	tap_skip "libfabric verbs;ofi_rxm rdm" "$no_cm"
}

tap_begin_checks
for group in rdma_core qperf ucx mpi libfabric; do
	[[ ! $group =~ $pattern ]] || $group
done
tap_end_checks
tap_finish
