// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Guessed keys: WRITEs with each of many rkeys, over an unreliable connection, whose sender
 * learns of no error and goes on. A key is an index and a byte that the driver counts up, so
 * that the keys of the driver and of the other process are among these guesses. The first
 * address is one of the other process's, and the second in nobody's region: that one is good
 * only for the physical keys of the driver. Whoever got through would be seen by the
 * bystander, or would miss all that the IOMMU maps.
 */
#include "hostile_mlx5.h"
#include "lib/tap.h"

#define INDICES		512u
#define BYTES		96u		/* that are tried of each index */
#define NOWHERE		0x12345000ull

/* Behind those that were written, one that completes. Return: does it, with success? */
static bool flush_guesses(struct hostile_mlx5 *h)
{
	struct rawrc_wqe nop = rawrc_wqe(MLX5_OPCODE_NOP, 0);

	return rawrc_one(&h->raw, &nop) == IBV_WC_SUCCESS;
}

static bool guess(struct hostile_mlx5 *h, uint64_t addr, uint32_t key)
{
	struct rawrc_wqe wqe = rawrc_wqe(MLX5_OPCODE_RDMA_WRITE, 0);

	RAWRC_CTRL(&wqe)->fm_ce_se = 0;
	rawrc_remote(&wqe, addr, key);
	rawrc_local(&wqe, 8, h->local_mr->lkey, (uintptr_t)h->local);
	rawrc_put(&h->raw, &wqe);
	return h->raw.prod % (RAWRC_BLOCKS / 2) || flush_guesses(h);
}

static bool guess_all(struct hostile_mlx5 *h, uint64_t addr)
{
	for (uint32_t index = 0; index < INDICES; index++)
		for (uint32_t byte = 0; byte < BYTES; byte++)
			if (!guess(h, addr, index << 8 | byte))
				return false;
	return flush_guesses(h);
}

void hostile_mlx5_keys(struct hostile_mlx5 *h)
{
	bool sent;

	tap_check(h->bystander->key >> 8 < INDICES && (h->bystander->key & 0xff) < BYTES,
		  "the bystander's key is among those that are guessed", "it is %#x",
		  h->bystander->key);
	hostile_pair(h, IBV_QPT_UC, NULL);
	sent = guess_all(h, h->bystander->addr) && guess_all(h, NOWHERE);
	hostile_verdict(h, "no guessed key gives access", sent ? 0 : -1, 0);
	hostile_unpair(h);
}
