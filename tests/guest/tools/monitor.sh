#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# peerbar export monitor prints what happens to a BAR while it is exported, registered and revoked.
# Without peerbar-vfio-pci it says why it cannot.
set -u
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

TRACING=/sys/kernel/tracing
EVENTS=/tmp/monitor.json

says_what_is_missing()
{
	local said status
	said=$(peerbar -j export monitor 2>&1)
	status=$?
	echo "status $status: $said"
	[ $status = 1 ] && [[ $said = *"modprobe peerbar-vfio-pci"* ]]
}

# within_10_s CMD...: does it succeed soon?
within_10_s()
{
	for _ in $(seq 100); do
		! "$@" || return 0
		sleep 0.1
	done
	return 1
}

watches()
{
	[ "$(cat "$TRACING/instances/peerbar-$pid/events/peerbar/enable" 2> /dev/null)" = 1 ]
}

# has_event FILTER: was there an event for which jq's FILTER holds?
has_event()
{
	jq -se "any(.[]; $1)" $EVENTS > /dev/null
}

# Revoke with a registration in use, which the test of that knows how to do with any NIC.
revokes()
{
	within_10_s watches && revoke --trigger reset,close --mrs 1
}

# It ended well, and left no instance.
has_ended()
{
	[ $status = 0 ] && [ ! -e "$TRACING/instances/peerbar-$pid" ]
}

if [ ! -e $TRACING/events/peerbar ]; then
	tap_command "monitor: it says what is missing" says_what_is_missing
	tap_finish
	exit
fi
# shellcheck source=tests/guest/lib/json.sh
. "$(dirname "$0")/../lib/json.sh"
peerbar -j export monitor "$PB_GPU" > $EVENTS &
pid=$!
tap_command "monitor: a revoke while it watches" revokes
for event in export attach map access revoke_begin revoke_end; do
	tap_command "monitor: $event" within_10_s has_event ".event == \"$event\""
done
tap_command "monitor: why it was revoked" within_10_s has_event '.reason == "reset-ioctl"'
tap_command "monitor: closed for good" within_10_s has_event '.state == "closed"'
if has_event '.stop == "fence"'; then
	tap_command "monitor: fence" has_event '.event == "fence" and .cause == "planned"'
fi
kill -INT $pid
wait $pid
status=$?
tap_command "monitor: a signal ends it well" has_ended
json_is peerbar-export-monitor $EVENTS
tap_finish
