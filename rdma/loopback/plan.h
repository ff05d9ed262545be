/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which operations a data check does. Sizes, offsets and kinds of operations all follow
 * from one seed and not from timing, so that a run can be repeated.
 */
#ifndef PEERBAR_PLAN_H
#define PEERBAR_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_GUARD 64		/* bytes before and after each target that must not change */
#define PLAN_MAX_OP (4ull << 20)	/* default of the largest operation, in bytes */
#define PLAN_BATCH 8		/* the most operations in flight */
#define PLAN_SPOTS 64		/* the most places of a BAR around which ranges are chosen */

struct plan {
	uint64_t random;	/* state of pattern_random() */
	uint64_t span;		/* how many bytes of the BAR to use */
	uint64_t max_op;	/* the largest operation in bytes; at most span */
	bool can_write;		/* the NIC has RDMA WRITE */
	uint64_t spots[PLAN_SPOTS];
	unsigned int nr_spots;
};

struct step {
	bool bar_is_local;	/* the BAR's MR is the local side: see below */
	size_t host;		/* offset of the source or target in its host buffer */
	uint64_t guard;		/* the target and its guards are filled with this before */
};

/*
 * One range of the BAR, to which data is moved and from which it is read back. If the BAR is
 * the local side, data gets there by RDMA READ and back by RDMA WRITE; if it is the remote
 * side, it is the other way round.
 */
struct pair {
	uint64_t bar;		/* offset in the BAR */
	uint32_t size;
	struct step to, from;
	bool rewrite;		/* the CPU writes other data into the BAR between the steps */
	size_t rewritten;	/* offset of that data in the host's source */
};

void plan_init(struct plan *plan, uint64_t seed, uint64_t span, uint64_t max_op, bool can_write);

/*
 * Choose up to @max pairs, and at least one, whose ranges do not overlap, guards included.
 * @source is how many bytes of host memory there are to take data from: at least max_op.
 */
unsigned int plan_batch(struct plan *plan, struct pair *pairs, unsigned int max, size_t source);

/* Where the guards around a range of the BAR begin and end: never outside the span. */
uint64_t plan_guard_start(uint64_t bar);
uint64_t plan_guard_end(const struct plan *plan, uint64_t bar, uint32_t size);

/*
 * How many bytes of host memory operations of up to @max_op bytes need: for the source of all
 * of them, for the target of one, and in total for the source and PLAN_BATCH targets.
 */
size_t plan_source_size(uint64_t max_op);
size_t plan_target_size(uint64_t max_op);
size_t plan_memory_size(uint64_t max_op);

#endif /* PEERBAR_PLAN_H */
