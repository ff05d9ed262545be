// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The error state: what was posted, and what is posted later, completes in order, without
 * being done. How much was posted, the doorbell record says, which the guest may have filled
 * with anything: more than the ring holds is as much as it holds.
 */
#include <string.h>

#include "mlx5.h"

#define BATCH 64u	/* completions in one turn */

static uint16_t posted(struct mlx5 *mlx5, const struct mlx5_qp *qp, uint32_t off)
{
	uint64_t record = mlx5_get(qp->ctx, QPC_DBR);
	uint8_t b[4] = { 0 };

	nic_dma_read(mlx5->nic, record + off, b, sizeof(b), 0);
	return (uint16_t)mlx5_get32(b);
}

/* Move *@cons up to where the last @size entries before @prod begin. */
static uint16_t waiting(uint16_t prod, uint16_t *cons, uint16_t size)
{
	uint16_t n = (uint16_t)(prod - *cons);

	if (n > size)
		*cons = (uint16_t)(prod - size);
	return (uint16_t)(prod - *cons);
}

static void complete(struct mlx5 *mlx5, const struct mlx5_qp *qp, uint32_t cqn,
		     enum mlx5_completion kind, uint8_t opcode, uint16_t counter)
{
	struct mlx5_cq *cq = mlx5_cq_get(mlx5, cqn);
	uint32_t number = (uint32_t)(qp - mlx5->qp);
	uint8_t cqe[CQE_SIZE] = { 0 };

	if (!cq)
		return;
	mlx5_put32(cqe + CQE_USER, (uint32_t)mlx5_get(qp->ctx, QPC_USER_INDEX));
	cqe[CQE_SYNDROME] = SYNDROME_FLUSHED;
	mlx5_put32(cqe + CQE_WQE_QPN, (uint32_t)opcode << 24 | number);
	mlx5_put16(cqe + CQE_COUNTER, counter);
	cqe[CQE_OWNER] = (uint8_t)(kind << 4);
	mlx5_cq_post(mlx5, cq, cqe, true);
}

/* A request is as many blocks as it says, at least one. */
static bool flush_send(struct mlx5 *mlx5, struct mlx5_qp *qp, uint16_t left)
{
	uint64_t slot = qp->sq_cons & (qp->sq_size - 1u);
	uint64_t at = mlx5_ring_dma(&qp->ring, qp->rq_bytes + slot * WQE_BLOCK);
	uint8_t ctrl[WQE_CTRL_SIZE] = { 0 };
	uint16_t blocks;

	nic_dma_read(mlx5->nic, at, ctrl, sizeof(ctrl), 0);
	blocks = (uint16_t)(((ctrl[WQE_DS] & WQE_DS_MASK) + 3u) / 4u);
	if (!blocks)
		blocks = 1;
	complete(mlx5, qp, qp->send_cq, CQE_REQUESTER_ERROR, ctrl[WQE_OPCODE], qp->sq_cons);
	qp->sq_cons = (uint16_t)(qp->sq_cons + (blocks < left ? blocks : left));
	return true;
}

static bool flush_one(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	uint16_t left = 0;

	if (qp->sq_size)
		left = waiting(posted(mlx5, qp, QP_DBR_SEND), &qp->sq_cons, qp->sq_size);
	if (left)
		return flush_send(mlx5, qp, left);
	if (!qp->rq_size ||
	    !waiting(posted(mlx5, qp, QP_DBR_RECV), &qp->rq_cons, qp->rq_size))
		return false;
	complete(mlx5, qp, qp->recv_cq, CQE_RESPONDER_ERROR, 0,
		 qp->rq_cons & (qp->rq_size - 1u));
	qp->rq_cons++;
	return true;
}

bool mlx5_flush(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	unsigned int n = 0;

	while (n < BATCH && flush_one(mlx5, qp))
		n++;
	return n;
}
