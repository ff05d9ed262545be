// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Compare-and-swap and fetch-and-add of 8 bytes, which memory has in the host's byte order.
 * They are atomic also with respect to the CPU. The value is delivered before it is changed, so
 * that a request that fails has changed nothing, and once more if the CPU, or the delivery
 * itself, has changed it meanwhile.
 */
#include <string.h>

#include "work.h"

struct word {			/* the other side's 8 bytes */
	struct mlx5_list list;	/* one segment */
	uint64_t dma, *at;
};

static enum mlx5_syndrome find(struct mlx5 *mlx5, struct mlx5_qp *qp,
			       const struct mlx5_target *to, const struct mlx5_work *work,
			       struct word *word)
{
	struct mlx5_user user = { .qp = to->qp, .pd = to->pd };
	uint64_t len = ATOMIC_BYTES;
	const struct segment *seg;

	word->list.nr = 0;
	if (work->addr % ATOMIC_BYTES)
		return SYNDROME_REMOTE_INVALID;
	if (!mlx5_get(to->qp->ctx, QPC_RAE) ||
	    !mlx5_access(mlx5, &user, work->key, work->addr, len, REGION_REMOTE_ATOMIC,
			 &word->list) || word->list.nr != 1)
		return SYNDROME_REMOTE_ACCESS;
	seg = &word->list.seg[0];
	if (!region_present(seg->region, seg->addr, true))
		return mlx5_pagefault_remote(mlx5, qp, to, work);
	word->dma = region_dma(seg->region, seg->addr, &len);
	if (word->dma % ATOMIC_BYTES)	/* of a page that begins anywhere */
		return SYNDROME_REMOTE_INVALID;
	len = ATOMIC_BYTES;
	word->at = nic_dma_window(mlx5->nic, word->dma, &len, DMA_PROT_READ | DMA_PROT_WRITE,
				  work->key);
	return word->at && len == ATOMIC_BYTES ? SYNDROME_OK : SYNDROME_REMOTE_ACCESS;
}

/* Return: the old value. */
static uint64_t change(const struct mlx5_work *work, uint64_t *at)
{
	uint64_t old = work->compare;

	if (work->op == WR_FETCH_ADD)
		return __atomic_fetch_add(at, work->operand, __ATOMIC_ACQ_REL);
	__atomic_compare_exchange_n(at, &old, work->operand, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_ACQUIRE);
	return old;
}

static enum mlx5_syndrome deliver(struct mlx5 *mlx5, struct mlx5_qp *qp,
				  const struct mlx5_list *local, const uint64_t *old)
{
	struct segment value = { .bytes = (const uint8_t *)old, .len = ATOMIC_BYTES };
	struct copy_result moved = verbs_copy(mlx5->nic, local->seg, local->nr, &value, 1, 0,
					      ATOMIC_BYTES);

	if (moved.absent)
		return mlx5_pagefault_local(mlx5, qp);
	return moved.moved == ATOMIC_BYTES ? SYNDROME_OK : SYNDROME_LOCAL_PROTECTION;
}

enum mlx5_syndrome mlx5_atomic(struct mlx5 *mlx5, struct mlx5_qp *qp,
			       const struct mlx5_target *to, const struct mlx5_work *work)
{
	enum mlx5_syndrome syndrome;
	struct word word;
	uint64_t seen, old;

	syndrome = find(mlx5, qp, to, work, &word);
	if (syndrome)
		return syndrome;
	seen = __atomic_load_n(word.at, __ATOMIC_ACQUIRE);
	syndrome = deliver(mlx5, qp, &work->local, &seen);
	if (syndrome)
		return syndrome;
	old = change(work, word.at);
	if (old != seen)		/* what was possible before is so again */
		deliver(mlx5, qp, &work->local, &old);
	verbs_note_gone(mlx5->nic, word.list.seg[0].region, word.dma, ATOMIC_BYTES, true);
	qp->run.done = ATOMIC_BYTES;
	return SYNDROME_OK;
}
