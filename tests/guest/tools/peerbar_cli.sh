#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The command peerbar: what it shows, binds and refuses, and its exit statuses.
set -u
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/guest/lib/json.sh
. "$(dirname "$0")/../lib/json.sh"
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
		tap_not_ok "$name" "status $status, not $want: $out"
	elif ! grep -qE -- "$pattern" <<< "$out"; then
		tap_not_ok "$name" "no '$pattern' in: $out"
	else
		tap_ok "$name"
	fi
}

# expect_json NAME SCHEMA STATUS FILTER WORD...: "peerbar -j WORD..." ends with this status, and
# prints what fits the schema and a jq filter.
expect_json()
{
	local name="$1, as JSON" schema=$2 want=$3 filter=$4 out=/tmp/cli.json status
	shift 4
	peerbar -j "$@" > $out
	status=$?
	json_is "$schema" $out
	if [ "$status" = "$want" ] && jq -e "$filter" $out > /dev/null; then
		tap_ok "$name"
	else
		tap_not_ok "$name" "status $status, or '$filter' does not hold for: $(cat $out)"
	fi
}

expect "help" 0 "Usage" peerbar -h
expect "version" 0 "peerbar" peerbar -V
expect "no object" 2 "Usage" peerbar
expect "unknown object" 2 "nonsense" peerbar nonsense
expect "dev show" 0 "$PB_GPU" peerbar dev show
expect_json "dev show" peerbar-dev-show 0 \
	"any(.[]; .dev == \"$PB_GPU\" and .driver == \"$driver\" and .exports)" dev show
expect_json "dev list" peerbar-dev-show 0 '.[0].state == "unavailable"' dev list "$PB_NIC"
expect "dev show of a device that is not there" 1 "0000:7f:00.0" peerbar dev show 0000:7f:00.0
expect "not an address" 1 "address" peerbar dev show zebra
expect_json "unbind" peerbar-dev-unbind 0 ".previous == \"$driver\"" dev unbind "$PB_GPU"
expect_json "dev show of an unbound device" peerbar-dev-show 0 '.[0].state == "unavailable"' \
	dev show "$PB_GPU"
expect_json "path show to an unbound device" peerbar-path-show 0 '.cause == "no-driver"' \
	path show "$PB_IBDEV" "$PB_GPU"
expect "mr test without a driver" 1 "driver" peerbar mr test "$PB_IBDEV" "$PB_GPU"
expect_json "bind" peerbar-dev-bind 0 .dev dev bind "$PB_GPU" driver "$driver"
expect_json "bind again" peerbar-dev-bind 0 ".previous == \"$driver\"" \
	dev bind "$PB_GPU" driver "$driver"
expect_json "mr test after bind" peerbar-mr-test 0 '.errors == 0' \
	mr test "$PB_IBDEV" "$PB_GPU" total 16M
expect_json "path show" peerbar-path-show 0 '.verdict == "works"' path show "$PB_IBDEV" "$PB_GPU"
expect_json "path show of a BAR that is not there" peerbar-path-show 0 '.cause == "no-bar"' \
	path show "$PB_IBDEV" "$PB_GPU" bar 5
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
expect_json "doctor" peerbar-doctor 0 \
	'.verdict != "failure" and all(.checks[]; .level != "failure")' doctor "$PB_IBDEV" "$PB_GPU"
expect_json "doctor without names" peerbar-doctor 0 '.nics and .devs' doctor
expect_json "doctor of what is not there" peerbar-doctor 1 '.nics and .devs' \
	doctor nic_9 0000:7f:00.0
expect_json "doctor of an errno" peerbar-doctor-errno 0 '.[0].likelihood' \
	doctor --errno EINVAL "$PB_IBDEV" "$PB_GPU"
expect_json "doctor of an errno that nobody knows" peerbar-doctor-errno 1 '. == []' \
	doctor --errno ESRCH
if exporter_is_ours; then
	expect_json "export show" peerbar-export-show 0 '.[0].exports == []' export show
fi
nicctl > /tmp/cli.json
json_is peerbar-vnic /tmp/cli.json
tap_finish
