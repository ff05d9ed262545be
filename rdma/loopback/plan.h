/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which operations a data check does: sizes, places and kinds, all from one seed
 * and none from timing, so that a run can be repeated.
 */
#ifndef PEERBAR_PLAN_H
#define PEERBAR_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_GUARD 64		/* bytes before and after each operation that must not change */
#define PLAN_MAX_OP (4ull << 20)	/* bytes of an operation, if nobody says */
#define PLAN_BATCH 8		/* operations in flight, at most */
#define PLAN_SPOTS 64

struct plan {
	uint64_t random;	/* state */
	uint64_t span;		/* bytes of BAR to use */
	uint64_t max_op;	/* at most span */
	bool can_write;		/* the NIC has RDMA WRITE */
	uint64_t spots[PLAN_SPOTS];
	unsigned int nr_spots;
};

struct step {
	bool bar_is_local;	/* READ to, or WRITE from, the BAR: else the reverse */
	size_t host;		/* offset of the source or target in its host buffer */
	uint64_t guard;		/* word that surrounds and precedes the target's data */
};

/* To the BAR, then back from it, at one range of it. */
struct pair {
	uint64_t bar;		/* offset */
	uint32_t size;
	struct step to, from;
	bool rewrite;		/* the CPU puts new bytes into the BAR in between */
	size_t rewritten;	/* offset of those in the host's source */
};

/* @source: bytes of host memory to take data from, at least max_op. */
void plan_init(struct plan *plan, uint64_t seed, uint64_t span, uint64_t max_op, bool can_write);

/* Up to @max pairs whose ranges, guards included, do not touch; at least one. */
unsigned int plan_batch(struct plan *plan, struct pair *pairs, unsigned int max, size_t source);

/* The guards of a range of the BAR, cut at both ends of the span. */
uint64_t plan_guard_start(uint64_t bar);
uint64_t plan_guard_end(const struct plan *plan, uint64_t bar, uint32_t size);

/*
 * Host memory for operations of up to @max_op bytes, in bytes: what is read from, a place
 * for each operation in flight, and both.
 */
size_t plan_source_size(uint64_t max_op);
size_t plan_target_size(uint64_t max_op);
size_t plan_memory_size(uint64_t max_op);

#endif /* PEERBAR_PLAN_H */
