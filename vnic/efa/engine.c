// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* nic_model.step(): one slice of one QP's work, or the wait for a point in time. */
#include "verbs/turns.h"
#include "work.h"

static bool is_ready(const void *priv, unsigned int queue)
{
	const struct efa *efa = priv;

	return efa_qp_has_work(&efa->qp[queue]);
}

/* When the next parked request is to be tried again; 0: none has a time for that. */
static uint64_t next_retry(const struct efa *efa)
{
	uint64_t next = 0;

	for (unsigned int i = 0; i < EFA_MAX_QP; i++)
		next = turns_earlier(next, efa_qp_retry_at(&efa->qp[i]));
	return next;
}

bool efa_engine_step(struct efa *efa)
{
	uint64_t due;
	int turn;

	efa->pause_us = 0;
	efa_held_release(efa);
	turn = turns_next(&efa->turn, EFA_MAX_QP, is_ready, efa);
	if (turn >= 0) {
		efa_qp_run(efa, &efa->qp[turn]);
		efa->count.slices++;
		efa->pause_us = efa->nic->fault.slow_us;
		return true;
	}
	due = turns_earlier(next_retry(efa), held_due(&efa->held));
	if (due)
		efa->pause_us = turns_pause_us(due);
	return due;
}
