#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Programs that nobody here wrote, from Debian's packages, which look for a driver called
# vfio-pci: under vfio-pci itself, and under its stand-in. Needs --gpu igb.
set -eu
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

LIMIT=300
PCI=/sys/bus/pci/devices
MEMORY_BARS="0 4"	# of the NVMe drive
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# says NAME PATTERN...: each pattern is in a line of $out.
says()
{
	local name=$1 pattern
	shift
	for pattern in "$@"; do
		grep -qE -- "$pattern" "$out" && continue
		tap_note "$(tail -n 30 "$out")"
		tap_not_ok "$name" "no '$pattern'"
		return
	done
	tap_ok "$name"
}

# is_driven NAME: the card has a driver that is called vfio-pci.
is_driven()
{
	local driver
	driver=$(basename "$(readlink "$PCI/$PB_IGB/driver")")
	if [ "$driver" = vfio-pci ]; then
		tap_ok "$1"
	else
		tap_not_ok "$1" "it has driver '$driver'"
	fi
}

# The port sends its first packets. Nobody is at the other end of the cable, so the card drops
# them, but it counts those that it has fetched from memory.
testpmd()
{
	local commands='start tx_first\nstop\nshow port stats 0\nquit\n'
	# shellcheck disable=SC2059 # the line breaks
	printf "$commands" | timeout $LIMIT dpdk-testpmd -l 0,1 --no-huge -m 128 \
		-a "$PB_IGB" -- -i --total-num-mbufs=2048 > "$out" 2>&1 || echo "status $?" >> "$out"
	says "testpmd finds the card" "VFIO support initialized" "^Port 0: ([0-9a-f]{2}:?){6}"
	says "testpmd sends" "TX-packets: 32 "
	tap_note "$(grep -E "[RT]X-packets" "$out")"
	says "testpmd ends well" "^Port 0 is closed" "^Bye"
}

devbind()
{
	dpdk-devbind.py --status-dev net > "$out" 2>&1 || echo "status $?" >> "$out"
	says "dpdk-devbind shows the card as usable" "^$PB_IGB .*drv=vfio-pci"
	echo "$PB_IGB" > "$PCI/$PB_IGB/driver/unbind"
	dpdk-devbind.py --bind=vfio-pci "$PB_IGB" > "$out" 2>&1 || echo "status $?" >> "$out"
	tap_note "$(cat "$out")"
	is_driven "dpdk-devbind binds it"
}

# driverctl also writes the card's ID to new_id of vfio-pci, in the folder of its module. So
# vfio-pci is the driver that takes the card when there is no override any more.
driverctl_binds()
{
	echo > "$PCI/$PB_IGB/driver_override"
	echo "$PB_IGB" > "$PCI/$PB_IGB/driver/unbind"
	tap_command "driverctl gives the card to vfio-pci" \
		driverctl set-override "$PB_IGB" vfio-pci
	is_driven "driverctl: the card has that driver"
	driverctl list-persisted > "$out"
	says "driverctl keeps that for the next boot" "^$PB_IGB vfio-pci$"
	tap_command "driverctl takes the override away" driverctl unset-override "$PB_IGB"
	is_driven "driverctl: the card's ID stays with vfio-pci"
	echo vfio-pci > "$PCI/$PB_IGB/driver_override"
}

# A nested QEMU, which does not even start its CPU, gets the drive and exports its BARs.
qemu_exports()
{
	local bar expected=()
	echo quit | timeout $LIMIT qemu-system-x86_64 -M q35,accel=tcg -S -m 64M -nodefaults \
		-display none -monitor stdio -trace vfio_region_dmabuf \
		-device "vfio-pci,host=$PB_GPU" > "$out" 2>&1 || echo "status $?" >> "$out"
	for bar in $MEMORY_BARS; do
		expected+=("vfio_region_dmabuf .*dmabuf fd [0-9]+ region $bar ")
	done
	says "QEMU exports the BARs of a device that it passes through" "${expected[@]}"
	if grep -E "^status|rror" "$out"; then
		tap_not_ok "QEMU ends well" "$(tail -n 3 "$out")"
	else
		tap_ok "QEMU ends well"
	fi
}

tap_begin_checks
for program in testpmd devbind driverctl_binds qemu_exports; do
	start=$SECONDS
	$program
	tap_note "$program took $((SECONDS - start)) s"
done
tap_end_checks
tap_finish
