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

void mlx5_look(struct mlx5 *mlx5, const struct mlx5_qp *qp, bool look)
{
	size_t number = (size_t)(qp - mlx5->qp);
	uint64_t bit = 1ull << number % 64, *word = &mlx5->look[number / 64];

	*word = look ? *word | bit : *word & ~bit;
}

/* The first number from @n on that is to be looked at; the number of all if there is none. */
static uint32_t next(const struct mlx5 *mlx5, uint32_t n)
{
	for (uint32_t w = n / 64; w < LOOK_WORDS; w++) {
		uint64_t word = mlx5->look[w] & (w == n / 64 ? ~0ull << n % 64 : ~0ull);

		if (word)
			return w * 64 + (uint32_t)__builtin_ctzll(word);
	}
	return 1u << LOG_MAX_QP;
}

static bool may_run(const struct mlx5 *mlx5, uint32_t number)
{
	const struct mlx5_qp *qp = &mlx5->qp[number];

	return qp->used && (qp->state == QP_ERR || qp->state == QP_RTS);
}

static bool is_ready(const struct mlx5 *mlx5, uint32_t number, uint64_t now)
{
	const struct mlx5_run *run = &mlx5->qp[number].run;

	return may_run(mlx5, number) && (!run->active || run->look_at <= now);
}

/* None is ready; is there one that will be later, or a completion that is held back? */
static bool any_waits(const struct mlx5 *mlx5)
{
	if (held_due(&mlx5->held))
		return true;
	for (uint32_t n = next(mlx5, 0); n < 1u << LOG_MAX_QP; n = next(mlx5, n + 1))
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

/* Those in [@from, @end), until one had something to do. Return: did one? */
static bool take_turn(struct mlx5 *mlx5, uint32_t from, uint32_t end, uint64_t now)
{
	for (uint32_t n = next(mlx5, from); n < end; n = next(mlx5, n + 1)) {
		if (!is_ready(mlx5, n, now))
			continue;
		mlx5->turn = n;
		if (run(mlx5, &mlx5->qp[n]))
			return true;
	}
	return false;
}

/* Round robin: those behind the one that had the last turn come first, and that one last. */
static bool take_turns(struct mlx5 *mlx5)
{
	uint32_t from = mlx5->turn + 1;
	uint64_t now = clock_now_ns();

	return take_turn(mlx5, from, 1u << LOG_MAX_QP, now) || take_turn(mlx5, 0, from, now);
}

bool mlx5_step(struct mlx5 *mlx5, uint32_t *pause_us)
{
	*pause_us = 0;
	if (mlx5_fault(&mlx5->nic->fault)->internal_error)
		return false;
	mlx5_held_release(mlx5);
	if (take_turns(mlx5)) {
		*pause_us = mlx5->nic->fault.slow_us;
		return true;
	}
	*pause_us = held_due(&mlx5->held) ? turns_pause_us(held_due(&mlx5->held)) : POLL_US;
	return any_waits(mlx5);
}
