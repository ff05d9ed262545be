#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# system_sleep --image. The swap device that takes the image is a RAM disk: the kernel writes to
# it after it has taken the image in memory, and reads it before it restores that image, so its
# contents need not survive the restore.
set -eu
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

DISK=/dev/ram0

if [[ $(uname -r) == 6.1.* ]]; then
	tap_skip "hibernation image" \
		"Linux 6.1 wants the swap device for itself to read the image, and it is in use"
	exit
fi
if [ ! -e /sys/power/resume ]; then
	tap_skip "hibernation image" "this kernel was built without hibernation"
	exit
fi
if ! modprobe brd rd_nr=1 rd_size=900000; then
	tap_skip "hibernation image" "this kernel has no RAM disks"
	exit
fi
mkswap $DISK >/dev/null
swapon $DISK
cat /sys/class/block/ram0/dev > /sys/power/resume
system_sleep --image
