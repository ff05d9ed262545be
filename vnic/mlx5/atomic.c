// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Compare-and-swap and fetch-and-add of 8 bytes, which memory has in the host's byte order.
 * They are atomic also with respect to the CPU. The old value is delivered first, so that a
 * request that fails has changed nothing.
 */
#include <string.h>

#include "work.h"

/* The other side's 8 bytes. */
static enum mlx5_syndrome target(struct mlx5 *mlx5, const struct mlx5_qp *to,
				 const struct mlx5_work *work, uint64_t **at)
{
	uint64_t len = ATOMIC_BYTES, dma;
	struct region region;

	if (work->addr % ATOMIC_BYTES)
		return SYNDROME_REMOTE_INVALID;
	if (!mlx5_get(to->ctx, QPC_RAE) ||
	    !mlx5_access(mlx5, to, work->key, work->addr, len, REGION_REMOTE_ATOMIC, &region) ||
	    !region_present(&region, work->addr, true))
		return SYNDROME_REMOTE_ACCESS;
	dma = region_dma(&region, work->addr, &len);
	len = ATOMIC_BYTES;
	*at = nic_dma_window(mlx5->nic, dma, &len, DMA_PROT_READ | DMA_PROT_WRITE, work->key);
	return *at && len == ATOMIC_BYTES ? SYNDROME_OK : SYNDROME_REMOTE_ACCESS;
}

static uint64_t changed(const struct mlx5_work *work, const uint8_t *wqe, uint64_t old)
{
	uint64_t operand = mlx5_get64(wqe + WQE_OPERAND);

	if (work->op == WR_FETCH_ADD)
		return old + operand;
	return old == mlx5_get64(wqe + WQE_COMPARE) ? operand : old;
}

static bool deliver(struct mlx5 *mlx5, const struct mlx5_list *local, const uint64_t *old)
{
	struct segment value = { .bytes = (const uint8_t *)old, .len = ATOMIC_BYTES };

	return verbs_copy(mlx5->nic, local->seg, local->nr, &value, 1, 0, ATOMIC_BYTES).moved ==
	       ATOMIC_BYTES;
}

enum mlx5_syndrome mlx5_atomic(struct mlx5 *mlx5, struct mlx5_run *run, const struct mlx5_qp *to,
			       const struct mlx5_work *work)
{
	enum mlx5_syndrome syndrome;
	uint64_t *at, old;

	syndrome = target(mlx5, to, work, &at);
	if (syndrome)
		return syndrome;
	do {
		old = __atomic_load_n(at, __ATOMIC_ACQUIRE);
		if (!deliver(mlx5, &work->local, &old))
			return SYNDROME_LOCAL_PROTECTION;
	} while (!__atomic_compare_exchange_n(at, &old, changed(work, run->wqe, old), false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	run->done = ATOMIC_BYTES;
	return SYNDROME_OK;
}
