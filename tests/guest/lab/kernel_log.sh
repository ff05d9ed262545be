#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# kernel_log.sh: the check of the kernel log, and what it excuses. Made-up lines are written to
# the log: one warning may be excused where a test says so, by the tests and by the lab, and
# nothing else is. These lines fail the run itself, unless it is one with --keep-going.
set -u
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=scripts/lab.d/guest/setup.sh
. /src/scripts/lab.d/guest/setup.sh

KNOWN=" at drivers/infiniband/hw/mlx5/umr.c:334 mlx5r_umr_post_send_wait+"
OTHER=" at drivers/infiniband/hw/mlx5/umr.c:250 mlx5r_umr_post_send_wait+"

# log LINE...: lines of the kernel log from here on; $since is where they begin.
log()
{
	local line
	since=$(check_kernel_log --position)
	for line; do
		echo "$line" > /dev/kmsg
	done
}

# warning PLACE LINE...: a warning, as the kernel prints one, and lines after it
warning()
{
	before=$(kernel_warnings | wc -l)
	log "------------[ cut here ]------------" \
		"WARNING: CPU: 1 PID: 42${1}0x364/0x510 [mlx5_ib]" "Modules linked in: mlx5_ib" \
		"Call Trace:" " <TASK>" "---[ end trace 0000000000000000 ]---" "${@:2}"
}

# lab_sees COUNT: so many more lines fail a run than before the last warning.
lab_sees()
{
	[ "$(kernel_warnings | wc -l)" = $((before + $1)) ]
}

excuses()
{
	check_kernel_log --since "$since" --but "$KNOWN"
}

echo on > /proc/sys/kernel/printk_devkmsg	# no limit to what is written
warning "$KNOWN"
tap_command "kernel log: a warning fails a test" sh -c "! check_kernel_log --since $since"
tap_command "kernel log: a warning fails the run" lab_sees 2
tap_command "kernel log: a known warning is excused" excuses
tap_command "kernel log: and is said to be" sh -c \
	"check_kernel_log --since $since --but '$KNOWN' | grep '^# kernel, excused: WARNING.*umr.c'"
tap_command "kernel log: the run excuses it, too" lab_sees 0
warning "$KNOWN"
tap_command "kernel log: the next one counts until it is excused" lab_sees 2
warning "$KNOWN" "BUG: unable to handle page fault" "Call Trace:"
tap_command "kernel log: a bug after it is not excused" eval "! excuses"
tap_command "kernel log: not in the run either" lab_sees 2
warning "$OTHER"
tap_command "kernel log: another warning is not excused" eval "! excuses"
tap_command "kernel log: nor by the run" lab_sees 2
tap_finish
