// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Completions of requests and receives, with success or an error; and the two faults that
 * lose them (drop-cqe) or hold them back (delay-cqe-us).
 */
#include <string.h>

#include "base/clock.h"
#include "work.h"

/* To whose queue it goes. Sets *@user to what the entry names to the program. */
static struct mlx5_cq *queue_of(struct mlx5 *mlx5, const struct mlx5_qp *qp,
				const struct mlx5_completed *completed, uint32_t *user)
{
	bool requester = completed->kind == CQE_REQUESTER ||
			 completed->kind == CQE_REQUESTER_ERROR;
	const struct mlx5_srq *srq;

	*user = (uint32_t)mlx5_get(qp->ctx, QPC_USER_INDEX);
	if (!completed->xrc_srq)
		return mlx5_cq_get(mlx5, requester ? qp->send_cq : qp->recv_cq);
	srq = mlx5_srq_get(mlx5, completed->xrc_srq);
	if (!srq || !srq->xrc)
		return NULL;
	*user = srq->user_index;
	return mlx5_cq_get(mlx5, srq->cq);
}

/* ---- completions held back ---- */

/* Whether it wakes a driver that waits for solicited ones, is kept in the owner's bit. */
static void write_held(void *device, const struct held_entry *entry)
{
	struct mlx5 *mlx5 = device;
	struct mlx5_cq *cq = mlx5_cq_get(mlx5, entry->cq);
	uint8_t cqe[CQE_SIZE];

	memcpy(cqe, entry->completion, sizeof(cqe));
	if (cq)
		mlx5_cq_post(mlx5, cq, cqe, cqe[CQE_OWNER] & 1);
}

static void hold(struct mlx5 *mlx5, const struct mlx5_cq *cq, uint32_t qp,
		 const uint8_t cqe[CQE_SIZE])
{
	struct held_entry entry = {
		.due = clock_now_ns() + mlx5->nic->fault.delay_cqe_us * 1000ull,
		.cq = (uint32_t)(cq - mlx5->cq), .qp = qp,
	};

	memcpy(entry.completion, cqe, CQE_SIZE);
	held_add(&mlx5->held, &entry, write_held, mlx5);
}

void mlx5_held_release(struct mlx5 *mlx5)
{
	held_release(&mlx5->held, write_held, mlx5);
}

/* ---- completions ---- */

/* To keep completions in order, a new one is also held while others are. */
static void push(struct mlx5 *mlx5, struct mlx5_cq *cq, uint32_t qp, uint8_t cqe[CQE_SIZE])
{
	struct fault *fault = &mlx5->nic->fault;

	if (fault->drop_cqe) {
		fault->drop_cqe--;
		mlx5->count.completions_lost++;
	} else if (fault->delay_cqe_us || held_due(&mlx5->held)) {
		hold(mlx5, cq, qp, cqe);
	} else {
		mlx5_cq_post(mlx5, cq, cqe, cqe[CQE_OWNER] & 1);
	}
}

void mlx5_complete(struct mlx5 *mlx5, const struct mlx5_qp *qp,
		   const struct mlx5_completed *completed)
{
	uint32_t user, number = (uint32_t)(qp - mlx5->qp);
	struct mlx5_cq *cq = queue_of(mlx5, qp, completed, &user);
	uint8_t cqe[CQE_SIZE] = { 0 };

	if (!cq)
		return;
	if (completed->source)
		mlx5_put16(cqe + CQE_SOURCE_LID, mlx5_config(&mlx5->nic->config)->lid);
	mlx5_put32(cqe + CQE_SOURCE, completed->source);
	mlx5_put32(cqe + CQE_USER, user);
	mlx5_put32(cqe + CQE_IMMEDIATE, completed->imm);
	mlx5_put32(cqe + CQE_BYTES, completed->bytes);
	mlx5_put64(cqe + CQE_TIME, clock_now_ns());
	cqe[CQE_SYNDROME] = (uint8_t)completed->syndrome;
	mlx5_put32(cqe + CQE_WQE_QPN, (uint32_t)completed->opcode << 24 | number);
	mlx5_put16(cqe + CQE_COUNTER, completed->counter);
	cqe[CQE_OWNER] = (uint8_t)(completed->kind << 4 |
				   (completed->solicited || completed->syndrome));
	push(mlx5, cq, number, cqe);
}
