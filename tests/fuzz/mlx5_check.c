// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Counts of users, sizes and indices of the virtual ConnectX: see mlx5_check.h. */
#include <string.h>

#include "mlx5_check.h"
#include "must.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static uint32_t cq_users[1u << LOG_MAX_CQ], srq_users[1u << LOG_MAX_SRQ];
static uint32_t used;		/* objects of any kind */

static bool shares(const struct mlx5_qp *qp)
{
	return mlx5_get(qp->ctx, QPC_RQ_TYPE) == RQ_SHARED;
}

/* ---- queue pairs ---- */

/* The receive that a message is arriving in is one of its ring. */
static void check_recv(const struct mlx5 *mlx5, const struct mlx5_qp *qp)
{
	uint32_t shared = shares(qp) ? (uint32_t)mlx5_get(qp->ctx, QPC_SRQ) : 0;
	const struct mlx5_srq *srq = &mlx5->srq[qp->recv.xrc_srq ? qp->recv.xrc_srq : shared];

	if (!qp->recv.taken)
		return;
	if (qp->recv.xrc_srq || shared) {
		MUST(srq->used && srq->xrc == !!qp->recv.xrc_srq);
		MUST(qp->recv.index < 1u << srq->log_size);
	} else {
		MUST(qp->recv.index < qp->rq_size);
	}
}

static void check_run(const struct mlx5 *mlx5, const struct mlx5_qp *qp)
{
	if (!qp->run.active)
		return;
	MUST(qp->state != QP_RST && qp->state != QP_ERR);
	MUST(qp->run.blocks && qp->run.blocks <= qp->sq_size);
	MUST(qp->run.done <= 1ull << LOG_MAX_MSG);
	if (qp->run.fault.token)
		MUST(&mlx5->qp[qp->run.fault.token % (1u << LOG_MAX_QP)] == qp);
}

static void count_qp(const struct mlx5 *mlx5, const struct mlx5_qp *qp)
{
	check_run(mlx5, qp);
	check_recv(mlx5, qp);
	MUST(!qp->sq_size || mlx5->cq[qp->send_cq].used);
	if (qp->send_cq < LENGTH(cq_users))
		cq_users[qp->send_cq]++;
	if (qp->recv_cq < LENGTH(cq_users))
		cq_users[qp->recv_cq]++;
	if (shares(qp))
		srq_users[mlx5_get(qp->ctx, QPC_SRQ)]++;
}

static void count_qps(const struct mlx5 *mlx5)
{
	for (uint32_t n = 0; n < LENGTH(mlx5->qp); n++) {
		const struct mlx5_qp *qp = &mlx5->qp[n];

		used += qp->used;
		if (qp->used)
			count_qp(mlx5, qp);
		else
			MUST(!qp->ring.page && !qp->run.active);
	}
}

/* ---- the queues that they hold ---- */

static void check_srqs(const struct mlx5 *mlx5)
{
	for (uint32_t n = 0; n < LENGTH(mlx5->srq); n++) {
		const struct mlx5_srq *srq = &mlx5->srq[n];

		used += srq->used;
		if (!srq->used)
			continue;
		MUST(srq->users == srq_users[n]);
		MUST(srq->head < 1u << srq->log_size);
		if (srq->xrc)
			cq_users[srq->cq]++;
	}
}

/* One that has no queue completes nowhere, and its number may be any. */
static void check_cqs(const struct mlx5 *mlx5)
{
	for (uint32_t n = 0; n < LENGTH(mlx5->cq); n++) {
		const struct mlx5_cq *cq = &mlx5->cq[n];

		used += cq->used;
		if (!cq->used)
			continue;
		MUST(cq->users == cq_users[n]);
		MUST(mlx5->eq[cq->eq].used);
	}
}

/* ---- keys, numbers ---- */

static void check_keys(const struct mlx5 *mlx5)
{
	uint64_t entries = 0;

	for (uint32_t n = 0; n < LENGTH(mlx5->mkey); n++) {
		const struct mlx5_mkey *mkey = &mlx5->mkey[n];

		used += mkey->used;
		MUST(!mkey->entry == !mkey->nr_entries);
		MUST(!mkey->entry || mkey->used || mkey->freed_ns);
		MUST(mkey->nr_entries <= MAX_KEY_ENTRIES);
		entries += mkey->nr_entries;
	}
	MUST(entries == mlx5->entries && entries <= MAX_ALL_ENTRIES);
}

static void check_numbers(const struct mlx5 *mlx5)
{
	for (unsigned int i = 0; i < NR_NUMBERS; i++) {
		const struct mlx5_numbers *numbers = &mlx5->number[i];
		uint32_t live = 0;

		for (uint32_t n = 0; n < numbers->end; n++)
			live += numbers->used[n];
		MUST(numbers->live == live);
		used += live;
	}
}

static void count_eqs(const struct mlx5 *mlx5)
{
	for (uint32_t n = 0; n < LENGTH(mlx5->eq); n++)
		used += mlx5->eq[n].used;
}

void mlx5_check(const struct mlx5 *mlx5)
{
	used = 0;
	memset(cq_users, 0, sizeof(cq_users));
	memset(srq_users, 0, sizeof(srq_users));
	count_eqs(mlx5);
	count_qps(mlx5);
	check_srqs(mlx5);
	check_cqs(mlx5);
	check_keys(mlx5);
	check_numbers(mlx5);
	MUST(mlx5->nr_lent <= MAX_LENT_PAGES);
}

void mlx5_check_empty(const struct mlx5 *mlx5)
{
	mlx5_check(mlx5);
	MUST(!used && !mlx5->entries && !mlx5->nr_lent && !mlx5->cmdq && !mlx5->enabled);
}
