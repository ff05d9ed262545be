#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The distribution's own efa driver: it cannot give a pinned buffer back, so both
# exporters refuse it, and libpeerbar says so; peerbar-vfio-pci says it in the log,
# too, which many attempts do not flood. The driver that was loaded before is loaded
# again at the end.
set -eu
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"

MODULES=/src/build/modules/$(uname -r)

# load KIND: replace the efa driver; the RDMA device gets its name anew.
load()
{
	! grep -q '^efa ' /proc/modules || rmmod efa
	insmod "$MODULES/$1/efa.ko"
	PB_IBDEV=$(basename "/sys/bus/pci/devices/$PB_NIC"/infiniband/*)
	export PB_IBDEV
}

refusals()
{
	dmesg | grep -c "peerbar: refused: driver efa cannot revoke" || :
}

# check_log REFUSALS-BEFORE: those of our exporter; the other has no words for it.
check_log()
{
	local name="the refusal is in the kernel log, rate limited" lines attempts=50
	[[ $(readlink "/sys/bus/pci/devices/$PB_GPU/driver") = */peerbar-vfio-pci ]] || return 0
	lines=$(($(refusals) - $1))
	tap_note "$lines lines about refusals in the kernel log"
	if [ "$lines" -ge 1 ] && [ "$lines" -lt $attempts ]; then
		tap_ok "$name"
	else
		tap_not_ok "$name" "$lines lines for more than $attempts attempts"
	fi
}

tap_begin_checks
before=$(refusals)
trap 'load revocable' EXIT
load stock
tap_wrap libpeerbar_errors --stock
check_log "$before"
load revocable
trap - EXIT
tap_wrap revoke --trigger reset --mrs 1
tap_end_checks
tap_finish
