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
	uint64_t iova[WINDOW_MRS];	/* the address of each MR's first byte */
};

/* Export and register BAR bytes [0, rig->span). Failure ends the test, here and below. */
void window_open(struct window *w, struct rig *rig, unsigned int nr_mrs);

/* The same with an existing dma-buf; takes ownership of @fd. */
void window_register(struct window *w, struct rig *rig, int fd, unsigned int nr_mrs);

/* Every ibv_dereg_mr() must return 0, also that of a revoked MR. Return: whether all did. */
bool window_close(struct window *w);

/*
 * Move @len bytes through the window to BAR byte @offset and back, and compare what the CPU
 * and the NIC see. Return: NULL, or what went wrong.
 */
const char *window_verify(struct rig *rig, struct window *w, uint64_t offset, uint32_t len);

/*
 * The work request that moves @len bytes of host memory into the BAR (LOOPBACK_WRITE)
 * or of the BAR into host memory (LOOPBACK_READ). @bar and @key belong to an MR on the
 * BAR, revoked or not; on EFA an MR has one key for both sides.
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
