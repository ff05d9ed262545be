#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Run a perftest tool as server and client in this machine, looped back by the NIC, and
# print the tool's lines of figures (bytes, iterations and results). Ends within the time
# limit whatever happens.
#
#   run_pair.sh [--limit S] [--server "ARG..."] [--client "ARG..."] TOOL [ARG...]
#
# Always adds -d $PB_IBDEV and -x 0: EFA needs a GID. Exit status: 0 if both sides
# ended well; otherwise 1, and the end of the output of both is on standard error.
set -eu
# shellcheck source=tests/guest/lib/listen.sh
. "$(dirname "$0")/../lib/listen.sh"

usage()
{
	sed -n '/^#   run_pair/s/^#  */usage: /p' "$0" >&2
	exit 2
}

limit=60 server_args=() client_args=()
while [ $# -gt 0 ]; do
	case $1 in
	--limit) limit=$2; shift 2;;
	--server) read -ra server_args <<< "$2"; shift 2;;
	--client) read -ra client_args <<< "$2"; shift 2;;
	-*) usage;;
	*) break;;
	esac
done
[ $# -gt 0 ] || usage

tool=("$@" -d "${PB_IBDEV:?run this in the lab}" -x 0)
out=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || :; rm -rf "$out"' EXIT

fail()
{
	echo "run_pair: $1: ${tool[*]}" >&2
	tail -v -n 30 "$out"/server "$out"/client >&2 2>/dev/null || :
	exit 1
}

# run PORT: set status and server_status.
run()
{
	status=0 server_status=0
	timeout "$limit" "${tool[@]}" -p "$1" "${server_args[@]}" > "$out/server" 2>&1 &
	server=$!
	await_listener "$1" "$server" || fail "the server ended before it listened"
	timeout "$limit" "${tool[@]}" -p "$1" "${client_args[@]}" 127.0.0.1 > "$out/client" 2>&1 ||
		status=$?
	wait "$server" || server_status=$?
	server=
}

# On a busy machine perftest may find no clock rate to convert its cycles with, and gives up.
lost_its_clock()
{
	[ "$status$server_status" != 00 ] && grep -q "Correlation coefficient" "$out"/*
}

# A port per run: that of the last pair may still be in TIME_WAIT.
port=$((18000 + $$ % 10000))
for attempt in 1 2 3; do
	run $((port + attempt))
	lost_its_clock || break
done
[ "$status" = 0 ] || fail "the client ended with status $status (124: time limit)"
[ "$server_status" = 0 ] || fail "the server ended with status $server_status"
grep -E '^ *[0-9]+ +[0-9]+ +[0-9.]+' "$out/client" || fail "there are no figures"
