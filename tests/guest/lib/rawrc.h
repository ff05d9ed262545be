/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A queue pair of a ConnectX that a program drives by hand: it writes the work requests, the
 * doorbell record and the doorbell itself, bypassing every check of the provider, as hostile
 * user space can, and reads the completions out of the ring.
 *
 * The verbs calls create and connect it; mlx5dv_init_obj() tells where the provider has put
 * the rings. Its CQs may be polled with verbs, or with rawrc_sent() and rawrc_received(), but
 * not with both. The first error ends a connected queue pair, so a test opens a new pair for
 * each wrong request.
 */
#ifndef GUEST_RAWRC_H
#define GUEST_RAWRC_H

#include <stdbool.h>
#include <stdint.h>

#include <infiniband/mlx5dv.h>
#include <infiniband/verbs.h>

#define RAWRC_BLOCKS	64u	/* send ring, of 64 bytes each */
#define RAWRC_RECVS	16u	/* receive ring */
#define RAWRC_CQES	256u
#define RAWRC_UNITS	63u	/* the longest request, in 16 bytes */
#define RAWRC_ACCESS	(IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE | \
			 IBV_ACCESS_REMOTE_ATOMIC)

struct rawrc_cq {
	struct ibv_cq *cq;
	struct mlx5dv_cq at;		/* its ring and records */
	uint32_t seen;			/* completions taken, free running */
};

struct rawrc {
	struct rawrc_cq send, recv;
	struct ibv_qp *qp;
	struct mlx5dv_qp at;
	uint16_t prod, posted;		/* blocks of sends, and receives, free running */
};

/* How a queue pair is made; all zero is an RC one with receives of its own. */
struct rawrc_options {
	enum ibv_qp_type type;		/* 0: RC */
	struct ibv_srq *srq;
	struct ibv_comp_channel *channel;
};

/* All of these end the test on failure. */
void rawrc_open(struct rawrc *raw, struct ibv_pd *pd, const struct rawrc_options *options);
void rawrc_close(struct rawrc *raw);

/* Bring @raw into RTS, connected to queue pair @number of this port, with rights @access. */
void rawrc_connect(struct rawrc *raw, uint32_t number, int access);

/* ---- requests ---- */

struct rawrc_wqe {
	uint8_t byte[RAWRC_UNITS * 16 + 16];
	unsigned int size;
	int units;		/* its length as it says, in 16 bytes; -1: the true one */
};

/* The segments that most requests have, in their order. */
#define RAWRC_CTRL(wqe) ((struct mlx5_wqe_ctrl_seg *)(void *)(wqe)->byte)
#define RAWRC_REMOTE(wqe) ((struct mlx5_wqe_raddr_seg *)(void *)((wqe)->byte + 16))
#define RAWRC_LOCAL(wqe) ((struct mlx5_wqe_data_seg *)(void *)((wqe)->byte + 32))

/* One that completes; @imm is written as it is. Segments are appended to it. */
struct rawrc_wqe rawrc_wqe(uint8_t opcode, uint32_t imm);
void rawrc_append(struct rawrc_wqe *wqe, const void *segment, unsigned int size);
void rawrc_remote(struct rawrc_wqe *wqe, uint64_t addr, uint32_t rkey);
void rawrc_local(struct rawrc_wqe *wqe, uint32_t len, uint32_t lkey, uint64_t addr);

/*
 * Write @wqe into the ring; its length, queue pair and index are filled in. rawrc_ring() tells
 * the NIC about all that was written.
 */
void rawrc_put(struct rawrc *raw, const struct rawrc_wqe *wqe);
void rawrc_put_bytes(struct rawrc *raw, const uint8_t *blocks, unsigned int nr);
void rawrc_ring(struct rawrc *raw);

/* Store two words of 32 bits at @off of the UAR page of @raw, by one store of 64 bits. */
void rawrc_store(const struct rawrc *raw, uint32_t off, uint32_t first, uint32_t second);

/* The page itself. */
volatile uint8_t *rawrc_page(const struct rawrc *raw);

/* Say in the doorbell record how many blocks of sends were posted. */
void rawrc_record(const struct rawrc *raw, uint32_t blocks);

/* Post a receive of one segment. */
void rawrc_recv(struct rawrc *raw, uint32_t len, uint32_t lkey, uint64_t addr);

/* ---- completions ---- */

struct rawrc_done {
	int status;		/* of enum ibv_wc_status; -1: none that is known */
	uint16_t counter;
	uint32_t bytes;
};

/* Take one completion. Return: false after @timeout_ms without one. */
bool rawrc_sent(struct rawrc *raw, struct rawrc_done *done, unsigned int timeout_ms);
bool rawrc_received(struct rawrc *raw, struct rawrc_done *done, unsigned int timeout_ms);

/* Post one request and await its completion. Return: its status; -1: none came. */
int rawrc_one(struct rawrc *raw, const struct rawrc_wqe *wqe);

#endif /* GUEST_RAWRC_H */
