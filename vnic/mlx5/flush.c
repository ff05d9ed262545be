// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The error state: what was posted, and what is posted later, completes in order, without
 * being done.
 */
#include "work.h"

#define BATCH 64u	/* completions in one turn */

/* A request is as many blocks as it says, at least one. */
static void flush_send(struct mlx5 *mlx5, struct mlx5_qp *qp, uint16_t left)
{
	struct mlx5_completed completed = {
		.kind = CQE_REQUESTER_ERROR,
		.syndrome = SYNDROME_FLUSHED,
		.counter = qp->sq_cons,
	};
	uint8_t block[WQE_BLOCK];
	uint16_t blocks;

	mlx5_send_block(mlx5, qp, 0, block);
	completed.opcode = block[WQE_OPCODE];
	blocks = mlx5_wqe_blocks(block);
	if (!blocks)
		blocks = 1;
	mlx5_complete(mlx5, qp, &completed);
	qp->sq_cons = (uint16_t)(qp->sq_cons + (blocks < left ? blocks : left));
}

/* The receive of a message that broke off. */
static void flush_taken(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	struct mlx5_completed completed = {
		.kind = CQE_RESPONDER_ERROR,
		.syndrome = SYNDROME_FLUSHED,
		.counter = qp->recv.index,
		.xrc_srq = qp->recv.xrc_srq,
	};

	mlx5_complete(mlx5, qp, &completed);
	qp->recv.taken = false;
}

static void flush_recv(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	struct mlx5_completed completed = {
		.kind = CQE_RESPONDER_ERROR,
		.syndrome = SYNDROME_FLUSHED,
		.counter = qp->rq_cons & (qp->rq_size - 1u),
	};

	mlx5_complete(mlx5, qp, &completed);
	qp->rq_cons++;
}

static bool flush_one(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	uint16_t sends = mlx5_sends_waiting(mlx5, qp);

	if (qp->recv.taken)
		flush_taken(mlx5, qp);
	else if (sends)
		flush_send(mlx5, qp, sends);
	else if (mlx5_recvs_waiting(mlx5, qp))
		flush_recv(mlx5, qp);
	else
		return false;
	return true;
}

bool mlx5_flush(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	unsigned int n = 0;

	while (n < BATCH && flush_one(mlx5, qp))
		n++;
	return n;
}
