# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# Wait for a server to be ready without connecting to it: many accept one client only. Sourced.

# Does anyone listen on the TCP port? (state 0A of /proc/net/tcp and tcp6)
listening()
{
	awk -v port="$(printf ':%04X' "$1")" \
		'$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 }
		 END { exit !found }' /proc/net/tcp /proc/net/tcp6
}

# await_listener PORT PID: wait as long as process PID lives.
await_listener()
{
	until listening "$1"; do
		kill -0 "$2" 2>/dev/null || return
		sleep 0.05
	done
}
