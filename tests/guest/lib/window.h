/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A part of the GPU's BAR as one dma-buf with one or several MRs on it, each of
 * an equal part.
 */
#ifndef GUEST_WINDOW_H
#define GUEST_WINDOW_H

#include "rig.h"

#define WINDOW_MRS 16u

struct window {
	int fd;				/* the dma-buf, -1: closed */
	unsigned int nr;
	size_t part;			/* bytes of each MR */
	struct ibv_mr *mr[WINDOW_MRS];
	uint64_t iova[WINDOW_MRS];	/* of each MR's first byte */
};

/* BAR bytes [0, rig->span); failure ends the test, here and in the next. */
void window_open(struct window *w, struct rig *rig, unsigned int nr_mrs);

/* The same of a dma-buf that is there; takes the descriptor over. */
void window_register(struct window *w, struct rig *rig, int fd, unsigned int nr_mrs);

/* Dead or alive: every ibv_dereg_mr() must return 0. Return: whether all did. */
bool window_close(struct window *w);

/*
 * The same through a new window: move @len bytes to BAR byte @offset and back,
 * and compare what the CPU and the NIC see. Return: NULL, or what went wrong.
 */
const char *window_verify(struct rig *rig, struct window *w, uint64_t offset, uint32_t len);

/*
 * The work request that moves @len bytes of host memory into the BAR (LOOPBACK_WRITE)
 * or of the BAR into host memory (LOOPBACK_READ). @bar and @key are of an MR on the
 * BAR, dead or alive; on EFA an MR has one key for both sides.
 *
 * The BAR is the remote side. A NIC without RDMA WRITE (efa of Linux 6.1) moves into
 * the BAR by a READ from host memory, with the BAR as the local side.
 */
struct loopback_wr window_request(const struct rig *rig, enum loopback_op op, uint64_t host,
				  uint32_t len, uint64_t bar, uint32_t key);

/* One such request and its completion. Return: its status, or -errno. */
int window_one(struct rig *rig, enum loopback_op op, uint64_t host, uint32_t len,
	       uint64_t bar, uint32_t key);

/* That result in words. */
const char *window_status(int status);

#endif /* GUEST_WINDOW_H */
