/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Lines of the kernel's log by which it says that something is wrong with it. */
#ifndef PEERBAR_COMPLAINTS_H
#define PEERBAR_COMPLAINTS_H

#include <stdbool.h>
#include <string.h>

static inline bool pb_kernel_complains(const char *line)
{
	static const char *const bad[] = {
		"WARNING: ", "BUG: ", "kernel BUG at", "Oops", "Call Trace:",
		"blocked for more than", "general protection fault", "refcount_t: ",
		"soft lockup", "self-detected stall", "detected stalls", "Kernel panic",
		"list_add corruption", "list_del corruption", "UBSAN: ",
		"DMA-API: debugging out of memory", "ODEBUG: Out of memory",
		"INFO: lockdep is turned off", "new suspected memory leaks",
	};

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (strstr(line, bad[i]))
			return true;
	return false;
}

#endif /* PEERBAR_COMPLAINTS_H */
