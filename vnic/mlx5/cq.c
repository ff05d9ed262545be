// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Completion queues: creation, destruction, and what a query tells. */
#include <string.h>

#include "mlx5.h"

#define LOG_CQE_64	6u
#define LOG_CQE_128	7u

struct mlx5_cq *mlx5_cq_get(struct mlx5 *mlx5, uint32_t number)
{
	return number < 1u << LOG_MAX_CQ && mlx5->cq[number].used ? &mlx5->cq[number] : NULL;
}

static struct mlx5_cq *find_slot(struct mlx5 *mlx5)
{
	const uint32_t count = (1u << LOG_MAX_CQ) - 1;

	for (uint32_t i = 1; i <= count; i++) {
		uint32_t n = 1 + (mlx5->last_cq + i) % count;

		if (!mlx5->cq[n].used) {
			mlx5->last_cq = n - 1;
			return &mlx5->cq[n];
		}
	}
	return NULL;
}

static enum mlx5_status check(struct mlx5 *mlx5, const uint8_t *ctx)
{
	uint64_t eq = mlx5_get(ctx, CQC_EQ);

	if (mlx5_get(ctx, CQC_LOG_SIZE) > LOG_MAX_CQ_SIZE || mlx5_get(ctx, CQC_CQE_SZ) > 2 ||
	    !mlx5_number_live(mlx5, NUMBER_UAR, (uint32_t)mlx5_get(ctx, CQC_UAR)))
		return ST_BAD_PARAM;
	return eq < 1u << LOG_MAX_EQ && mlx5->eq[eq].used ? ST_OK : ST_BAD_RESOURCE;
}

enum mlx5_status mlx5_create_cq(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const uint8_t *ctx = cmd->in + CQC;
	unsigned int shift = 12 + (unsigned int)mlx5_get(ctx, CQC_LOG_PAGE);
	struct mlx5_cq cq = {
		.used = true,
		.log_size = (uint8_t)mlx5_get(ctx, CQC_LOG_SIZE),
		.log_cqe = mlx5_get(ctx, CQC_CQE_SZ) ? LOG_CQE_128 : LOG_CQE_64,
		.eq = (uint8_t)mlx5_get(ctx, CQC_EQ),
	};
	enum mlx5_status status = check(mlx5, ctx);
	struct mlx5_cq *slot;

	if (status)
		return status;
	slot = find_slot(mlx5);
	if (!slot)
		return ST_NO_RESOURCES;
	status = mlx5_ring_take(cmd, 1ull << (cq.log_size + cq.log_cqe), shift,
				(uint32_t)mlx5_get(ctx, CQC_PAGE_OFFSET) << (shift - 6),
				&cq.ring);
	if (status)
		return status;
	memcpy(cq.ctx, ctx, CQC_SIZE);
	*slot = cq;
	mlx5_set(cmd->out, OUT_OBJECT, slot - mlx5->cq);
	return ST_OK;
}

static void drop(struct mlx5_cq *cq)
{
	mlx5_ring_free(&cq->ring);
	*cq = (struct mlx5_cq){ 0 };
}

enum mlx5_status mlx5_destroy_cq(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	struct mlx5_cq *cq = mlx5_cq_get(mlx5, (uint32_t)mlx5_get(cmd->in, IN_OBJECT));

	if (!cq)
		return ST_BAD_RESOURCE;
	if (cq->users)
		return ST_BAD_RESOURCE_STATE;
	drop(cq);
	return ST_OK;
}

enum mlx5_status mlx5_query_cq(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const struct mlx5_cq *cq = mlx5_cq_get(mlx5, (uint32_t)mlx5_get(cmd->in, IN_OBJECT));

	if (!cq)
		return ST_BAD_RESOURCE;
	memcpy(cmd->out + CQC, cq->ctx, CQC_SIZE);
	return ST_OK;
}

void mlx5_cq_forget(struct mlx5 *mlx5)
{
	for (uint32_t n = 0; n < 1u << LOG_MAX_CQ; n++)
		drop(&mlx5->cq[n]);
}
