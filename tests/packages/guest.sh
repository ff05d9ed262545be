#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Runs in a guest whose root is a Debian tree with the packages (TAP): what they bring reaches a
# device's BAR through the distribution's own kernel and RDMA drivers.
set -u
# shellcheck source=tests/guest/lib/tap.sh
. /src/tests/guest/lib/tap.sh

# Nothing else of peerbar is here: no checkout, and no program or module that one has built.
only_the_packages()
{
	[ ! -e /src/build ] && dpkg -S "$(command -v peerbar)" || return
	! dpkg --verify peerbar peerbar-dkms peerbar-vnic libpeerbar1 | grep .
}

loads_the_module()
{
	modinfo -n peerbar-vfio-pci | grep /updates/dkms/ && modprobe peerbar-vfio-pci &&
		modinfo -F version peerbar-vfio-pci |
			cmp - /sys/module/peerbar_vfio_pci/version
}

is_ours()
{
	[ "$(basename "$(readlink "/sys/bus/pci/devices/$PB_GPU/driver")")" = peerbar-vfio-pci ]
}

driverctl_keeps()
{
	driverctl set-override "$PB_GPU" peerbar-vfio-pci && is_ours &&
		grep -x peerbar-vfio-pci "/etc/driverctl.d/pci-$PB_GPU"
}

# After a boot there is no module and no override, and udev has the service run its command.
driverctl_restores()
{
	peerbar dev unbind "$PB_GPU" && rmmod peerbar-vfio-pci && ! is_ours &&
		grep -x "ExecStart=.*/driverctl load-override %I" \
			/usr/lib/systemd/system/driverctl@.service &&
		driverctl load-override "pci/$PB_GPU" && is_ours
}

# Without --noprobe, driverctl fails if no driver takes the device, and keeps its choice.
driverctl_forgets()
{
	driverctl --noprobe unset-override "$PB_GPU" && ! is_ours && [ ! -e "/etc/driverctl.d/pci-$PB_GPU" ]
}

# Its line for the device, while a program has a dma-buf of it that the NIC has mapped.
shows_an_export()
{
	local shown
	peerbar mr test "$PB_IBDEV" "$PB_GPU" total 64G &
	for _ in $(seq 100); do
		shown=$(peerbar export show "$PB_GPU")
		! grep "importer $PB_NIC rdma $PB_IBDEV" <<< "$shown" || break
		sleep 0.1
	done
	kill $!
	wait $! 2> /dev/null
	grep "importer $PB_NIC rdma $PB_IBDEV" <<< "$shown"
}

uname -r | sed 's/^/# kernel /'
tap_command "packages: guest: nothing is there but the packages" only_the_packages
tap_command "packages: guest: the module that dkms built loads" loads_the_module
tap_command "packages: guest: driverctl keeps a choice" driverctl_keeps
tap_command "packages: guest: driverctl makes it again after a boot" driverctl_restores
tap_command "packages: guest: driverctl forgets it" driverctl_forgets
tap_command "packages: guest: peerbar dev bind" peerbar dev bind "$PB_GPU" driver peerbar-vfio-pci
tap_command "packages: guest: peerbar doctor" peerbar doctor "$PB_IBDEV" "$PB_GPU"
tap_command "packages: guest: peerbar mr test" peerbar mr test "$PB_IBDEV" "$PB_GPU" total 64M
tap_command "packages: guest: peerbar export show" shows_an_export
tap_finish
