/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An SRD queue pair that a program drives by hand: it writes the 64-byte work
 * requests and the doorbell itself, bypassing every check of the provider, as hostile
 * user space can, and reads the completions out of the ring.
 *
 * The verbs calls create it; the rings and the doorbell page that the provider
 * mapped are then found in /proc/self/maps. Never poll its CQ with verbs.
 */
#ifndef GUEST_RAWQP_H
#define GUEST_RAWQP_H

#include <stdbool.h>
#include <stdint.h>

#include <infiniband/verbs.h>

#include "efa/io_defs.h"

#define RAWQP_DEPTH 256u	/* SQ entries, and CQ entries */
#define RAWQP_QKEY 0x72617721u

struct rawqp {
	struct ibv_cq *cq;
	struct ibv_qp *qp;
	uint8_t *ring;				/* RAWQP_DEPTH work requests */
	volatile uint8_t *doorbell;		/* the QP's page */
	const volatile struct efa_io_cqe *cqes;	/* RAWQP_DEPTH completions */
	uint16_t prod;				/* producer counter, free running, as last rung */
	uint32_t seen;				/* completions taken, free running */
};

/* Ends the test on failure. The QP is in RTS. */
void rawqp_open(struct rawqp *raw, struct ibv_pd *pd);
void rawqp_close(struct rawqp *raw);

/* Append @wqe to the ring; rawqp_ring() tells the NIC about all that was appended. */
void rawqp_put(struct rawqp *raw, const struct efa_io_wqe *wqe);
void rawqp_ring(struct rawqp *raw);
void rawqp_ring_value(struct rawqp *raw, uint32_t value);

/* Take one completion. Return: false after @timeout_ms without one. */
bool rawqp_poll(struct rawqp *raw, struct efa_io_cqe *cqe, unsigned int timeout_ms);

/* Post one work request and await its completion. Return: its status; -1: none came. */
int rawqp_one(struct rawqp *raw, const struct efa_io_wqe *wqe);

#endif /* GUEST_RAWQP_H */
