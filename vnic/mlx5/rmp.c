// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Receive memory pools: what an application knows as a shared receive queue. */
#include <string.h>

#include "core/slots.h"
#include "mlx5.h"

static struct mlx5_rmp *rmp_get(struct mlx5 *mlx5, uint32_t number)
{
	return number < 1u << LOG_MAX_SRQ && mlx5->rmp[number].used ? &mlx5->rmp[number] : NULL;
}

static struct mlx5_rmp *find_slot(struct mlx5 *mlx5)
{
	uint32_t n = SLOTS_FIND(mlx5->rmp, 1, &mlx5->last_rmp);

	return n ? &mlx5->rmp[n] : NULL;
}

enum mlx5_status mlx5_create_rmp(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const uint8_t *in = cmd->in;
	unsigned int shift = 12 + (unsigned int)mlx5_get(in, RMP_LOG_PAGE);
	uint64_t log_size = mlx5_get(in, RMP_LOG_SIZE);
	struct mlx5_rmp rmp = { .used = true, .pd = (uint32_t)mlx5_get(in, RMP_PD) }, *slot;
	enum mlx5_status status;

	if (log_size > LOG_MAX_SRQ_SIZE || !mlx5_number_live(mlx5, NUMBER_PD, rmp.pd))
		return ST_BAD_PARAM;
	slot = find_slot(mlx5);
	if (!slot)
		return ST_NO_RESOURCES;
	status = mlx5_ring_take(cmd, 1ull << (log_size + mlx5_get(in, RMP_LOG_STRIDE)), shift,
				(uint32_t)mlx5_get(in, RMP_PAGE_OFFSET) << (shift - 5),
				&rmp.ring);
	if (status)
		return status;
	memcpy(rmp.ctx, in + RMP_IN, RMPC_SIZE);
	*slot = rmp;
	mlx5_set(cmd->out, OUT_OBJECT, slot - mlx5->rmp);
	return ST_OK;
}

static void drop(struct mlx5_rmp *rmp)
{
	mlx5_ring_free(&rmp->ring);
	*rmp = (struct mlx5_rmp){ 0 };
}

enum mlx5_status mlx5_destroy_rmp(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	struct mlx5_rmp *rmp = rmp_get(mlx5, (uint32_t)mlx5_get(cmd->in, IN_OBJECT));

	if (!rmp)
		return ST_BAD_RESOURCE;
	drop(rmp);
	return ST_OK;
}

enum mlx5_status mlx5_query_rmp(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const struct mlx5_rmp *rmp = rmp_get(mlx5, (uint32_t)mlx5_get(cmd->in, IN_OBJECT));

	if (!rmp)
		return ST_BAD_RESOURCE;
	memcpy(cmd->out + RMP_IN, rmp->ctx, RMPC_SIZE);
	return ST_OK;
}

void mlx5_rmp_forget(struct mlx5 *mlx5)
{
	for (uint32_t n = 0; n < 1u << LOG_MAX_SRQ; n++)
		drop(&mlx5->rmp[n]);
}
