#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# peerbar-vfio-pci in the place of vfio-pci: its name, its parameters, and what happens where
# the real one is, or comes. Needs --exporter stand-in and --gpu igb. Ends with the modules as
# they were.
set -eu
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

PCI=/sys/bus/pci/devices
DRIVERS=/sys/bus/pci/drivers
RELEASE=$(uname -r)
OURS=/src/build/kernel/$RELEASE/peerbar-vfio-pci.ko
REAL=$(modinfo -n vfio-pci)
NVME_ID=1b36:0010	# of $PB_GPU
IGB_CLASS=020000:ffff00

# holds NAME CONDITION...: the test is a condition of the command "test".
holds()
{
	local name=$1
	shift
	if [ "$@" ]; then tap_ok "$name"; else tap_not_ok "$name" "not so: $*"; fi
}

# fails NAME CMD...
fails()
{
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		tap_not_ok "$name" "it works: $said"
	else
		tap_note "$said"
		tap_ok "$name"
	fi
}

# logged NAME WORDS: the kernel's log has them since the last call of this function.
log_lines=$(dmesg | wc -l)
logged()
{
	if dmesg | tail -n "+$((log_lines + 1))" | grep -F "peerbar: " | grep -F -- "$2" > /tmp/lines; then
		tap_note "$(cat /tmp/lines)"
		tap_ok "$1"
	else
		tap_not_ok "$1" "no '$2' in the log"
	fi
	log_lines=$(dmesg | wc -l)
}

driver_of()
{
	basename "$(readlink "$PCI/$1/driver")"
}

# Give both devices back, and forget all overrides.
leave_devices()
{
	local dev
	for dev in "$PB_GPU" "$PB_IGB"; do
		echo > "$PCI/$dev/driver_override"
		[ ! -e "$PCI/$dev/driver" ] || echo "$dev" > "$PCI/$dev/driver/unbind"
	done
}

# And unload every driver.
leave()
{
	local module
	leave_devices
	for module in vfio_pci peerbar_vfio_pci; do
		! grep -q "^$module " /proc/modules || rmmod $module
	done
}

# load [OPTION]...: our module, anew.
load()
{
	leave
	insmod "$OURS" "$@"
}

# bind ADDRESS DRIVER
bind()
{
	echo "$2" > "$PCI/$1/driver_override"
	echo "$1" > /sys/bus/pci/drivers_probe
}

test_name()
{
	holds "the driver called vfio-pci is ours" \
		"$(readlink $DRIVERS/vfio-pci/module)" = ../../../../module/peerbar_vfio_pci
	holds "there is none by our own name" ! -e $DRIVERS/peerbar-vfio-pci
	holds "its module is found as vfio_pci" -e /sys/module/vfio_pci/parameters/enable_sriov
	tap_command "dev show tells whose vfio-pci it is" grep -q \
		" driver vfio-pci module peerbar_vfio_pci " <(peerbar dev show "$PB_GPU")
	tap_command "doctor knows it" grep -qx \
		"ok *exporter *peerbar-vfio-pci is loaded, and stands in for vfio-pci" \
		<(peerbar doctor "$PB_GPU")
	tap_command "path show knows it" grep -q " driver vfio-pci exporter peerbar " \
		<(peerbar path show "$PB_IBDEV" "$PB_GPU")
	tap_command "export show knows it" peerbar export show "$PB_GPU"
	tap_command "dev unbind" peerbar dev unbind "$PB_GPU"
	tap_command "dev bind" peerbar dev bind "$PB_GPU"
	holds "dev bind: to it" "$(driver_of "$PB_GPU")" = vfio-pci
	tap_command "dev unbind, again" peerbar dev unbind "$PB_GPU"
	tap_command "dev bind, by our own name" \
		peerbar dev bind "$PB_GPU" driver peerbar-vfio-pci
	holds "dev bind, by our own name: to it" "$(driver_of "$PB_GPU")" = vfio-pci
}

test_real_one_comes()
{
	tap_command "modprobe vfio-pci finds it there" modprobe vfio-pci
	fails "loading vfio-pci all the same fails" insmod "$REAL"
	logged "and the log says why" "vfio-pci is not loaded, because this module stands in"
	holds "our device is still bound" "$(driver_of "$PB_GPU")" = vfio-pci
	tap_command "and can be opened" peerbar dev show "$PB_GPU"
}

test_real_one_is_there()
{
	leave
	holds "unloaded: no driver is left" ! -e $DRIVERS/vfio-pci
	holds "unloaded: no module is left" ! -e /sys/module/vfio_pci
	modprobe vfio-pci
	fails "it does not take the place of vfio-pci" insmod "$OURS" stand_in=1
	logged "and the log says why" "cannot stand in for vfio-pci, because that is loaded"
	holds "vfio-pci is unharmed" -e /sys/module/vfio_pci/refcnt
	tap_command "without stand_in it is loaded beside it" insmod "$OURS"
	bind "$PB_GPU" vfio-pci
	holds "then vfio-pci is the kernel's" \
		"$(readlink "$PCI/$PB_GPU/driver/module")" = ../../../../module/vfio_pci
	tap_command "dev show names no module for that" grep -q " driver vfio-pci group " \
		<(peerbar dev show "$PB_GPU")
}

# IDs as vfio-pci takes them. Other devices are bound only if they are overridden.
test_ids()
{
	load stand_in=1 ids=$NVME_ID
	holds "ids: a device is bound without an override" "$(driver_of "$PB_GPU")" = vfio-pci
	echo "$PB_IGB" > /sys/bus/pci/drivers_probe
	holds "ids: another one is not" ! -e "$PCI/$PB_IGB/driver"
	bind "$PB_IGB" vfio-pci
	holds "ids: but by an override" "$(driver_of "$PB_IGB")" = vfio-pci
	logged "ids: the log says what is bound" "binds devices $NVME_ID, as ids= says"

	load ids=zebra,,$NVME_ID:1234,8086:ffffffff:ffffffff:ffffffff:$IGB_CLASS
	logged "ids: the log names one that is wrong" "cannot bind devices zebra"
	holds "ids: the others count, by class" "$(driver_of "$PB_IGB")" = peerbar-vfio-pci
	holds "ids: and by subvendor" ! -e "$PCI/$PB_GPU/driver"
}

# idles NAME STATE: the drive, which nobody has open, goes to this power state soon, and stays.
idles()
{
	local state
	if [ ! -e "$PCI/$PB_GPU/power" ]; then
		tap_skip "$1" "this kernel has no CONFIG_PM"
		return
	fi
	bind "$PB_GPU" "$(basename $DRIVERS/*vfio-pci)"
	for _ in 1 2 3 4 5 6; do
		state=$(cat "$PCI/$PB_GPU/power_state")
		[ "$state" != D3hot ] || break
		sleep 0.5
	done
	holds "$1" "$state" = "$2"
}

# On older kernels, these parameters belong to all VFIO drivers, and vfio-pci sets them.
test_parameters()
{
	local line="have no effect without stand_in"
	load stand_in=1
	idles "an idle device goes to D3hot" D3hot
	load stand_in=1 disable_idle_d3=1 nointxmask=1 disable_vga=1
	idles "disable_idle_d3: it stays in D0" D0
	load stand_in=1
	idles "without: D3hot again" D3hot
	write_parameter
	load disable_idle_d3=1
	if [[ $RELEASE = 6.* ]]; then
		logged "disable_idle_d3 without stand_in: the log says that it is in vain" "$line"
		idles "and it is" D3hot
	else
		idles "disable_idle_d3 without stand_in: it stays in D0" D0
		fails "the log has nothing to say about that" grep -qF "$line" <(dmesg)
	fi
}

# The lines that the guide has the reader write to modprobe's configuration.
guides_configuration()
{
	sed -n '/^### Programs that look for vfio-pci/,/^## /s/^echo "\(.*\)" >>.*/\1/p' \
		/src/docs/guide.md
}

# Writing a parameter that has no effect any more is refused.
write_parameter()
{
	local file=/sys/module/vfio_pci/parameters/disable_idle_d3
	leave_devices
	if [[ $RELEASE = 6.* ]]; then
		fails "disable_idle_d3 cannot be written" tee $file <<< Y
		return
	fi
	tap_command "disable_idle_d3 can be written" tee $file <<< Y
	idles "disable_idle_d3, written: it stays in D0" D0
}

# A folder of modules in which modprobe finds both, and options that belonged to vfio-pci before.
install_both()
{
	local to=/tmp/modules/lib/modules/$RELEASE
	mkdir -p "$to"
	modprobe --show-depends vfio-pci | awk '$1 == "insmod" { print $2 }' | sort -u |
		xargs cp -t "$to" "$OURS"
	touch "$to"/modules.{order,builtin,builtin.modinfo}	# depmod complains without
	depmod -b /tmp/modules "$RELEASE"
	guides_configuration > /etc/modprobe.d/stand-in-test.conf
	echo "options vfio-pci ids=$NVME_ID disable_idle_d3=1" >> /etc/modprobe.d/stand-in-test.conf
}

test_modprobe()
{
	leave
	install_both
	tap_command "modprobe vfio-pci, by the alias" modprobe -d /tmp/modules vfio-pci
	holds "it loads ours, as the stand-in" \
		"$(cat /sys/module/peerbar_vfio_pci/parameters/stand_in)" = Y
	holds "with the options of vfio-pci" \
		"$(cat /sys/module/vfio_pci/parameters/disable_idle_d3)" = Y
	holds "and its ids" "$(driver_of "$PB_GPU")" = vfio-pci
	rm /etc/modprobe.d/stand-in-test.conf
}

tap_begin_checks
test_name
test_real_one_comes
test_real_one_is_there
test_ids
test_parameters
test_modprobe
load stand_in=1
bind "$PB_GPU" vfio-pci
bind "$PB_IGB" vfio-pci
tap_end_checks
tap_finish
