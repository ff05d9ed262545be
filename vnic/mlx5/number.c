// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Objects that are a number only: who made one may name it until it is given back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/slots.h"
#include "mlx5.h"

static const struct {
	uint32_t first, end;
} ranges[NR_NUMBERS] = {
	[NUMBER_PD] = { 1, 1u << LOG_MAX_PD },
	[NUMBER_UAR] = { FIRST_UAR, MAX_UAR },
	[NUMBER_XRCD] = { 1, 1u << LOG_MAX_XRCD },
	[NUMBER_TD] = { 1, 1u << LOG_MAX_TD },
	[NUMBER_COUNTER] = { 1, MAX_COUNTERS },
};

int mlx5_numbers_init(struct mlx5 *mlx5)
{
	for (unsigned int i = 0; i < NR_NUMBERS; i++) {
		struct mlx5_numbers *n = &mlx5->number[i];

		n->first = ranges[i].first;
		n->end = ranges[i].end;
		n->last = n->end - n->first - 1;
		n->used = calloc(n->end, sizeof(*n->used));
		if (!n->used)
			return -ENOMEM;
	}
	return 0;
}

void mlx5_numbers_free(struct mlx5 *mlx5)
{
	for (unsigned int i = 0; i < NR_NUMBERS; i++)
		free(mlx5->number[i].used);
}

void mlx5_numbers_forget(struct mlx5 *mlx5)
{
	for (unsigned int i = 0; i < NR_NUMBERS; i++) {
		memset(mlx5->number[i].used, 0, mlx5->number[i].end);
		mlx5->number[i].live = 0;
	}
}

enum mlx5_status mlx5_number_alloc(struct mlx5 *mlx5, enum mlx5_number kind, uint32_t *number)
{
	struct mlx5_numbers *n = &mlx5->number[kind];
	uint32_t at = slots_find(n->used, sizeof(*n->used), n->first, n->end, &n->last);

	if (!at)
		return ST_NO_RESOURCES;
	n->used[at] = true;
	n->live++;
	*number = at;
	return ST_OK;
}

bool mlx5_number_live(const struct mlx5 *mlx5, enum mlx5_number kind, uint32_t number)
{
	const struct mlx5_numbers *n = &mlx5->number[kind];

	return number >= n->first && number < n->end && n->used[number];
}

enum mlx5_status mlx5_number_free(struct mlx5 *mlx5, enum mlx5_number kind, uint32_t number)
{
	if (!mlx5_number_live(mlx5, kind, number))
		return ST_BAD_RESOURCE;
	mlx5->number[kind].used[number] = false;
	mlx5->number[kind].live--;
	return ST_OK;
}
