#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# documents.sh DOCUMENT: run the commands that a document tells its reader to type in the
# guest (blocks that begin with "```sh guest"), line by line and unchanged. Each must succeed.
set -u
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

document=$1

commands()
{
	awk '/^```/ { on = ($0 == "```sh guest"); next } on && !/^ *(#|$)/' "/src/$document"
}

# Start a server that the reader leaves in the background. The reader types the next line only
# once the server listens, so wait for that.
start()
{
	eval "${1%&} &"
	for _ in $(seq 100); do
		[ -z "$(ss -Hltn 'sport = :18515')" ] || return 0
		sleep 0.1
	done
	return 1
}

try()
{
	case $1 in
	*'&') start "$1";;
	*) eval "$1";;
	esac
}

while IFS= read -r line; do
	if try "$line" > /tmp/said 2>&1; then
		tap_ok "$document: $line"
	else
		tap_note "$(tail -n 20 /tmp/said)"
		tap_not_ok "$document: $line" "see above"
	fi
done < <(commands)
wait
tap_finish
