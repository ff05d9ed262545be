#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# perftest's --use_vfio: --help shows it, and every wrong use gives its message and ends
# the tool. Wrong arguments need no NIC and no device. Errors that only a device can show
# are tested if the environment names one (PB_IBDEV, PB_GPU, PB_NIC).
#
#   perftest_args.sh [FOLDER OF TOOLS]
set -u
# shellcheck source=tests/guest/lib/listen.sh
. "$(dirname "$0")/../lib/listen.sh"

TOOLS=${1:-}
PORT=18599
OUT=$(mktemp -d)
trap 'rm -rf "$OUT"' EXIT
failures=0

# result NAME WHY: ok if WHY is empty.
result()
{
	if [ -z "$2" ]; then
		echo "ok perftest args: $1"
	else
		echo "not ok perftest args: $1 - $2"
		failures=$((failures + 1))
	fi
}

# The last line of a log that says something, as the reason of a failure.
last_words()
{
	grep -v -e '^-*$' -e 'exited with Error' "$1" | tail -n 1
}

# tool NAME ARG...: run one of our tools, with a time limit.
tool()
{
	local name=$1
	shift
	timeout 20 "${TOOLS:+$TOOLS/}$name" "$@"
}

# judge NAME TEXT STATUS FILE: the tool must have failed by itself, with TEXT in its output.
judge()
{
	if [ "$3" = 0 ]; then
		result "$1" "it was accepted"
	elif [ "$3" -ge 124 ]; then
		result "$1" "it did not end by itself (status $3): $(last_words "$4")"
	elif ! grep -qF -e "$2" "$4"; then
		result "$1" "no '$2', but: $(last_words "$4")"
	else
		result "$1" ""
	fi
}

# refuse NAME TEXT TOOL ARG...
refuse()
{
	local name=$1 text=$2 status=0
	shift 2
	tool "$@" > "$OUT/log" 2>&1 || status=$?
	judge "$name" "$text" "$status" "$OUT/log"
}

# accept NAME TOOL ARG...: the tool accepts the arguments, and gets as far as looking for
# an RDMA device, by a name that no device has.
accept()
{
	local name=$1
	shift
	tool "$@" -d no_such_nic > "$OUT/log" 2>&1
	if grep -q -e 'IB device no_such_nic not found' -e 'Did not detect devices' \
		"$OUT/log"; then
		result "$name" ""
	else
		result "$name" "$(last_words "$OUT/log")"
	fi
}

check_help()
{
	local t why
	for t in ib_{write,read,send,atomic}_{bw,lat}; do
		why=''
		tool "$t" --help 2>&1 | grep -q -e '--use_vfio=<PCI address>' ||
			why="--help does not show --use_vfio"
		result "$t --help" "$why"
	done
}

check_syntax()
{
	local a=0000:01:00.0
	refuse "no address" "requires an argument" ib_write_bw --use_vfio
	for bad in '' 01 0000:01:00.8 0000:01:20.0 0000-01-00.0 ' 01:00.0' 01:00.0x; do
		refuse "address '$bad'" "is not a PCI address" ib_write_bw "--use_vfio=$bad"
	done
	for bad in 6 -1 x '' 2x 18446744073709551618; do
		refuse "bar=$bad" "is not a number from 0 to 5" \
			ib_write_bw "--use_vfio=$a,bar=$bad"
	done
	refuse "bar without a value" "is not a number from 0 to 5" ib_write_bw "--use_vfio=$a,bar"
	for bad in -4096 x '' 4096k 99999999999999999999; do
		refuse "offset=$bad" "is not a number of bytes" \
			ib_write_bw "--use_vfio=$a,offset=$bad"
	done
	for bad in 1 100 0x1001; do
		refuse "offset=$bad" "is not a multiple of the page size" \
			ib_write_bw "--use_vfio=$a,offset=$bad"
	done
	refuse "unknown setting" "'size=1' is not bar=<0-5> or offset=<bytes>" \
		ib_write_bw "--use_vfio=$a,size=1"
	refuse "given twice" "Duplicated argument" ib_write_bw --use_vfio=$a --use_vfio=$a
	accept "address alone" ib_write_bw --use_vfio=$a
	accept "address without a domain" ib_write_bw --use_vfio=01:00.0
	accept "all settings" ib_read_bw --use_vfio=$a,offset=0x200000,bar=5
	accept "write latency" ib_write_lat --use_vfio=$a
}

check_conflicts()
{
	local a=0000:01:00.0
	refuse "--mmap before" "multiple memory types" ib_write_bw --mmap=/dev/zero --use_vfio=$a
	refuse "--mmap after" "multiple memory types" ib_write_bw --use_vfio=$a --mmap=/dev/zero
	refuse "--use_cuda" "memory type" ib_write_bw --use_vfio=$a --use_cuda=0
	refuse "--use_neuron" "memory type" ib_write_bw --use_vfio=$a --use_neuron=0
	refuse "--odp" "with ODP" ib_write_bw --use_vfio=$a --odp
	refuse "--use_hugepages" "from hugepages" ib_write_bw --use_vfio=$a --use_hugepages
	refuse "inline messages" "inline messages" ib_write_lat --use_vfio=$a -I 32
	accept "-I 0" ib_write_lat --use_vfio=$a -I 0
	refuse "Raw Ethernet" "isn't supported for Raw Ethernet" \
		raw_ethernet_bw --server --use_vfio=$a
}

# pair SERVER-OPTIONS CLIENT-OPTIONS: an ib_read_bw client and server on the same NIC. Both
# logs go to $OUT/log; the status is the client's, or the server's if that is 0.
pair()
{
	local server common=(-d "$PB_IBDEV" -c SRD -x 0 -n 5 -p "$PORT") status=0 other=0
	# the options are lists of words, to be split
	# shellcheck disable=SC2086
	tool ib_read_bw "${common[@]}" $1 > "$OUT/server" 2>&1 &
	server=$!
	# shellcheck disable=SC2086
	await_listener $PORT $server &&
		tool ib_read_bw "${common[@]}" $2 localhost > "$OUT/client" 2>&1 || status=$?
	wait $server || other=$?
	cat "$OUT/client" "$OUT/server" > "$OUT/log"
	[ $status != 0 ] || status=$other
	return $status
}

# refuse_device NAME TEXT OPTIONS [OPTIONS OF BOTH]: the client cannot get its buffer.
refuse_device()
{
	local status=0
	pair "-s 4096 ${4:-}" "-s 4096 $3 ${4:-}" || status=$?
	judge "$1" "$2" $status "$OUT/client"
}

bar_size()
{
	local start end
	read -r start end _ < <(sed -n "$(($2 + 1))p" "/sys/bus/pci/devices/$1/resource")
	echo $((end - start + 1))
}

check_device()
{
	local status=0 size
	size=$(bar_size "$PB_GPU" 2)
	refuse_device "no such device" "there is no PCI device" --use_vfio=0000:7f:1f.7
	refuse_device "device of another driver" "is not a VFIO driver" "--use_vfio=$PB_NIC"
	refuse_device "no such BAR" "it is no memory BAR" "--use_vfio=$PB_GPU,bar=5"
	refuse_device "offset past the BAR" "is past the end of BAR 2" \
		"--use_vfio=$PB_GPU,bar=2,offset=$size"
	refuse_device "buffer past the BAR" "is too small" \
		"--use_vfio=$PB_GPU,bar=2,offset=$((size - 4096))"
	refuse_device "one buffer too many" "is too small: buffer 1 needs" \
		"--use_vfio=$PB_GPU,bar=2,offset=$((size - 12288))" "-q 2 --mr_per_qp"

	pair "--use_vfio=$PB_GPU" "--use_vfio=$PB_GPU" || status=$?
	judge "two owners" "is in use by" $status "$OUT/log"

	status=0
	pair "" "--use_vfio=$PB_GPU" || status=$?
	[ $status = 0 ] || last_words "$OUT/log" > "$OUT/why"
	result "the device works after all that" "$([ $status = 0 ] || cat "$OUT/why")"
}

check_help
check_syntax
check_conflicts
if [ -n "${PB_IBDEV:-}" ] && [ -n "${PB_GPU:-}" ] && [ -n "${PB_NIC:-}" ]; then
	check_device
else
	echo "ok perftest args: devices # SKIP no NIC and no VFIO device here"
fi
exit $((failures > 0))
