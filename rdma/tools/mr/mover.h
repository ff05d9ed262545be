/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Moving data between host memory and a registered BAR over a loopback, and
 * checking every byte of it and the bytes before and after it.
 */
#ifndef PEERBAR_MOVER_H
#define PEERBAR_MOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loopback/loopback.h"
#include "loopback/plan.h"

struct mover_counts {
	uint64_t ops;		/* work requests that completed successfully */
	uint64_t to_bar;	/* bytes moved to the BAR and compared */
	uint64_t from_bar;	/* bytes moved from the BAR and compared */
	uint64_t wrong;		/* wrong bytes, including those in guards */
	uint64_t failed;	/* work requests that completed with an error */
	uint64_t atomics;	/* operations on a word of the BAR that were compared */
};

/*
 * The first work requests that failed or moved wrong bytes. They are kept and not printed, because
 * after a revoke they all have one cause, which the caller may know.
 */
#define MOVER_FAILURES 8

struct mover_failures {
	unsigned int nr;	/* at most MOVER_FAILURES */
	unsigned int printed;
	enum ibv_wc_status status;	/* of the first that completed; success if none did */
	char text[MOVER_FAILURES][320];
};

struct mover {
	struct loopback *lb;
	struct plan plan;
	uint8_t *bar;		/* the CPU's mapping of the registered range */
	uint64_t bar_iova;	/* the address by which the NIC knows it */
	struct ibv_mr *bar_mr;
	uint8_t *source;	/* host memory: random bytes, never changed */
	size_t source_size;
	uint8_t *target;	/* host memory: PLAN_BATCH places, one per operation in flight */
	size_t target_size;	/* size of one place */
	uint8_t *memory;	/* the allocation that contains source and target */
	size_t memory_size;
	struct ibv_mr *host_mr;
	struct mover_counts counts;
	struct mover_failures failures;
};

/*
 * Allocate and register the host memory. The caller has set lb, plan and the bar members.
 * Returns 0, or -ENOMEM after printing what happened. Call mover_release() in either case.
 */
int mover_init(struct mover *mover);
void mover_release(struct mover *mover);

/*
 * Move one batch to the BAR and back. Returns 0, also if bytes were wrong, or -EIO if it is
 * useless to go on. In both cases failures says what happened.
 */
int mover_batch(struct mover *mover);

/* Keep a failure, if there is room. */
void mover_keep(struct mover *mover, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Are there failures that have not been printed? */
bool mover_has_news(const struct mover *mover);
void mover_print_failures(struct mover *mover);

/*
 * Post one work request, which is what @name does at BAR offset @offset, and wait for it.
 * Returns 0, or -EIO with a failure kept.
 */
int mover_one(struct mover *mover, const struct loopback_wr *wr, const char *name,
	      uint64_t offset);

#endif /* PEERBAR_MOVER_H */
