/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A stray access is a DMA that a correct NIC and driver would never have started.
 * The lab's proof that revoke works is that these counters stay 0; the fault
 * switches (fault.h) show that the counters do move when something goes wrong.
 *
 * A work request that names a bad key or leaves its MR is *not* a stray access: the
 * NIC itself refuses it, without any DMA, and completes it with an error.
 */
#ifndef VNIC_STRAY_H
#define VNIC_STRAY_H

#include <stdbool.h>
#include <stdint.h>

enum stray_kind {
	STRAY_UNMAPPED,		/* no live map allows it: refused, no byte moved */
	STRAY_DEREGISTERED,	/* through a deregistered key: the bytes did move */
	STRAY_ZAPPED,		/* to a page that was taken from its MR: the bytes did move */
	STRAY_NO_MASTER,	/* bus mastering is off: refused, no byte moved */
	STRAY_KINDS,
};

struct stray_record {
	enum stray_kind kind;
	bool write;		/* the device writes to memory */
	uint64_t addr;		/* DMA address */
	uint64_t len;
	uint32_t key;		/* of the MR; 0: a ring, a completion or a page table */
	uint64_t age_ns;	/* time since the unmap, the dereg or the zap; 0: unknown */
};

struct stray_count {
	uint64_t reads, writes, bytes;
	uint64_t max_age_ns;	/* the largest age_ns of any record */
};

#define STRAY_RECORDS 64u

struct stray {
	struct stray_count count[STRAY_KINDS];
	struct stray_record record[STRAY_RECORDS];	/* ring; record n is at n modulo its size */
	uint64_t noted;					/* number of records ever written */
};

void stray_note(struct stray *stray, const struct stray_record *record);
uint64_t stray_total(const struct stray *stray);	/* accesses of all kinds */
const char *stray_kind_name(enum stray_kind kind);	/* "unmapped", ... */

#endif /* VNIC_STRAY_H */
