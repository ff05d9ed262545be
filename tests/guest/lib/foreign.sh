# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# Runs applications that nobody here wrote, from Debian's packages, on the virtual NIC. Each is
# two processes in this machine that reach each other through the NIC; TCP over the loopback
# interface carries only what they agree on first. Data are compared where the application can
# do that. Sourced, with tap.sh and listen.sh, by a script that has a function copied(), which
# prints how many bytes the NIC has copied so far.

LIMIT=90
OUT=$(mktemp -d)
trap 'rm -rf "$OUT"' EXIT
port=21000
server=
why=

# serve CMD...: start a server, and wait until it listens on $port.
serve()
{
	timeout $LIMIT "$@" < /dev/null > "$OUT/server" 2>&1 &
	server=$!
	await_listener "$port" "$server"
}

# call CMD...: run the client of that server. Both must end well; otherwise sets $why.
call()
{
	local status=0 other=0
	timeout $LIMIT "$@" < /dev/null > "$OUT/client" 2>&1 || status=$?
	wait "$server" || other=$?
	why=
	[ "$status $other" = "0 0" ] || why="client: status $status, server: status $other"
}

# judge NAME BEFORE: the test failed if $why has a reason, or if the NIC has copied nothing
# since it had copied BEFORE bytes.
judge()
{
	[ -n "$why" ] || [ "$(copied)" -gt "$2" ] || why="the NIC has copied nothing"
	if [ -z "$why" ]; then
		tap_ok "$1"
		return
	fi
	tap_not_ok "$1" "$why"
	tap_note "$(tail -n 15 "$OUT/server" "$OUT/client" 2>/dev/null)"
}

# lacks NAME REASON TEXT CMD...: a skip, if that is what the application itself says.
lacks()
{
	local name=$1 reason=$2 text=$3
	shift 3
	if timeout $LIMIT "$@" 2>&1 | grep -q "$text"; then
		tap_skip "$name" "$reason"
	else
		tap_not_ok "$name" "it does not say '$text'"
	fi
}

# mpi_ways NAME OPTION... -- WAY...: two ranks of mpi_exchange.py, with these options of mpirun.
# They must compare all data as good, and must have had the NIC copy them. They have more time
# than others, because on the debug kernel Open MPI and Python take a minute to begin.
mpi_ways()
{
	local name=$1 before way options=()
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	before=$(copied) why=
	timeout $((2 * LIMIT)) mpirun --allow-run-as-root --oversubscribe -n 2 "${options[@]}" \
		mpi_exchange.py "$@" > "$OUT/client" 2>&1 || why="status $?"
	for way in "$@"; do
		if grep -qx "$way: good" "$OUT/client"; then
			tap_ok "$name: $way"
		else
			tap_not_ok "$name: $way" "no data, or wrong data"
		fi
	done
	judge "$name" "$before"
}
