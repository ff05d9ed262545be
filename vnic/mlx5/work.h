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
	struct mlx5_list local;
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
 * May @qp access [@addr, @addr + @len) with @key, in the way of the REGION_* bits of @access
 * (0: a local read)? Fills in @region, which is valid until the gate is released.
 */
bool mlx5_access(struct mlx5 *mlx5, const struct mlx5_qp *qp, uint32_t key, uint64_t addr,
		 uint64_t len, uint8_t access, struct region *region);

/* ---- wqe.c ---- */

/*
 * Append the data segments in [@at, @end). Inline data stay where they are. Return: a syndrome
 * for the owner of @qp.
 */
enum mlx5_syndrome mlx5_list_read(struct mlx5 *mlx5, const struct mlx5_qp *qp,
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

/* ---- recv.c ---- */

/*
 * Move the next slice of a SEND by @from into the receive at the head of @to's queue, and
 * complete that with the last one; a datagram is one slice. Return: a syndrome for the
 * sender; SYNDROME_RNR_RETRIES: there is no receive.
 */
enum mlx5_syndrome mlx5_recv_send(struct mlx5 *mlx5, struct mlx5_qp *to, struct mlx5_qp *from,
				  const struct mlx5_work *work);

/* A WRITE with immediate data takes a receive once its bytes have been moved. */
enum mlx5_syndrome mlx5_recv_imm(struct mlx5 *mlx5, struct mlx5_qp *to,
				 const struct mlx5_run *run);

/* ---- atomic.c ---- */

enum mlx5_syndrome mlx5_atomic(struct mlx5 *mlx5, struct mlx5_run *run, const struct mlx5_qp *to,
			       const struct mlx5_work *work);

/* ---- umr.c ---- */

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
};

void mlx5_complete(struct mlx5 *mlx5, const struct mlx5_qp *qp,
		   const struct mlx5_completed *completed);

/* ---- flush.c ---- */

/*
 * Complete some of what was posted to a QP in the error state. Return: was there anything?
 */
bool mlx5_flush(struct mlx5 *mlx5, struct mlx5_qp *qp);

#endif /* VNIC_MLX5_WORK_H */
