# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# Queries kmemleak, which has to be on (kmemleak=on). Sourced.

LEAKS=/sys/kernel/debug/kmemleak

# kmemleak ignores objects younger than five seconds. What one scan suspects may only have
# been moving, with its pointer in no scanned memory at that moment: so scan twice.
leaks_scan()
{
	local _
	for _ in 1 2; do
		sleep 6
		echo scan > $LEAKS
	done
}

# leaks_count: print two numbers. The second counts lists that the kernel's own exporter
# allocated, of which it loses one for each mapping; the first counts all other leaks.
leaks_count()
{
	awk '/^unreferenced object/ { all++; list = 0 }
		/ sg_alloc_table\+/ { list = 1 }
		/ dma_buf_phys_vec_to_sgt\+/ && list { theirs++; list = 0 }
		END { print all - theirs, theirs + 0 }' $LEAKS
}

# From now on ignore what has been lost so far.
leaks_forget()
{
	leaks_scan
	echo clear > $LEAKS
}
