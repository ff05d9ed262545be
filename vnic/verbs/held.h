/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Completions that fault.delay_cqe_us holds back, in the order in which they were added. What
 * a completion is made of, only the model knows.
 */
#ifndef VNIC_HELD_H
#define VNIC_HELD_H

#include <stdint.h>

#define MAX_HELD	1024u
#define HELD_SIZE	64u		/* bytes of a completion, at most */

struct held_entry {
	uint64_t due;			/* clock_now_ns() time */
	uint32_t cq, qp;		/* numbers; qp 0: it was dropped */
	uint8_t completion[HELD_SIZE];
};

struct held {
	struct held_entry entry[MAX_HELD];
	uint32_t head, tail;		/* free running */
};

/* How the model writes one. */
typedef void held_write(void *device, const struct held_entry *entry);

/* Hold @entry back. If no more can be held, the oldest is written early. */
void held_add(struct held *held, const struct held_entry *entry, held_write *write,
	      void *device);

/* Write those that are due. */
void held_release(struct held *held, held_write *write, void *device);

/* Drop all of a QP: they are never written. */
void held_drop(struct held *held, uint32_t qp);

/* When the oldest is due; 0: none is held. */
uint64_t held_due(const struct held *held);

#endif /* VNIC_HELD_H */
