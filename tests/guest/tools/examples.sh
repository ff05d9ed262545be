#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The programs in examples/ do what they say. survivor needs RC, and an exporter that revokes when
# others reset the device.
set -u
# shellcheck source=tests/guest/lib/tap.sh
. /src/tests/guest/lib/tap.sh

BIN=/src/build/examples
ours=0
[ ! -e "/sys/kernel/debug/peerbar/$PB_GPU" ] || ours=1

registers()
{
	"$BIN/register" "$PB_IBDEV" "$PB_GPU" "$PB_BAR" |
		grep "^$PB_IBDEV reaches 1048576 bytes of $PB_GPU "
}

tells()
{
	local said
	said=$("$BIN/two_processes" "$PB_IBDEV" "$PB_GPU" "$PB_BAR") || return
	echo "$said"
	if [ $ours = 1 ]; then
		grep "^the owner has reset it: usable, .* why: reset-ioctl" <<< "$said" &&
			grep "^the owner has closed it: gone" <<< "$said"
	else
		grep "^the owner has closed it: the exporter does not tell" <<< "$said"
	fi
}

# keys: how many keys the client was given so far
keys()
{
	grep -c '^the client has key' /tmp/survivor
}

# Reset the device whenever the client has a new key, three times.
survives()
{
	local pid i
	"$BIN/survivor" "$PB_IBDEV" "$PB_GPU" "$PB_BAR" 3 > /tmp/survivor 2>&1 &
	pid=$!
	for i in 1 2 3; do
		for _ in {1..200}; do
			[ "$(keys)" -lt "$i" ] || break
			sleep 0.1
		done
		sleep 0.5
		echo 1 > "/sys/bus/pci/devices/$PB_GPU/reset"
	done
	wait $pid || { cat /tmp/survivor; return 1; }
	cat /tmp/survivor
	[ "$(keys)" = 4 ] && grep -E '^[1-9][0-9]* writes, ' /tmp/survivor
}

fails_with_a_reason()
{
	! "$BIN/register" "$PB_IBDEV" 0000:7f:00.0 0 2> /tmp/said && grep "0000:7f:00.0" /tmp/said
}

tap_command "examples: register" registers
tap_command "examples: two_processes" tells
tap_command "examples: what they say if it fails" fails_with_a_reason
if [[ $PB_IBDEV != mlx5_* ]]; then
	tap_skip "examples: survivor" "EFA has no RC"
elif [ $ours = 0 ]; then
	tap_skip "examples: survivor" "the kernel's exporter does not revoke for a reset by others"
else
	tap_command "examples: survivor" survives
fi
tap_finish
