// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The engine: one turn of one QP that has something to do.
 *
 * Receives are posted without a doorbell, so a QP in the error state is looked at again and
 * again: everything that is posted to it has to complete as flushed.
 */
#include "mlx5.h"
#include "verbs/turns.h"

#define POLL_US 500u

static bool in_error(const void *priv, unsigned int number)
{
	const struct mlx5 *mlx5 = priv;

	return mlx5->qp[number].used && mlx5->qp[number].state == QP_ERR;
}

bool mlx5_step(struct mlx5 *mlx5, uint32_t *pause_us)
{
	unsigned int first;
	int turn = turns_next(&mlx5->turn, 1u << LOG_MAX_QP, in_error, mlx5);

	if (turn < 0)
		return false;
	*pause_us = mlx5->nic->fault.slow_us;
	for (first = (unsigned int)turn; !mlx5_flush(mlx5, &mlx5->qp[turn]);) {
		turn = turns_next(&mlx5->turn, 1u << LOG_MAX_QP, in_error, mlx5);
		if ((unsigned int)turn == first) {	/* none has anything now */
			*pause_us = POLL_US;
			break;
		}
	}
	return true;
}
