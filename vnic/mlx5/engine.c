// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The engine: one turn of one QP that has something to do.
 *
 * Receives are posted without a doorbell, so two kinds of QP are looked at again and again:
 * one in the error state, where everything that is posted has to complete as flushed, and one
 * whose request waits for a receiver.
 */
#include "base/clock.h"
#include "verbs/turns.h"
#include "work.h"

#define POLL_US 500u

struct look {
	const struct mlx5 *mlx5;
	uint64_t now;
};

static bool may_run(const struct mlx5 *mlx5, unsigned int number)
{
	const struct mlx5_qp *qp = &mlx5->qp[number];

	return mlx5->look[number] && qp->used && (qp->state == QP_ERR || qp->state == QP_RTS);
}

static bool is_ready(const void *priv, unsigned int number)
{
	const struct look *look = priv;
	const struct mlx5_run *run = &look->mlx5->qp[number].run;

	return may_run(look->mlx5, number) && (!run->active || run->look_at <= look->now);
}

/* None is ready; is there one that will be later, or a completion that is held back? */
static bool any_waits(const struct mlx5 *mlx5)
{
	if (held_due(&mlx5->held))
		return true;
	for (unsigned int n = 0; n < 1u << LOG_MAX_QP; n++)
		if (may_run(mlx5, n))
			return true;
	return false;
}

/* Return: was there anything to do? */
static bool run(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	if (qp->state == QP_ERR)
		return mlx5_flush(mlx5, qp);
	mlx5_sq_run(mlx5, qp);
	return true;
}

/* The next QP that is ready and has something to do. Return: is there one? */
static bool take_turn(struct mlx5 *mlx5)
{
	struct look look = { .mlx5 = mlx5, .now = clock_now_ns() };
	int turn = turns_next(&mlx5->turn, 1u << LOG_MAX_QP, is_ready, &look), first = turn;

	if (turn < 0)
		return false;
	do {
		if (run(mlx5, &mlx5->qp[turn]))
			return true;
		turn = turns_next(&mlx5->turn, 1u << LOG_MAX_QP, is_ready, &look);
	} while (turn != first);
	return false;
}

bool mlx5_step(struct mlx5 *mlx5, uint32_t *pause_us)
{
	*pause_us = 0;
	if (mlx5_fault(&mlx5->nic->fault)->internal_error)
		return false;
	mlx5_held_release(mlx5);
	if (take_turn(mlx5)) {
		*pause_us = mlx5->nic->fault.slow_us;
		return true;
	}
	*pause_us = held_due(&mlx5->held) ? turns_pause_us(held_due(&mlx5->held)) : POLL_US;
	return any_waits(mlx5);
}
