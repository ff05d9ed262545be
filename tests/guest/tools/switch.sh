#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# switch.sh: the NIC and the GPU below one PCIe switch (boot with --switch), whose ports have no
# ACS. `peerbar path show` must find the route by bus address, and `peerbar export show` must
# show such addresses for a registration in use. The two must not share an IOMMU group, as
# docs/guide.md says of such a switch. Not with --gpu nvme, whose memory `peerbar mr test` does
# not turn on.
#	switch.sh one-group	for a guest with --one-group: they do, and VFIO refuses the GPU
set -eu
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/guest/lib/json.sh
. "$(dirname "$0")/../lib/json.sh"

# path_says FILTER: does jq's FILTER hold for what path show prints?
path_says()
{
	jq -e "$1" <<< "$path" > /dev/null
}

iommu_group()
{
	basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")"
}

one_group()
{
	[ "$(iommu_group "$PB_NIC")" = "$(iommu_group "$PB_GPU")" ]
}

own_groups()
{
	! one_group
}

# in_use FILTER: does FILTER hold for the export of a registration in use, within 20 seconds?
in_use()
{
	local mover status=1
	peerbar mr test "$PB_IBDEV" "$PB_GPU" total 1T > /dev/null 2>&1 &
	mover=$!
	for _ in $(seq 100); do
		peerbar -j export show "$PB_GPU" > /tmp/shown.json
		jq -e ".[0].exports[0] | $1" /tmp/shown.json > /dev/null && status=0 && break
		sleep 0.2
	done
	json_is peerbar-export-show /tmp/shown.json
	kill -9 $mover 2>/dev/null || :
	wait $mover 2>/dev/null || :
	return $status
}

# A registration has the BAR's own addresses on the bus.
registers_bus_addresses()
{
	local bus
	bus=$(jq -r '.ends[] | select(.end == "dev").bus_address' <<< "$path")
	in_use ".attachments[0] | .importer == \"$PB_NIC\" and .map == \"bus-address\" and
		all(.mappings[]; .address == \"bus\") and
		.mappings[0].dma == \"$(printf '0x%016x' "$bus")\""
}

# VFIO opens no device of a group in which another has a driver of the kernel's.
vfio_refuses()
{
	local why
	! why=$(peerbar mr test "$PB_IBDEV" "$PB_GPU" total 1M 2>&1) &&
		[[ $why = *"is not viable: its device $PB_NIC is bound to"* ]]
}

# Doctor must not advise to take the NIC's driver away.
doctor_keeps_the_nic()
{
	local says
	says=$(peerbar doctor "$PB_IBDEV" "$PB_GPU" || :)
	[[ $says = *"failure"*"$PB_NIC is in IOMMU group"*"keep the NIC's driver"* ]]
}

path=$(peerbar -j path show "$PB_IBDEV" "$PB_GPU" | tee /tmp/path.json)
json_is peerbar-path-show /tmp/path.json
tap_begin_checks
tap_command "switch: the route is by bus address" path_says '.map == "bus-address"'
tap_command "switch: all that is on the way has no ACS" path_says \
	'[.hops[] | select(.counts)] | length == 3 and all(.acs == "none")'
if [ "${1:-}" = one-group ]; then
	tap_command "switch: one IOMMU group" one_group
	tap_command "switch: VFIO refuses the GPU for it" vfio_refuses
	tap_command "switch: doctor says so, and what to do" doctor_keeps_the_nic
else
	tap_command "switch: the GPU has an IOMMU group of its own" own_groups
	tap_command "switch: path show says works" path_says '.verdict == "works"'
	if iommu_translates; then
		tap_skip "switch: a registration in use" "QEMU sends bus addresses to the IOMMU, too"
	elif exporter_is_ours; then
		tap_command "switch: a registration in use has bus addresses" registers_bus_addresses
	else
		tap_skip "switch: a registration in use" "the kernel's exporter does not show it"
	fi
fi
tap_end_checks
tap_finish
