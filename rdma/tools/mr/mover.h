/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Moving data between host memory and a registered BAR over a loopback, and
 * checking every byte of it and the bytes around.
 */
#ifndef PEERBAR_MOVER_H
#define PEERBAR_MOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loopback/loopback.h"
#include "loopback/plan.h"

struct mover_counts {
	uint64_t ops;		/* work requests completed with success */
	uint64_t to_bar;	/* bytes moved and compared */
	uint64_t from_bar;
	uint64_t wrong;		/* bytes, those of guards included */
	uint64_t failed;	/* work requests with an error status */
};

struct mover {
	struct loopback *lb;
	struct plan plan;
	uint8_t *bar;		/* the CPU's view of the registered range */
	uint64_t bar_iova;	/* the NIC's */
	struct ibv_mr *bar_mr;
	uint8_t *source;	/* host memory: random bytes that nothing changes */
	size_t source_size;
	uint8_t *target;	/* host memory: a place for each operation in flight */
	size_t target_size;	/* of one place */
	uint8_t *memory;	/* source and targets */
	size_t memory_size;
	struct ibv_mr *host_mr;
	struct mover_counts counts;
	unsigned int told;	/* complaints already printed */
};

/*
 * Make and register the host's memory. lb, plan and the bar fields are set.
 * Return: 0; or -ENOMEM, with what happened printed. Release it in any case.
 */
int mover_init(struct mover *mover);
void mover_release(struct mover *mover);

/*
 * One batch to the BAR and back. Wrong bytes and failed work requests are counted
 * and, the first few, printed. Return: 0; or -EIO if going on is useless, with
 * what happened printed.
 */
int mover_batch(struct mover *mover);

#endif /* PEERBAR_MOVER_H */
