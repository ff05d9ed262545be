/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Two connected mlx5 queue pairs with memory of their own, for tests of the data path. Like
 * mlx5_driver.h, this knows the device only by the offsets of its contract.
 */
#ifndef MLX5_PAIR_H
#define MLX5_PAIR_H

#include "mlx5_driver.h"

#define PAIR_RECVS	8u		/* of 32 bytes: two segments */
#define PAIR_BLOCKS	8u
#ifndef PAIR_MEMORY			/* fuzz targets have less, to be faster */
#define PAIR_MEMORY	(1u << 20)
#endif
#define PAIR_IOVA	0x700000000ull	/* + (qp << 32), of both regions */
#define PAIR_QKEY	0x11223344u	/* of both, for datagrams */
#define PAIR_LOCAL	1u		/* rights of a key */
#define PAIR_REMOTE	2u

struct pair_end {
	uint32_t pd, qp, key;
	uint64_t iova;			/* of its region, PAIR_MEMORY bytes */
	uint64_t memory;		/* what is behind it */
	struct mdrv_cq send, recv;
	uint64_t ring, record;
	uint16_t sends, recvs;		/* posted, in blocks and in requests */
	unsigned int sent, received;	/* completions that were looked at */
};

/* A shared receive queue. */
struct pair_srq {
	uint32_t number;
	uint64_t ring, record;
	uint16_t posted;
};

struct pair {
	struct mdrv *d;
	uint32_t uar;
	struct pair_end end[2];		/* tests send from 0 to 1 */
	struct pair_srq srq;		/* that end 1 receives from; number 0: a ring of its own */
	uint32_t xrcd;			/* of the pair, if it is one for XRC */
};

/* A completion. */
struct pair_done {
	uint8_t kind, syndrome, opcode;
	uint16_t counter;
	uint32_t qp, bytes, imm, source;
};

/* A request that is being built. */
struct pair_wqe {
	uint8_t byte[1024];
	unsigned int size;
	uint8_t says;			/* its length as it says, in 16 bytes; 0: the true one */
};

enum { PAIR_RC, PAIR_UC, PAIR_UD, PAIR_XRC };	/* service */

/* Both ready to send; @rnr_retry: of both. */
struct pair pair_create(struct mdrv *d, uint8_t service, uint8_t rnr_retry);

/* The same, with a shared receive queue for end 1, as XRC has it in any case. */
struct pair pair_create_shared(struct mdrv *d, uint8_t service);

/* Change the state of @end's by this command, connected with the other. Return: as mdrv_do(). */
unsigned int pair_modify(struct pair *p, unsigned int end, uint16_t opcode, uint8_t rnr_retry);

/* Post the receive of @index, behind which the list goes on with @next. */
void pair_share(struct pair *p, uint16_t index, uint16_t next, uint32_t len, uint64_t addr);

/* A region of @memory; @table: flags of its pages. Return: its key. */
uint32_t pair_key(struct pair *p, uint32_t pd, uint64_t iova, uint64_t memory, uint64_t bytes,
		  unsigned int rights, unsigned int flags);

struct pair_wqe pair_wqe(uint8_t opcode, uint32_t imm);
void pair_xrc(struct pair_wqe *w, uint32_t srq);
void pair_remote(struct pair_wqe *w, uint64_t addr, uint32_t key);
void pair_segment(struct pair_wqe *w, uint32_t len, uint32_t key, uint64_t addr);
void pair_inline(struct pair_wqe *w, const void *data, uint32_t len);

/* Post it at @end and ring the doorbell; pair_send() also lets the device work until it waits. */
void pair_post(struct pair *p, unsigned int end, const struct pair_wqe *w);
void pair_send(struct pair *p, unsigned int end, const struct pair_wqe *w);
void pair_recv(struct pair *p, unsigned int end, uint32_t len, uint32_t key, uint64_t addr);
void pair_run(struct pair *p);

/* The next completion; false: there is none. */
bool pair_sent(struct pair *p, unsigned int end, struct pair_done *done);
bool pair_received(struct pair *p, unsigned int end, struct pair_done *done);

/* There is one, of this kind and syndrome. */
struct pair_done pair_expect_sent(struct pair *p, unsigned int end, uint8_t kind,
				  uint8_t syndrome);
struct pair_done pair_expect_received(struct pair *p, unsigned int end, uint8_t kind,
				      uint8_t syndrome);

/* Pattern @seed in @bytes at @off of the region, and a check for it. */
void pair_fill(struct pair *p, unsigned int end, uint64_t off, uint32_t bytes, uint8_t seed);
void pair_check(struct pair *p, unsigned int end, uint64_t off, uint32_t bytes, uint8_t seed);

#endif /* MLX5_PAIR_H */
