/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Two queue pairs of one RDMA device that are connected to each other. This is the
 * simplest way to make a NIC read and write registered memory.
 *
 *	struct loopback *lb;
 *
 *	loopback_open("efa_0", 8, &lb);
 *	mr = ibv_reg_mr(lb->pd, ...);
 *	loopback_post(lb, &(struct loopback_wr){ .op = LOOPBACK_WRITE, ... });
 *	n = loopback_poll(lb, wc, 8, 5000);
 *
 * Work requests are posted on the requester. SENDs arrive in the receives that are
 * posted on the responder. Both complete in the same completion queue, so use wr_id to
 * tell them apart.
 * On EFA the QPs are SRD, and completions may come in any order. On other NICs they
 * are RC, and the first work request that fails puts the QP into the error state: the rest
 * completes as flushed, and loopback_reconnect() is the way on.
 *
 * Functions that return int return a negative errno on failure. loopback_errmsg() then
 * returns one sentence that explains it. It is kept per thread.
 * Only one thread at a time may use a loopback.
 */
#ifndef PEERBAR_LOOPBACK_H
#define PEERBAR_LOOPBACK_H

#include <stdbool.h>
#include <stdint.h>

#include <infiniband/verbs.h>

enum loopback_op {
	LOOPBACK_READ, LOOPBACK_WRITE, LOOPBACK_SEND,
	LOOPBACK_FETCH_ADD, LOOPBACK_COMPARE_SWAP,	/* of 8 bytes */
};

struct loopback_transport;

struct loopback {
	/* Callers may read these. */
	struct ibv_context *context;
	struct ibv_pd *pd;
	bool can_read;		/* the NIC has RDMA READ */
	bool can_write;		/* the NIC has RDMA WRITE; the efa of Linux 6.1 lacks it */
	bool can_atomic;	/* the NIC has fetch-and-add and compare-and-swap */
	bool connected;		/* RC: a work request that fails stops the others */
	uint32_t max_rdma;	/* the most bytes in one READ or WRITE */
	uint32_t max_send;	/* the most bytes in one SEND */
	unsigned int depth;	/* limit of outstanding work requests, and of posted receives */

	/* Private. */
	const struct loopback_transport *transport;
	struct ibv_cq *cq;
	struct ibv_qp *requester;
	struct ibv_qp *responder;
	struct ibv_ah *ah;	/* SRD only: the address handle of the NIC's own port */
	uint8_t port;
};

struct loopback_wr {
	enum loopback_op op;
	uint64_t wr_id;
	uint64_t local_addr;
	uint32_t lkey;
	uint32_t length;
	uint64_t remote_addr;	/* all but SEND, as rkey */
	uint32_t rkey;
	uint64_t operand;	/* to add, or to swap in */
	uint64_t compare;	/* COMPARE_SWAP: with what */
};

/* Return the sentence that explains this thread's last failure. Never NULL. */
const char *loopback_errmsg(void);

/**
 * loopback_open() - open an RDMA device and connect two QPs on it
 * @name: its name, such as "mlx5_0"
 * @depth: how many work requests the caller wants to have outstanding. lb->depth may be
 *	less, if the device does not allow that many.
 * @lb: set to the loopback, or to NULL on failure
 *
 * Return: 0.
 * Errors: -ENODEV (no such device; the sentence lists those that exist),
 * -ENETDOWN (no active port), -EINVAL (@depth is 0 or above INT16_MAX), and the errors of
 * the verbs calls.
 */
int loopback_open(const char *name, unsigned int depth, struct loopback **lb);

/*
 * Replace both QPs by new ones. Every work request must have completed before; receives that
 * were posted are lost. Errors: those of the verbs calls.
 */
int loopback_reconnect(struct loopback *lb);

/* Access flags of an MR that every operation of this NIC may use, on either side. */
int loopback_access(const struct loopback *lb);

/* Deregister all MRs of lb->pd first. @lb may be NULL. */
void loopback_close(struct loopback *lb);

/*
 * Errors: -EOPNOTSUPP (the device does not have this operation), -EMSGSIZE (longer than
 * max_rdma or max_send), -ENOMEM (lb->depth work requests are outstanding already).
 */
int loopback_post(struct loopback *lb, const struct loopback_wr *wr);

/*
 * Post @nr work requests, 1 to LOOPBACK_BATCH of one kind, with one doorbell. Errors: those of
 * loopback_post(); if lb->depth is exceeded, some of them may have been posted.
 */
#define LOOPBACK_BATCH 16
int loopback_post_batch(struct loopback *lb, const struct loopback_wr *wr, unsigned int nr);

int loopback_post_recv(struct loopback *lb, uint64_t wr_id, uint64_t addr, uint32_t lkey,
		       uint32_t length);

/**
 * loopback_poll() - take completions, waiting for the first one
 * @lb: the loopback
 * @wc: where to put them
 * @max: the most to take
 * @timeout_ms: how long to wait; 0 to poll once without waiting
 *
 * Return: the number of completions; 0 if none came within @timeout_ms. The caller has to
 * check the status of each.
 */
int loopback_poll(struct loopback *lb, struct ibv_wc *wc, int max, unsigned int timeout_ms);

#endif /* PEERBAR_LOOPBACK_H */
