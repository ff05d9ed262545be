/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whom peerbar-vfio-pci holds responsible for what: in the kernel's log, and in the
 * counters of the GPU in debugfs. And that it leaves the NIC itself alone.
 */
#ifndef GUEST_BLAME_H
#define GUEST_BLAME_H

#include <stdint.h>

struct blame {
	uint64_t log;			/* position */
	uint64_t overdue, untold;	/* mappings closed because of that */
	uint32_t nic_command;		/* its PCI_COMMAND */
};

/* Failure ends the test. */
void blame_begin(struct blame *blame);

/*
 * A check each for what has happened since: so many mappings were closed of importers that
 * had been told and held on, and so many of those that could not be told; the log has one
 * line for each of the two that is not 0; the NIC is bus master as before. The name of the
 * event is in that of the checks.
 */
void blame_check(const struct blame *blame, unsigned int overdue, unsigned int untold,
		 const char *name);

#endif /* GUEST_BLAME_H */
