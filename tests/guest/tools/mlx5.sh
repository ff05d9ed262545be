#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# mlx5.sh: the kernel's own mlx5 drivers on the virtual ConnectX: the port comes up, again and
# again, and nothing is left in the NIC when they are gone.
set -u
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/guest/lib/json.sh
. "$(dirname "$0")/../lib/json.sh"

TIMES=${TIMES:-2}

port_active()
{
	for _ in $(seq 300); do
		! grep -qs ACTIVE /sys/class/infiniband/mlx5_0/ports/1/state || return 0
		sleep 0.1
	done
	return 1
}

# devinfo PATTERN
devinfo()
{
	ibv_devinfo -v -d mlx5_0 | grep -E "$1"
}

unload()
{
	modprobe -r mlx5_ib && { ! grep -q '^mlx5_core ' /proc/modules || rmmod mlx5_core; }
}

# What the NIC has of each kind, and the pages that it was lent.
nothing_left()
{
	nicctl | jq -e '.mlx5.objects | add == 0'
}

# Not of the opcodes that a newer driver may try, but for those that all know.
no_command_failed()
{
	nicctl | jq -e '.mlx5.counters | .failed == 0 and .undelivered == 0 and .lost == 0'
}

reload()
{
	for _ in $(seq "$TIMES"); do
		unload && nothing_left && modprobe mlx5_ib && port_active || return
	done
}

rebind()
{
	for _ in $(seq "$TIMES"); do
		echo "$PB_NIC" > /sys/bus/pci/drivers/mlx5_core/unbind && nothing_left &&
			echo "$PB_NIC" > /sys/bus/pci/drivers/mlx5_core/bind && port_active || return
	done
}

# Whatever the kernel: this word promises nothing that the driver of an old one does not keep.
says_may_revive()
{
	peerbar -j path show mlx5_0 "$PB_GPU" > /tmp/path.json
	json_is peerbar-path-show /tmp/path.json
	jq -e '.stop == "native" and .after == "may-revive" and .verdict == "works"' /tmp/path.json
}

# The same of an MR that exists.
shows_may_revive()
{
	local status=1
	for _ in $(seq 100); do
		peerbar -j export show "$PB_GPU" > /tmp/shown.json
		jq -e '.[0].exports[0].attachments[0] | .driver == "mlx5_core" and
			.stop == "native" and .after == "may-revive"' /tmp/shown.json &&
			status=0 && break
		sleep 0.2
	done
	json_is peerbar-export-show /tmp/shown.json
	return $status
}

check_shown()
{
	local name="mlx5: export show says it, too" mover
	if [ ! -e "/sys/kernel/debug/peerbar/$PB_GPU" ]; then
		tap_skip "$name" "the kernel's exporter shows nothing"
		return
	fi
	peerbar mr test mlx5_0 "$PB_GPU" total 1T > /dev/null 2>&1 &
	mover=$!
	tap_command "$name" shows_may_revive
	kill -9 $mover
	wait $mover 2> /dev/null
}

tap_command "mlx5: the port is active" port_active
tap_command "mlx5: InfiniBand" devinfo "link_layer:.*InfiniBand"
tap_command "mlx5: page faults of every kind that RC has" devinfo SUPPORT_SRQ
tap_command "mlx5: atomics" devinfo "atomic_cap:.*ATOMIC_HCA"
tap_command "mlx5: path show says that an MR may revive" says_may_revive
check_shown
tap_command "mlx5: the drivers are loaded $TIMES times" reload
tap_command "mlx5: the NIC is bound $TIMES times" rebind
tap_command "mlx5: no command failed" no_command_failed
nicctl > /tmp/nic.json
json_is peerbar-vnic /tmp/nic.json
tap_command "mlx5: no stray DMA" sh -c 'nicctl | jq -e ".stray.total == 0"'
tap_finish
