// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What waits in the rings of a queue pair. How much was posted, the doorbell record in the
 * guest's memory says, which may hold anything: more than the ring holds counts as the last
 * that fits.
 */
#include <string.h>

#include "work.h"

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

uint16_t mlx5_sends_waiting(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	return qp->sq_size ? waiting(posted(mlx5, qp, QP_DBR_SEND), &qp->sq_cons, qp->sq_size)
			   : 0;
}

uint16_t mlx5_recvs_waiting(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	return qp->rq_size ? waiting(posted(mlx5, qp, QP_DBR_RECV), &qp->rq_cons, qp->rq_size)
			   : 0;
}

void mlx5_send_block(struct mlx5 *mlx5, const struct mlx5_qp *qp, uint16_t n,
		     uint8_t block[WQE_BLOCK])
{
	uint64_t slot = (qp->sq_cons + n) & (qp->sq_size - 1u);
	uint64_t at = mlx5_ring_dma(&qp->ring, qp->rq_bytes + slot * WQE_BLOCK);

	if (nic_dma_read(mlx5->nic, at, block, WQE_BLOCK, 0))
		memset(block, 0, WQE_BLOCK);
}

uint16_t mlx5_wqe_blocks(const uint8_t *block)
{
	return (uint16_t)(((block[WQE_DS] & WQE_DS_MASK) + 3u) / 4u);
}
