#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The command peerbar: what it shows, binds and refuses, and its exit statuses.
set -u
failed=0
driver=$(basename "$(readlink "/sys/bus/pci/devices/$PB_GPU/driver")")
bridge=$(basename "$(dirname "$(readlink -f "/sys/bus/pci/devices/$PB_GPU")")")

# expect NAME STATUS PATTERN CMD...: exit status and a pattern in the output.
expect()
{
	local name=$1 want=$2 pattern=$3 out status
	shift 3
	out=$("$@" 2>&1)
	status=$?
	if [ "$status" != "$want" ]; then
		echo "not ok $name - status $status, not $want: $out"
	elif ! grep -qE -- "$pattern" <<< "$out"; then
		echo "not ok $name - no '$pattern' in: $out"
	else
		echo "ok $name"
		return
	fi
	failed=1
}

# expect_json NAME FILTER CMD...: success, and a jq filter that holds.
expect_json()
{
	local name=$1 filter=$2 out
	shift 2
	if out=$("$@") && jq -e "$filter" <<< "$out" > /dev/null; then
		echo "ok $name"
	else
		echo "not ok $name - '$filter' does not hold for: $out"
		failed=1
	fi
}

expect "help" 0 "Usage" peerbar -h
expect "version" 0 "peerbar" peerbar -V
expect "no object" 2 "Usage" peerbar
expect "unknown object" 2 "nonsense" peerbar nonsense
expect "dev show" 0 "$PB_GPU" peerbar dev show
expect_json "dev show as JSON" "any(.[]; .dev == \"$PB_GPU\" and .driver == \"$driver\")" \
	peerbar -j dev show
expect "dev show of a device that is not there" 1 "0000:7f:00.0" peerbar dev show 0000:7f:00.0
expect "not an address" 1 "address" peerbar dev show zebra
expect "unbind" 0 "" peerbar dev unbind "$PB_GPU"
expect "mr test without a driver" 1 "driver" peerbar mr test "$PB_IBDEV" "$PB_GPU"
expect "bind" 0 "" peerbar dev bind "$PB_GPU" driver "$driver"
expect "mr test after bind" 0 "" peerbar mr test "$PB_IBDEV" "$PB_GPU" total 16M
expect "mr test with no such NIC" 1 "nic_9" peerbar mr test nic_9 "$PB_GPU"
expect "mr test of a range past the BAR" 1 "BAR" peerbar mr test "$PB_IBDEV" "$PB_GPU" \
	offset 1T length 1M
expect "mr test of a BAR that is not there" 1 "BAR" peerbar mr test "$PB_IBDEV" "$PB_GPU" bar 5
expect "mr test with a bad size" 2 "total" peerbar mr test "$PB_IBDEV" "$PB_GPU" total much
expect "bind a bridge" 1 "bridge" peerbar dev bind "$bridge"
expect "doctor" 0 "ok +path" peerbar doctor "$PB_IBDEV" "$PB_GPU"
expect "doctor without names" 0 "nic $PB_IBDEV at $PB_NIC" peerbar doctor
expect "doctor with an address" 0 "ok +binding +$PB_GPU" peerbar doctor "$PB_GPU"
expect "doctor of a device that is not there" 1 "failure +device" peerbar doctor 0000:7f:00.0
expect "doctor of what is no errno" 2 "EVIL" peerbar doctor --errno EVIL
expect "doctor of an errno that nobody knows" 1 "errno 3 " peerbar doctor --errno ESRCH
expect "doctor with too many words" 2 "too many" peerbar doctor "$PB_IBDEV" "$PB_GPU" again
expect_json "doctor as JSON" '.verdict != "failure" and all(.checks[]; .level != "failure")' \
	peerbar -j doctor "$PB_IBDEV" "$PB_GPU"
exit $failed
