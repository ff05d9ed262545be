# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# Asking kmemleak, which has to be on (kmemleak=on). Sourced.

LEAKS=/sys/kernel/debug/kmemleak

# What is younger than five seconds is not looked at, and what a first scan suspects may
# have been on its way from one place to another: it has to be suspect again.
leaks_scan()
{
	local _
	for _ in 1 2; do
		sleep 6
		echo scan > $LEAKS
	done
}

# leaks_count: how many objects were found, and how many others that the kernel's own
# exporter had allocated, which loses a list for each mapping.
leaks_count()
{
	awk '/^unreferenced object/ { all++; list = 0 }
		/ sg_alloc_table\+/ { list = 1 }
		/ dma_buf_phys_vec_to_sgt\+/ && list { theirs++; list = 0 }
		END { print all - theirs, theirs + 0 }' $LEAKS
}

# What was lost until now is not asked for.
leaks_forget()
{
	leaks_scan
	echo clear > $LEAKS
}
