/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Stray accesses: every DMA that a correct NIC would never have started.
 * The lab's proof that revoke works is that these counters stay 0; the fault
 * switches (fault.h) exist to show that they can move.
 *
 * A work request that names a bad key or leaves its MR is *not* stray: the NIC
 * refuses it by itself and completes it with an error.
 */
#ifndef VNIC_STRAY_H
#define VNIC_STRAY_H

#include <stdbool.h>
#include <stdint.h>

enum stray_kind {
	STRAY_UNMAPPED,		/* outside every live map: refused, no byte moved */
	STRAY_DEREGISTERED,	/* through a deregistered key: the bytes moved */
	STRAY_NO_MASTER,	/* bus mastering is off: refused, no byte moved */
	STRAY_KINDS,
};

struct stray_record {
	enum stray_kind kind;
	bool write;		/* direction, seen from the device */
	uint64_t addr;		/* DMA address */
	uint64_t len;
	uint32_t key;		/* MR, 0: a ring or a completion */
	uint64_t age_ns;	/* since the unmap or the dereg, 0: unknown */
};

struct stray_count {
	uint64_t reads, writes, bytes;
	uint64_t max_age_ns;	/* the largest of the records' */
};

#define STRAY_RECORDS 64u

struct stray {
	struct stray_count count[STRAY_KINDS];
	struct stray_record record[STRAY_RECORDS];	/* ring, newest last */
	uint64_t noted;					/* records ever written */
};

void stray_note(struct stray *stray, const struct stray_record *record);
uint64_t stray_total(const struct stray *stray);	/* accesses of all kinds */
const char *stray_kind_name(enum stray_kind kind);	/* "unmapped", ... */

#endif /* VNIC_STRAY_H */
