// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Guessed keys. A key is an index and a byte that the driver counts up, so that those of the
 * other process and of the driver are among the guesses.
 *
 * As remote keys they are tried over an unreliable connection, whose sender learns of no error
 * and goes on; whoever got through would be seen by the bystander. The driver's physical keys
 * have no remote rights. As local keys they are tried on a pair each, with an address that
 * nothing is mapped at: whoever used one would make a stray access.
 */
#include <endian.h>

#include "hostile_mlx5.h"
#include "lib/nicctl.h"
#include "lib/tap.h"

#define DRIVER		24u		/* indices: the driver has the first that there are */
#define DRIVER_BYTES	8u
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

/* Return: was it refused? */
static bool guess_local(struct hostile_mlx5 *h, uint32_t key)
{
	struct rawrc_wqe wqe = hostile_good_write(h);
	int status;

	RAWRC_LOCAL(&wqe)->lkey = htobe32(key);
	RAWRC_LOCAL(&wqe)->addr = htobe64(NOWHERE);
	hostile_pair(h, IBV_QPT_RC, NULL);
	status = rawrc_one(&h->raw, &wqe);
	hostile_unpair(h);
	return status == IBV_WC_LOC_PROT_ERR;
}

static void check_local(struct hostile_mlx5 *h)
{
	uint64_t stray = nicctl_stray_total();
	bool refused = true;

	for (uint32_t index = 1; index <= DRIVER && refused; index++)
		for (uint32_t byte = 0; byte < DRIVER_BYTES && refused; byte++)
			refused = guess_local(h, index << 8 | byte);
	stray = nicctl_stray_total() - stray;
	tap_check(refused && !stray, "no guessed key of the driver is good for a local access",
		  "%s, %lu stray accesses", refused ? "all were refused" : "one was not", stray);
}

void hostile_mlx5_keys(struct hostile_mlx5 *h)
{
	bool sent;

	tap_check(h->bystander->key >> 8 < INDICES && (h->bystander->key & 0xff) < BYTES,
		  "the bystander's key is among those that are guessed", "it is %#x",
		  h->bystander->key);
	hostile_pair(h, IBV_QPT_UC, NULL);
	sent = guess_all(h, h->bystander->addr);
	hostile_verdict(h, "no guessed key gives access", sent ? 0 : -1, 0);
	hostile_unpair(h);
	check_local(h);
}
