#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# For peerbar-revoke-stress --command: all devices are suspended, and resumed after a second.
set -eu

module=peerbar_test_sleep
[ -e /sys/module/$module ] || insmod "/src/build/kmod/$(uname -r)/$module.ko"
for delay in /sys/module/*/parameters/pm_test_delay; do
	echo 1 > "$delay"
done
echo devices > /sys/power/pm_test
echo freeze > /sys/power/state
echo none > /sys/power/pm_test
