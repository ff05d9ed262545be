#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Does the debug kernel find the bugs that it is there to find, and do our tests notice?
# peerbar_test_bug.ko makes one bug of each kind. Each has to be reported in the kernel log,
# where both the tests and the lab look. Lockdep turns itself off after its first report and
# when KASAN reports something, so these bugs come last. Needs kasan_multi_shot and
# kmemleak=on on the command line.
set -eu
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=scripts/lab.d/guest/setup.sh
. /src/scripts/lab.d/guest/setup.sh
# shellcheck source=tests/guest/lib/leaks.sh
. "$(dirname "$0")/../lib/leaks.sh"

BUGS=(
	"rcu-without-lock:suspicious RCU usage"
	"sleep-in-atomic:sleeping function called from invalid context"
	"wide-shift:shift-out-of-bounds"
	"unbalanced-dma:at check_unmap"
	"leak:new suspected memory leaks"
	"lock-order:possible circular locking dependency"
	"use-after-free:KASAN: slab-use-after-free"
	"out-of-bounds:KASAN: slab-out-of-bounds"
)

# expect BUG PHRASE
expect()
{
	local position
	position=$(check_kernel_log --position)
	echo "$1" > /sys/module/peerbar_test_bug/parameters/make
	[ "$1" != leak ] || leaks_scan
	if ! kernel_warnings | grep -q "$2"; then
		tap_not_ok "$1 is found" "no \"$2\" among the warnings of the kernel log"
	elif check_kernel_log --since "$position" > /tmp/kernel-log.tap; then
		tap_not_ok "$1 is found" "tests that check the kernel log do not see it"
	else
		tap_ok "$1 is found"
	fi
}

# expect_lockdep STATE NAME
expect_lockdep()
{
	local state=off
	! lockdep_works || state=on
	if [ $state = "$1" ]; then
		tap_ok "$2"
	else
		tap_not_ok "$2" "lockdep is $state"
	fi
}

leaks_forget
insmod "/src/build/kmod/$(uname -r)/peerbar_test_bug.ko"
tap_wrap check_kernel_log --since 0
expect_lockdep on "lockdep is on at first"
for bug in "${BUGS[@]}"; do
	expect "${bug%%:*}" "${bug#*:}"
done
expect_lockdep off "lockdep's end is seen"
tap_finish
