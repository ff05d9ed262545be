// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rings in guest memory, given as a list of pages at the end of a command. */
#include <stdlib.h>

#include "mlx5.h"

#define MAX_SHIFT	31u	/* pages of 2 GiB, as large as the driver has them */

enum mlx5_status mlx5_ring_take(const struct mlx5_cmd *cmd, uint64_t bytes, unsigned int shift,
				struct mlx5_part start, struct mlx5_ring *ring)
{
	uint64_t pages, at;

	if (shift > MAX_SHIFT || start.n >> start.log_parts)
		return ST_BAD_PARAM;
	at = start.n << (shift - start.log_parts);
	pages = (at + bytes + (1ull << shift) - 1) >> shift;
	if (cmd->in_len < IN_PAGES || pages > (cmd->in_len - IN_PAGES) / sizeof(uint64_t))
		return ST_BAD_INPUT_LENGTH;
	*ring = (struct mlx5_ring){ .nr_pages = (uint32_t)pages, .shift = (uint8_t)shift,
				    .start = (uint32_t)at };
	if (!pages)
		return ST_OK;
	ring->page = malloc(pages * sizeof(*ring->page));
	if (!ring->page)
		return ST_NO_RESOURCES;
	for (uint32_t i = 0; i < pages; i++)
		ring->page[i] = mlx5_get64(cmd->in + IN_PAGES + i * sizeof(uint64_t));
	return ST_OK;
}

void mlx5_ring_free(struct mlx5_ring *ring)
{
	free(ring->page);
	*ring = (struct mlx5_ring){ 0 };
}

uint64_t mlx5_ring_dma(const struct mlx5_ring *ring, uint64_t off)
{
	off += ring->start;
	return ring->page[off >> ring->shift] + (off & ((1ull << ring->shift) - 1));
}
