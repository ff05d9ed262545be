/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The data path: what its parts (see mlx5.h) ask of each other. */
#ifndef VNIC_MLX5_WORK_H
#define VNIC_MLX5_WORK_H

#include "mlx5.h"
#include "verbs/copy.h"

#define MAX_SEGMENTS	64u	/* a request has less, of 16 bytes each */

/* Data segments that were checked; the regions are those of their keys. */
struct mlx5_list {
	unsigned int nr;
	uint64_t len;
	struct segment seg[MAX_SEGMENTS];
	struct region region[MAX_SEGMENTS];
};

struct mlx5_work {
	enum mlx5_request op;
	uint8_t grh[GRH_SIZE];	/* of a datagram; the local list begins with it */
	uint64_t addr;		/* of the other side's memory, but for SEND */
	uint32_t key;
	uint64_t operand, compare;	/* of an atomic operation */
	struct mlx5_list local;
};

/* Whose keys count: those of a protection domain, and of one queue pair if they say so. */
struct mlx5_user {
	const struct mlx5_qp *qp;
	uint32_t pd;
};

/* The other side of a request. */
struct mlx5_target {
	struct mlx5_qp *qp;
	struct mlx5_srq *srq;	/* that its receives are in; NULL: a ring of its own */
	uint32_t pd;		/* of the memory that it gives access to */
};

/* ---- posted.c ---- */

/* How many blocks of the send ring, and receives, were posted and are not consumed. */
uint16_t mlx5_sends_waiting(struct mlx5 *mlx5, struct mlx5_qp *qp);
uint16_t mlx5_recvs_waiting(struct mlx5 *mlx5, struct mlx5_qp *qp);

/* Read block @n of the send ring, counted from the head. What is out of reach reads as 0. */
void mlx5_send_block(struct mlx5 *mlx5, const struct mlx5_qp *qp, uint16_t n,
		     uint8_t block[WQE_BLOCK]);

/* Blocks that the request which begins with @block says it has; 0 is not valid. */
uint16_t mlx5_wqe_blocks(const uint8_t *block);

/* ---- access.c ---- */

/*
 * May @user access [@addr, @addr + @len) with @key, in the way of the REGION_* bits of @access
 * (0: a local read)? Appends the range to @list, which is valid until the gate is released.
 */
bool mlx5_access(struct mlx5 *mlx5, const struct mlx5_user *user, uint32_t key, uint64_t addr,
		 uint64_t len, uint8_t access, struct mlx5_list *list);

/* The other side's message makes @key of @user free. Return: false if it may not. */
bool mlx5_invalidate(struct mlx5 *mlx5, const struct mlx5_user *user, uint32_t key);

/* ---- wqe.c ---- */

/*
 * Append the data segments in [@at, @end). Inline data stay where they are. Return: a syndrome
 * for @user.
 */
enum mlx5_syndrome mlx5_list_read(struct mlx5 *mlx5, const struct mlx5_user *user,
				  const uint8_t *at, const uint8_t *end, uint8_t access,
				  struct mlx5_list *list);
enum mlx5_syndrome mlx5_wqe_decode(struct mlx5 *mlx5, const struct mlx5_qp *qp,
				   struct mlx5_work *work);

/* ---- datagram.c ---- */

/* Execute the request at the head of a UD queue, which takes one turn. */
enum mlx5_syndrome mlx5_datagram(struct mlx5 *mlx5, struct mlx5_qp *qp);

/* ---- sq.c ---- */

/* Execute a slice of the request at the head of the send queue. */
void mlx5_sq_run(struct mlx5 *mlx5, struct mlx5_qp *qp);

/* ---- srq.c ---- */

/* Take the receive at the head of the list. Return: false if none is posted. */
bool mlx5_srq_take(struct mlx5 *mlx5, struct mlx5_srq *srq, uint16_t *index);

/* ---- recv.c ---- */

/*
 * @to as the target of what @run asks for. Return: false if it takes no such request, as an
 * XRC queue pair whose domain the request's SRQ is not in.
 */
bool mlx5_target(struct mlx5 *mlx5, struct mlx5_qp *to, const struct mlx5_run *run,
		 struct mlx5_target *target);

/*
 * Move the next slice of a SEND by @from into the receive that the target has for it, and
 * complete that with the last one; a datagram is one slice. Return: a syndrome for the
 * sender; SYNDROME_RNR_RETRIES: there is no receive.
 */
enum mlx5_syndrome mlx5_recv_send(struct mlx5 *mlx5, const struct mlx5_target *to,
				  struct mlx5_qp *from, const struct mlx5_work *work);

/* A WRITE with immediate data takes a receive once its bytes have been moved. */
enum mlx5_syndrome mlx5_recv_imm(struct mlx5 *mlx5, const struct mlx5_target *to,
				 const struct mlx5_run *run);

/* ---- atomic.c ---- */

enum mlx5_syndrome mlx5_atomic(struct mlx5 *mlx5, struct mlx5_qp *qp,
			       const struct mlx5_target *to, const struct mlx5_work *work);

/* ---- pagefault.c ---- */

/*
 * The request at the head of @qp met a page that is not present: in its own list, in the
 * receive at @index that @to has for it, in the memory that @to gives access to. Return:
 * SYNDROME_PAGE_FAULT if the driver was told, and the request has to be run again when it
 * answers; otherwise what the request fails with.
 */
enum mlx5_syndrome mlx5_pagefault_local(struct mlx5 *mlx5, struct mlx5_qp *qp);
enum mlx5_syndrome mlx5_pagefault_recv(struct mlx5 *mlx5, struct mlx5_qp *qp,
				       const struct mlx5_target *to, uint16_t index);
enum mlx5_syndrome mlx5_pagefault_remote(struct mlx5 *mlx5, struct mlx5_qp *qp,
					 const struct mlx5_target *to,
					 const struct mlx5_work *work);

/* ---- umr.c ---- */

/* By the driver's queue pair for that; by another, on a memory window. */
enum mlx5_syndrome mlx5_umr(struct mlx5 *mlx5, const struct mlx5_qp *qp);

/* ---- complete.c ---- */

struct mlx5_completed {
	enum mlx5_completion kind;	/* requester's go to the send CQ */
	enum mlx5_syndrome syndrome;
	uint8_t opcode;			/* of a request */
	uint16_t counter;		/* its first block, or index of the receive */
	uint32_t bytes, imm;
	uint32_t source;		/* of a datagram: CQE_SOURCE */
	bool solicited;
	uint32_t xrc_srq;		/* number of the SRQ whose CQ it goes to; 0: the QP's own */
};

void mlx5_complete(struct mlx5 *mlx5, const struct mlx5_qp *qp,
		   const struct mlx5_completed *completed);

/* Write those that were held back and are due. */
void mlx5_held_release(struct mlx5 *mlx5);

/* ---- flush.c ---- */

/*
 * Complete some of what was posted to a QP in the error state. Return: was there anything?
 */
bool mlx5_flush(struct mlx5 *mlx5, struct mlx5_qp *qp);

#endif /* VNIC_MLX5_WORK_H */
