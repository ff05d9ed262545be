#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# peerbar doctor on a guest that is broken in one way after another, in all ways that need no
# reboot. Needs --exporter peerbar and --gpu nvme: the device is the card's memory function,
# which shares its IOMMU group with the card's NVMe function.
set -eu
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/guest/lib/doctor.sh
. "$(dirname "$0")/../lib/doctor.sh"

SIBLING=$PB_GPU
DEV=${PB_GPU%.0}.1
DRIVER=peerbar-vfio-pci
PCI=/sys/bus/pci/devices
GROUP=$(basename "$(readlink "$PCI/$DEV/iommu_group")")
USER_ID=1000
FENCE=/sys/module/peerbar_vfio_pci/parameters/fence

# give ADDRESS DRIVER: bind without the command peerbar, which would refuse some of this.
give()
{
	[ ! -e "$PCI/$1/driver" ] || echo "$1" > "$PCI/$1/driver/unbind"
	echo "$2" > "$PCI/$1/driver_override"
	echo "$1" > /sys/bus/pci/drivers_probe
}

# Unbind every device from VFIO (both functions, and the serial card), so that its modules can
# be unloaded.
leave_vfio()
{
	local dev
	for dev in "$PCI"/*; do
		[[ $(readlink "$dev/driver") != *vfio-pci ]] ||
			echo "${dev##*/}" > "$dev/driver/unbind"
	done
}

load_efa()
{
	IMPORTER=$1
	install_modules
	! grep -q '^efa ' /proc/modules || rmmod efa
	modprobe efa
}

test_vfio()
{
	peerbar dev unbind "$DEV" > /dev/null
	ailment "device unbound" binding "is bound to no driver"

	leave_vfio
	give "$SIBLING" $DRIVER
	give "$DEV" pci-stub
	ailment "device at another driver" binding "pci-stub, which is not VFIO's"

	give "$SIBLING" nvme
	ailment "group shared with a kernel driver" group "$SIBLING .*bound to nvme"

	rm "/dev/vfio/$GROUP"
	ailment "no VFIO node" access "there is no /dev/vfio/$GROUP"

	rmmod vfio_iommu_type1
	ailment "no IOMMU module" vfio "vfio_iommu_type1 is not loaded"

	leave_vfio
	rmmod peerbar_vfio_pci vfio_pci
	ailment "no VFIO modules" vfio "vfio-pci is not loaded"

	modprobe $DRIVER
	give "$DEV" $DRIVER
}

test_nic()
{
	rmmod efa
	ailment "no NIC driver" nic "$PB_NIC is an RDMA NIC, and its driver efa is not loaded"

	echo "$PB_NIC" > "$PCI/$PB_NIC/driver/unbind"
	ailment "NIC unbound" nic "$PB_NIC is an RDMA NIC, and bound to no driver"

	rm /dev/infiniband/uverbs*
	ailment "no verbs node" verbs "there is no /dev/infiniband/uverbs"
}

name_nic()
{
	NIC=$(jq -r '.nics[0].nic' $REPORT)
}

name_device()
{
	DEV=$(jq -r 'first(.devs[] | select(.vfio and .bar == 2)).dev' $REPORT)
}

test_names()
{
	local dev=$DEV
	NIC=efa_7
	ailment "wrong NIC name" nic "there is no RDMA device efa_7.*" name_nic

	DEV=0000:7f:00.0
	ailment "wrong device address" device "there is no PCI device 0000:7f:00.0" name_device
	DEV=$dev
}

# An ordinary user, who has no CAP_IPC_LOCK.
test_user()
{
	AS=(setpriv "--reuid=$USER_ID" "--regid=$USER_ID" --clear-groups)
	ailment "device of root" access "user $USER_ID may not open /dev/vfio/$GROUP"

	chmod 0600 /dev/vfio/vfio
	ailment "container of root" access "user $USER_ID may not open /dev/vfio/vfio"

	chmod 0600 /dev/infiniband/uverbs*
	ailment "verbs of root" verbs "user $USER_ID may not open /dev/infiniband/uverbs"

	ulimit -l 32
	ailment "little memory to pin" memlock "may pin 32 KiB"
	chown 0 "/dev/vfio/$GROUP"
	AS=()
}

# A NIC driver that pins and cannot revoke: with our exporter, which must be allowed to fence
# it, and with the kernel's, which refuses it.
test_pinning()
{
	load_efa stock
	ailment "stock efa, not named" revoke "parameter fence .*does not name it"

	echo bnxt_re > "$FENCE"
	ailment "stock efa, another named" revoke "echo bnxt_re,efa > $FENCE"

	give "$SIBLING" vfio-pci
	give "$DEV" vfio-pci
	is_broken "stock efa, the kernel's exporter" revoke "vfio-pci has no fence"
	explains "stock efa, the kernel's exporter" EOPNOTSUPP revoke "cannot give them back"
	mends "stock efa, the kernel's exporter"

	load_again
	ailment "stock efa, not named any more" revoke "does not name it" name_for_good
	load_efa revocable
}

# Load the exporter anew, as a reboot would: what was written to its parameters is forgotten.
# Remove the group's node first: it may have been made by mknod, if that was doctor's advice.
# The kernel does not replace such a node, so it would keep an old device number.
load_again()
{
	leave_vfio
	rm -f "/dev/vfio/$GROUP"
	rmmod peerbar_vfio_pci
	modprobe $DRIVER
	give "$SIBLING" $DRIVER
	give "$DEV" $DRIVER
}

# Write the line that doctor's advice quotes to the file that it names, and load the exporter
# again, which reads it.
name_for_good()
{
	local advice line file
	advice=$(failing advice)
	line=$(sed -n 's/.*"\(options [^"]*\)".*/\1/p' <<< "$advice")
	file=${advice##* }
	tap_note "$file: $line"
	echo "$line" >> "$file"
	load_again
	rm "$file"
}

# owner REQUEST: have the program that owns the device do it; see doctor_owner.c.
owner()
{
	local answer
	echo "$1" >&"${OWNER[1]}"
	read -r answer <&"${OWNER[0]}"
	echo "$answer" > /tmp/works
	[ "$answer" = ok ]
}

owner_registers()
{
	owner register
}

turn_memory_on()
{
	failing advice | grep -qF "its owner, doctor_owner (pid $owner_pid), has to turn it on"
	owner memory-on
}

test_owner()
{
	local owner_pid requests
	coproc OWNER { exec doctor_owner "$NIC" "$DEV"; }
	owner_pid=$!
	requests=${OWNER[1]}
	TRY=owner_registers
	is_well "a program that owns the device"
	owner memory-off
	ailment "memory decode off" memory "memory decode of $DEV is off" turn_memory_on
	TRY=mr_test
	test_busy
	exec {requests}>&-
	wait "$owner_pid"
	is_well "device in use: ending its owner mends it"
}

# Another process has the device open. That may be intended, so it is a warning.
test_busy()
{
	if $TRY; then
		tap_not_ok "device in use: registration fails" "it works"
	else
		tap_ok "device in use: registration fails"
	fi
	explains "device in use" EBUSY owner "doctor_owner [(]pid ${owner_pid}[)]"
}

# Nothing fails without debugfs, but an operator cannot see what goes on.
test_debugfs()
{
	umount /sys/kernel/debug
	doctor
	if [ "$(jq -r '.checks[] | select(.level == "warning").check' $REPORT)" = debugfs ]; then
		tap_ok "no debugfs: doctor warns"
	else
		tap_not_ok "no debugfs: doctor warns" "$(jq -c . $REPORT)"
	fi
	bash -c "$(jq -r '.checks[] | select(.check == "debugfs").command' $REPORT)"
	doctor
	if jq -e 'all(.checks[]; .level == "ok")' $REPORT > /dev/null; then
		tap_ok "no debugfs: the advice mends it"
	else
		tap_not_ok "no debugfs: the advice mends it" "$(jq -c . $REPORT)"
	fi
}

tap_begin_checks
modprobe nvme
modprobe pci-stub
install_modules
is_well "a guest that works"
test_vfio
test_nic
test_names
test_user
test_pinning
test_owner
test_debugfs
tap_end_checks
tap_finish
