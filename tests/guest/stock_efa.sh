#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The distribution's own efa driver, which cannot give a pinned buffer back. The kernel's
# exporter refuses it, and so does peerbar-vfio-pci with its fence off; libpeerbar says
# so, and peerbar-vfio-pci says it in the log, too, which many attempts do not flood.
# With the fence on it works. The driver that was loaded before is loaded again at the
# end.
set -eu
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"

MODULES=/src/build/modules/$(uname -r)
FENCE=/sys/module/peerbar_vfio_pci/parameters/fence
BEFORE=$PB_IMPORTER

# load KIND: replace the efa driver; the RDMA device gets its name anew.
load()
{
	! grep -q '^efa ' /proc/modules || rmmod efa
	insmod "$MODULES/$1/efa.ko"
	PB_IBDEV=$(basename "/sys/bus/pci/devices/$PB_NIC"/infiniband/*) PB_IMPORTER=$1
	export PB_IBDEV PB_IMPORTER
}

refusals()
{
	dmesg | grep -c "peerbar: refused: driver efa cannot revoke.*fence is off" || :
}

# check_log REFUSALS-BEFORE: those of our exporter; the other has no words for it.
check_log()
{
	local name="the refusal is in the kernel log, rate limited" lines attempts=50
	lines=$(($(refusals) - $1))
	tap_note "$lines lines about refusals in the kernel log"
	if [ "$lines" -ge 1 ] && [ "$lines" -lt $attempts ]; then
		tap_ok "$name"
	else
		tap_not_ok "$name" "$lines lines for more than $attempts attempts"
	fi
}

exporter_is_ours()
{
	[[ $(readlink "/sys/bus/pci/devices/$PB_GPU/driver") = */peerbar-vfio-pci ]]
}

check_refusal()
{
	local before
	exporter_is_ours || { tap_wrap libpeerbar_errors --stock; return; }
	before=$(refusals)
	echo 0 > "$FENCE"
	tap_wrap libpeerbar_errors --stock
	echo 1 > "$FENCE"
	check_log "$before"
}

tap_begin_checks
trap 'load "$BEFORE"' EXIT
load stock
check_refusal
load revocable
tap_wrap revoke --trigger reset --mrs 1
tap_end_checks
if exporter_is_ours; then
	load stock
	tap_wrap revoke --trigger reset --mrs 1
fi
load "$BEFORE"
trap - EXIT
tap_finish
