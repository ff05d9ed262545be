#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The distribution's own efa driver, which cannot give a pinned buffer back. The kernel's
# exporter refuses it. So does peerbar-vfio-pci if no IOMMU guards the BAR, or if its parameter
# fence does not name the driver. libpeerbar says so, and peerbar-vfio-pci also logs the
# reason; many attempts do not flood the log. With the fence, registration works. The driver
# that was loaded before is loaded again at the end.
set -eu
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=scripts/lab.d/guest/setup.sh
. /src/scripts/lab.d/guest/setup.sh

BEFORE=$PB_IMPORTER

# refusals REASON: count the refusals for REASON in the kernel log.
refusals()
{
	dmesg | grep -c "peerbar: refused: driver efa cannot revoke.*$1" || :
}

# check_log REASON REFUSALS-BEFORE: check the log for our exporter's refusals since then. The
# kernel's exporter logs none.
check_log()
{
	local name="the log says: $1; rate limited" lines attempts=50
	lines=$(($(refusals "$1") - $2))
	tap_note "$lines lines about refusals in the kernel log"
	if [ "$lines" -ge 1 ] && [ "$lines" -lt $attempts ]; then
		tap_ok "$name"
	else
		tap_not_ok "$name" "$lines lines for more than $attempts attempts"
	fi
}

# Why our exporter refuses the driver here, in words of the kernel log.
expected_reason()
{
	if iommu_guards; then
		echo "add it to the module parameter: fence=efa;"
	elif below_one_switch; then
		echo "have the switch's ACS redirect it"
	else
		echo "boot without iommu=pt"
	fi
}

check_refusal()
{
	local before reason
	exporter_is_ours || { tap_wrap libpeerbar_errors --stock; return; }
	reason=$(expected_reason)
	before=$(refusals "$reason")
	! iommu_guards || set_fence ""
	tap_wrap libpeerbar_errors --stock
	set_fence efa
	check_log "$reason" "$before"
}

tap_begin_checks
trap 'load_efa "$BEFORE"' EXIT
load_efa stock
check_refusal
load_efa revocable
tap_wrap revoke --trigger reset --mrs 1
tap_end_checks
if exporter_is_ours && iommu_guards; then
	load_efa stock
	tap_wrap revoke --trigger reset --mrs 1
fi
load_efa "$BEFORE"
trap - EXIT
tap_finish
