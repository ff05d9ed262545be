#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# peerbar-revoke-stress with all devices and NICs of this guest:
#   revoke_stress.sh CYCLES [SEED [OPTION]...]
# The NICs' own counters of stray accesses are watched, too. Without a SEED it is a random one.
# The report is build/results/NAME/stress.json.
set -u
# shellcheck source=tests/guest/lib/tap.sh
. /src/tests/guest/lib/tap.sh
# shellcheck source=tests/guest/lib/json.sh
. /src/tests/guest/lib/json.sh

cycles=${1:-100} seed=${2:-}
shift $(($# > 2 ? 2 : $#))

# stray: a command that prints the stray accesses of all NICs
stray()
{
	echo "echo \$((\$(nicctl /stray/total)${PB_NIC2:+ + \$(nicctl -n 2 /stray/total)}))"
}

# Refused accesses of a NIC behind the fence count as stray.
is_fenced()
{
	[ "$PB_IMPORTER" = stock ] && [[ "$PB_IBDEV $PB_IBDEV2" = *efa* ]]
}

# What the kernel's exporter does not do (docs/findings.md): map more than one range where an
# IOMMU translates; revoke when the system sleeps, or, unless our driver is above it, when others
# reset the device.
left_out()
{
	local exporter
	if [ ! -e /sys/module/peerbar_vfio_pci ]; then
		echo scattered-export,command,sysfs-reset
	elif read -r exporter < "/sys/bus/pci/devices/$PB_GPU/dmabuf_exporter" 2> /dev/null &&
			[ "$exporter" = core ]; then
		echo scattered-export,command
	fi
}

# A fault of mlx5_ib of Linux 6.1 (docs/findings.md).
excuse()
{
	[[ $(uname -r) != 6.1.* || "$PB_IBDEV $PB_IBDEV2" != *mlx5* ]] ||
		echo ' at drivers/infiniband/hw/mlx5/umr.c:334 mlx5r_umr_post_send_wait+'
}

# with OPTION VALUE: both, a line each, unless there is no value
with()
{
	[ -z "$2" ] || printf '%s\n' "$1" "$2"
}

options()
{
	local device nic
	printf '%s\n' --yes --with all --cycles "$cycles" --owners 3 --importers 4 \
		--json /results/stress.json --between stress_between.sh \
		--on-violation stress_state.sh
	for device in $PB_GPU $PB_GPU2; do
		with --device "$device,$PB_BAR"
	done
	for nic in $PB_NIC $PB_NIC2; do
		with --nic "$nic"
	done
	with --seed "$seed"
	with --without "$(left_out)"
	with --excuse "$(excuse)"
	is_fenced || with --stray "$(stray)"
	[ "$PB_BAR" != 4 ] || with --enable 0,0xe04,1	# the drive's memory region: PMRCTL
	# mlx5's driver makes the NIC anew after a sleep: whoever had it open has lost it
	[ ! -w /sys/power/pm_test ] || [[ "$PB_IBDEV $PB_IBDEV2" = *mlx5* ]] ||
		with --command stress_sleep.sh
}

mapfile -t option < <(options)
peerbar-revoke-stress "${option[@]}" "$@" 2>&1 | tee /tmp/stress.txt | sed -u 's/^/# /'
if [ "${PIPESTATUS[0]}" = 0 ]; then
	tap_ok "revoke stress: $cycles cycles"
else
	tap_not_ok "revoke stress: $cycles cycles" "$(grep -A1 '^VIOLATION' /tmp/stress.txt |
		tail -n 1)"
fi
json_is peerbar-revoke-stress /results/stress.json
tap_finish
