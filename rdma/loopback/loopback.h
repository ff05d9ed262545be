/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Two queue pairs of one RDMA device, connected to one another: the shortest
 * way to make a NIC read and write registered memory.
 *
 *	struct loopback *lb;
 *
 *	loopback_open("efa_0", 8, &lb);
 *	mr = ibv_reg_mr(lb->pd, ...);
 *	loopback_post(lb, &(struct loopback_wr){ .op = LOOPBACK_WRITE, ... });
 *	n = loopback_poll(lb, wc, 8, 5000);
 *
 * Work is posted on the requester; SENDs land in the receives posted on the
 * responder. Both complete in one queue: tell them apart by wr_id.
 * On EFA the pair is SRD, and completions may come in any order; elsewhere it is
 * RC, and the first failed work request ends the pair.
 *
 * Functions that return int give a negative errno on failure, and
 * loopback_errmsg() is then one sentence about it, in this thread.
 * A loopback is used from one thread at a time.
 */
#ifndef PEERBAR_LOOPBACK_H
#define PEERBAR_LOOPBACK_H

#include <stdbool.h>
#include <stdint.h>

#include <infiniband/verbs.h>

enum loopback_op { LOOPBACK_READ, LOOPBACK_WRITE, LOOPBACK_SEND };

struct loopback_transport;

struct loopback {
	/* For callers, read only. */
	struct ibv_context *context;
	struct ibv_pd *pd;
	bool can_read;		/* RDMA READ */
	bool can_write;		/* RDMA WRITE; efa of Linux 6.1 lacks it */
	uint32_t max_rdma;	/* most bytes in one READ or WRITE */
	uint32_t max_send;	/* most bytes in one SEND */
	unsigned int depth;	/* work requests that may be outstanding; so many receives too */

	/* Private. */
	const struct loopback_transport *transport;
	struct ibv_cq *cq;
	struct ibv_qp *requester;
	struct ibv_qp *responder;
	struct ibv_ah *ah;	/* SRD: the way to the own port */
	uint8_t port;
};

struct loopback_wr {
	enum loopback_op op;
	uint64_t wr_id;
	uint64_t local_addr;
	uint32_t lkey;
	uint32_t length;
	uint64_t remote_addr;	/* READ and WRITE */
	uint32_t rkey;
};

/* The sentence that explains this thread's last failure; never NULL. */
const char *loopback_errmsg(void);

/**
 * loopback_open() - open RDMA device @name and connect two QPs on it
 * @depth: wanted number of outstanding work requests; lb->depth is what the
 *	device allows
 *
 * Errors: -ENODEV (no such device; the sentence lists those that exist),
 * -ENETDOWN (no active port), -EOPNOTSUPP (the device lacks what is needed), and
 * what verbs gives.
 */
int loopback_open(const char *name, unsigned int depth, struct loopback **lb);

/* All MRs of lb->pd must be deregistered before. NULL is allowed. */
void loopback_close(struct loopback *lb);

/* -EOPNOTSUPP: no such operation on this device. -ENOMEM: lb->depth are outstanding. */
int loopback_post(struct loopback *lb, const struct loopback_wr *wr);

int loopback_post_recv(struct loopback *lb, uint64_t wr_id, uint64_t addr, uint32_t lkey,
		       uint32_t length);

/**
 * loopback_poll() - take up to @max completions, waiting for the first one
 * @timeout_ms: 0 to look only
 *
 * Return: number of completions, 0 after @timeout_ms without one. The status of
 * each is the caller's to judge.
 */
int loopback_poll(struct loopback *lb, struct ibv_wc *wc, int max, unsigned int timeout_ms);

#endif /* PEERBAR_LOOPBACK_H */
