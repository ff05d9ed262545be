// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Pages that the driver lends to the firmware. This one needs none; it asks for as many as
 * make the driver go through all of it, keeps their addresses, and gives them back.
 */
#include "mlx5.h"

#define BOOT_PAGES	16u
#define INIT_PAGES	64u

#define QUERY_BOOT	1u	/* op_mod of QUERY_PAGES */
#define QUERY_INIT	2u
#define GIVE		1u	/* op_mod of MANAGE_PAGES */
#define TAKE		2u

#define COUNT_IN	12u	/* u32; in QUERY_PAGES's answer, too */
#define COUNT_OUT	8u
#define ADDRESSES	16u	/* u64 each, in input and answer */

enum mlx5_status mlx5_query_pages(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	uint32_t count = 0;

	(void)mlx5;
	if (cmd->op_mod == QUERY_BOOT)
		count = BOOT_PAGES;
	else if (cmd->op_mod == QUERY_INIT)
		count = INIT_PAGES;
	mlx5_put32(cmd->out + COUNT_IN, count);
	return ST_OK;
}

static enum mlx5_status borrow(struct mlx5 *mlx5, const struct mlx5_cmd *cmd, uint32_t count)
{
	if (count > (cmd->in_len - ADDRESSES) / sizeof(uint64_t))
		return ST_BAD_INPUT_LENGTH;
	if (count > MAX_LENT_PAGES - mlx5->nr_lent)
		return ST_EXCEED_LIMIT;
	for (uint32_t i = 0; i < count; i++)
		mlx5->lent[mlx5->nr_lent++] =
			mlx5_get64(cmd->in + ADDRESSES + i * sizeof(uint64_t));
	return ST_OK;
}

static enum mlx5_status give_back(struct mlx5 *mlx5, struct mlx5_cmd *cmd, uint32_t count)
{
	uint32_t room = (cmd->out_len - ADDRESSES) / sizeof(uint64_t);

	if (count > room)
		return ST_BAD_OUTPUT_LENGTH;
	if (count > mlx5->nr_lent)
		count = mlx5->nr_lent;
	for (uint32_t i = 0; i < count; i++)
		mlx5_put64(cmd->out + ADDRESSES + i * sizeof(uint64_t),
			   mlx5->lent[--mlx5->nr_lent]);
	mlx5_put32(cmd->out + COUNT_OUT, count);
	return ST_OK;
}

enum mlx5_status mlx5_manage_pages(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	uint32_t count = mlx5_get32(cmd->in + COUNT_IN);

	switch (cmd->op_mod) {
	case GIVE:
		return borrow(mlx5, cmd, count);
	case TAKE:
		return give_back(mlx5, cmd, count);
	default:	/* the driver could not lend what was asked for */
		return ST_OK;
	}
}
