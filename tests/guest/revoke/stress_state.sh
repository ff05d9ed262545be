#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# For peerbar-revoke-stress --on-violation: what state the devices, and the ports above them, are in.
for gpu in $PB_GPU $PB_GPU2; do
	path=$(readlink -f "/sys/bus/pci/devices/$gpu")
	for dev in "$path" "${path%/*}"; do
		echo "${dev##*/}: PCI_COMMAND $(setpci -s "${dev##*/}" COMMAND)," \
			"$(cat "$dev/power_state" "$dev/power/runtime_status" \
				"$dev/power/runtime_usage" "$dev/enable" 2> /dev/null | xargs)"
	done
	setpci -s "$gpu" BASE_ADDRESS_0 BASE_ADDRESS_2 BASE_ADDRESS_3 | xargs echo "$gpu: BARs"
done
dmesg | tail -n 5
