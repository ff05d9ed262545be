/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Completions that fault.delay_cqe_us holds back, in the order in which they were added. What
 * a completion is made of, only the model knows.
 */
#ifndef VNIC_HELD_H
#define VNIC_HELD_H

#include <stdbool.h>
#include <stddef.h>
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

bool held_full(const struct held *held);

/* Add one of @len bytes to a list that is not full. */
void held_add(struct held *held, uint64_t due, uint32_t cq, uint32_t qp, const void *completion,
	      size_t len);

/* Take the oldest, which stays valid until the next is added. Never call this without one. */
const struct held_entry *held_take(struct held *held);

/* Drop all of a QP: they are still taken, with qp 0. */
void held_drop(struct held *held, uint32_t qp);

/* When the oldest is due; 0: none is held. */
uint64_t held_due(const struct held *held);

#endif /* VNIC_HELD_H */
