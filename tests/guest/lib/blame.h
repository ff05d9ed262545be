/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Checks whom peerbar-vfio-pci blames for an importer that held on: in the kernel's log, and
 * in the GPU's counters in debugfs. Also checks that it leaves the NIC itself alone.
 */
#ifndef GUEST_BLAME_H
#define GUEST_BLAME_H

#include <stdint.h>

struct blame {
	uint64_t log;			/* position at the beginning */
	uint64_t overdue, untold;	/* mappings closed for either reason */
	uint32_t nic_command;		/* its PCI_COMMAND */
};

/* Failure ends the test. */
void blame_begin(struct blame *blame);

/*
 * Checks what has happened since blame_begin(), one check for each of these: @overdue
 * mappings were closed whose importers were told and did not let go; @untold mappings were
 * closed whose importers could not be told; the log has one line for each of the two numbers
 * that is not 0; the NIC's bus mastering is as it was. Each check's name contains @name.
 */
void blame_check(const struct blame *blame, unsigned int overdue, unsigned int untold,
		 const char *name);

#endif /* GUEST_BLAME_H */
