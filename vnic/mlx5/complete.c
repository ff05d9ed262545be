// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Completions of requests and receives, with success or an error. */
#include "work.h"

static bool of_requester(enum mlx5_completion kind)
{
	return kind == CQE_REQUESTER || kind == CQE_REQUESTER_ERROR;
}

void mlx5_complete(struct mlx5 *mlx5, const struct mlx5_qp *qp,
		   const struct mlx5_completed *completed)
{
	struct mlx5_cq *cq = mlx5_cq_get(mlx5, of_requester(completed->kind) ? qp->send_cq :
									       qp->recv_cq);
	uint32_t number = (uint32_t)(qp - mlx5->qp);
	uint8_t cqe[CQE_SIZE] = { 0 };

	if (!cq)
		return;
	if (completed->source)
		mlx5_put16(cqe + CQE_SOURCE_LID, mlx5_config(&mlx5->nic->config)->lid);
	mlx5_put32(cqe + CQE_SOURCE, completed->source);
	mlx5_put32(cqe + CQE_USER, (uint32_t)mlx5_get(qp->ctx, QPC_USER_INDEX));
	mlx5_put32(cqe + CQE_IMMEDIATE, completed->imm);
	mlx5_put32(cqe + CQE_BYTES, completed->bytes);
	cqe[CQE_SYNDROME] = (uint8_t)completed->syndrome;
	mlx5_put32(cqe + CQE_WQE_QPN, (uint32_t)completed->opcode << 24 | number);
	mlx5_put16(cqe + CQE_COUNTER, completed->counter);
	cqe[CQE_OWNER] = (uint8_t)(completed->kind << 4);
	mlx5_cq_post(mlx5, cq, cqe, completed->solicited || completed->syndrome);
}
