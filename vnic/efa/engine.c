// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The engine: fair turns among QPs, one slice each, and the waiting for points
 * in time. It has no thread of its own; main.c gives it one.
 */
#include "base/clock.h"
#include "work.h"

#define MAX_PAUSE_US	1000u

/* Round robin: the QP after the one that had the last turn is asked first. */
static struct efa_qp *next_turn(struct efa *efa)
{
	for (unsigned int i = 1; i <= EFA_MAX_QP; i++) {
		uint16_t id = (efa->turn + i) % EFA_MAX_QP;

		if (efa_qp_has_work(&efa->qp[id])) {
			efa->turn = id;
			return &efa->qp[id];
		}
	}
	return NULL;
}

/* Of two points in time, where 0 is none. */
static uint64_t earlier(uint64_t a, uint64_t b)
{
	if (!a || !b)
		return a | b;
	return a < b ? a : b;
}

/* When the next parked request is to be tried again; 0: none waits for a time. */
static uint64_t next_retry(const struct efa *efa)
{
	uint64_t next = 0;

	for (unsigned int i = 0; i < EFA_MAX_QP; i++)
		next = earlier(next, efa_qp_retry_at(&efa->qp[i]));
	return next;
}

/* Nothing is left to do but to wait for @due. */
static void pause_until(struct efa *efa, uint64_t due)
{
	uint64_t now = clock_now_ns();
	uint64_t us = due > now ? (due - now + 999) / 1000 : 0;

	efa->pause_us = us < MAX_PAUSE_US ? (uint32_t)us : MAX_PAUSE_US;
}

bool efa_engine_step(struct efa *efa)
{
	struct efa_qp *qp;
	uint64_t due;

	efa->pause_us = 0;
	efa_held_release(efa);
	qp = next_turn(efa);
	if (qp) {
		efa_qp_run(efa, qp);
		efa->count.slices++;
		efa->pause_us = efa->nic->fault.slow_us;
		return true;
	}
	due = earlier(next_retry(efa), efa_held_due(efa));
	if (due)
		pause_until(efa, due);
	return due;
}
