#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The programs in examples/ do what they say. Most need RC, survivor also an exporter that revokes
# when others reset the device, gpu_to_gpu a second GPU and nvme a drive.
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

# The lab's NICs reach no other NIC, so one of them plays both.
copies()
{
	"$BIN/gpu_to_gpu" "$PB_IBDEV" "$PB_GPU" "$PB_IBDEV" "$PB_GPU2" "$PB_BAR" |
		grep "^1048576 bytes from $PB_GPU to $PB_GPU2"
}

stores()
{
	"$BIN/nvme" "$PB_IBDEV" "$PB_DRIVE" | grep "^8192 bytes .*of $PB_DRIVE and back"
}

fabric()
{
	"$BIN/fabric" "$PB_IBDEV" "$PB_GPU" "$PB_BAR" | grep "^1048576 bytes into $PB_GPU and back"
}

ucx()
{
	env "$@" "$BIN/ucx" "$PB_IBDEV" "$PB_GPU" "$PB_BAR"
}

ucx_with_shim()
{
	ucx "LD_PRELOAD=$BIN/reg_mr_shim.so" | grep "^1048576 bytes into $PB_GPU and back"
}

ucx_without_shim()
{
	! ucx UCX_LOG_LEVEL=fatal 2> /tmp/said && grep "ucp_mem_map" /tmp/said
}

fails_with_a_reason()
{
	! "$BIN/register" "$PB_IBDEV" 0000:7f:00.0 0 2> /tmp/said && grep "0000:7f:00.0" /tmp/said
}

tap_command "examples: register" registers
tap_command "examples: two_processes" tells
tap_command "examples: what they say if it fails" fails_with_a_reason
tap_wrap reg_mr_bar --fails
tap_wrap env "LD_PRELOAD=$BIN/reg_mr_shim.so" reg_mr_bar
if [[ $PB_IBDEV != mlx5_* ]]; then
	tap_command "examples: fabric" fabric
	for name in survivor gpu_to_gpu nvme ucx; do
		tap_skip "examples: $name" "EFA has no RC"
	done
	tap_finish
	exit
fi
tap_skip "examples: fabric" "libfabric's provider is that of EFA"
tap_command "examples: gpu_to_gpu" copies
tap_command "examples: nvme" stores
tap_command "examples: ucx with reg_mr_shim" ucx_with_shim
tap_command "examples: ucx without it" ucx_without_shim
if [ $ours = 0 ]; then
	tap_skip "examples: survivor" "the kernel's exporter does not revoke for a reset by others"
else
	tap_command "examples: survivor" survives
fi
tap_finish
