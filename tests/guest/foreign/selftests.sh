#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The kernel's own vfio selftests, on every device that is bound to DRIVER:
#   selftests.sh DRIVER
# Prints one line for each test, which is the same for every driver:
#   ok|not ok PROGRAM FIXTURE.VARIANT.TEST on KIND [# SKIP why]
# The output of the tests goes to /results/selftests.log. This script does not fail if a test
# does: tests/selftests/compare judges, by comparing the lines of two drivers.
set -uo pipefail

TESTS=/src/build/tests/selftests
LOG=/results/selftests.log
OUT=/tmp/selftest.out
declare -A KIND=([0x1b360x0010]=nvme [0x80860x10c9]=igb)

# If the driver supports virtual functions, they are off by default: turn them on. The tests
# map 1 GiB at a time. Without huge pages the kernel zeroes it page by page, which takes an
# emulated machine seconds.
prepare()
{
	local sriov=/sys/module/${1//-/_}/parameters/enable_sriov
	if [ -e "$sriov" ]; then
		echo 1 > "$sriov" || return
	fi
	echo always > /sys/kernel/mm/transparent_hugepage/shmem_enabled
}

# Addresses and kinds of the devices that are bound to the driver.
devices_of()
{
	local dev
	for dev in /sys/bus/pci/drivers/"$1"/*:*; do
		echo "${dev##*/} ${KIND[$(cat "$dev/vendor" "$dev/device" | tr -d '\n')]}"
	done
}

# results STATUS: one line per test. A program that ends before its first test gets one line
# in all; if it skips (status 4), the line has its last words.
results()
{
	grep -E '^(not )?ok [0-9]+ ' $OUT | sed -E 's/^((not )?ok) [0-9]+ /\1 /' && return
	if [ "$1" = 4 ]; then
		echo "ok # SKIP $(grep . $OUT | tail -n 1 | sed 's,^1..0 # SKIP ,,')"
	else
		echo "not ok"
	fi
}

# A failed test that needs iommufd is a skip if there is none. Such tests have "iommufd" in
# their names.
without_iommufd()
{
	if [ -e /dev/iommu ]; then
		cat
	else
		sed -E '/iommufd/s/^not (ok.*)/\1 # SKIP this kernel has no iommufd/'
	fi
}

# run PROGRAM ADDRESS KIND
run()
{
	local name=${1##*/} status=0
	"$1" "$2" > $OUT 2>&1 || status=$?
	{ echo "## $name on $3, status $status, $SECONDS s"; cat $OUT; } >> $LOG
	results $status | sed -E "s/^(not ok|ok)( [^ #]+)?/\1 $name\2 on $3/" | without_iommufd
}

prepare "$1" || exit
export PB_DRIVER=$1
devices_of "$1" > /tmp/devices
for test in "$TESTS"/vfio_*_test; do
	while read -r address kind; do
		run "$test" "$address" "$kind"
	done < /tmp/devices
done
