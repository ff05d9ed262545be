#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# For peerbar-revoke-stress --between: what can be done only while nothing is open. In turn the
# exporter is loaded anew, the NIC's domain changes its type, and the NIC's driver is loaded anew.
set -eu
# shellcheck source=scripts/lab.d/guest/setup.sh
. /src/scripts/lab.d/guest/setup.sh

COUNT=/run/stress.between

# With the parameters that it has in this guest; removing it unbinds the devices.
reload_exporter()
{
	[ -e /sys/module/peerbar_vfio_pci ] || return 0
	local exporter
	exporter=$(kernel_option peerbar.exporter)
	rmmod peerbar_vfio_pci
	load_exporter_as "$exporter" "$PB_IMPORTER"
	bind_gpus "$exporter"
}

# The kernel changes a domain only while no driver uses it.
change_domain()
{
	local nic=/sys/bus/pci/devices/$PB_NIC driver type
	driver=$(readlink -f "$nic/driver")
	read -r type < "$nic/iommu_group/type"
	case $type in
	DMA) type=DMA-FQ;;
	DMA-FQ) type=DMA;;
	*) return 0;;
	esac
	echo "$PB_NIC" > "$driver/unbind"
	echo $type > "$nic/iommu_group/type"
	echo "$PB_NIC" > "$driver/bind"
}

reload_nic()
{
	[[ $PB_IBDEV = efa* ]] || return 0
	load_efa "$PB_IMPORTER"
}

read -r count 2> /dev/null < $COUNT || count=0
echo $((count + 1)) > $COUNT
case $((count % 3)) in
0) reload_exporter;;
1) change_domain;;
2) reload_nic;;
esac
