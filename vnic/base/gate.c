// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The gate: see gate.h for who takes it and why.
 *
 * A mutex alone would not do: it is not fair, so an engine that releases and
 * retakes it would keep the host side out for many slices. Hence the count of
 * host-side threads, which is raised before they queue for the mutex: the
 * engine looks at it whenever it comes back and sleeps until it is 0. That
 * bounds the host side's wait by the one slice that may be under way.
 */
#include "gate.h"

void gate_init(struct gate *gate)
{
	pthread_mutex_init(&gate->lock, NULL);
	pthread_cond_init(&gate->work, NULL);
	pthread_cond_init(&gate->idle, NULL);
	gate->hosts = 0;
	gate->kicked = false;
	gate->closing = false;
}

void gate_destroy(struct gate *gate)
{
	pthread_cond_destroy(&gate->idle);
	pthread_cond_destroy(&gate->work);
	pthread_mutex_destroy(&gate->lock);
}

void gate_enter(struct gate *gate)
{
	__atomic_fetch_add(&gate->hosts, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&gate->lock);
}

/*
 * The count falls under the mutex, where the engine reads it: it cannot see
 * "still a host" and then miss the wake-up.
 */
void gate_leave(struct gate *gate)
{
	if (__atomic_sub_fetch(&gate->hosts, 1, __ATOMIC_RELAXED) == 0)
		pthread_cond_signal(&gate->idle);
	pthread_mutex_unlock(&gate->lock);
}

void gate_kick(struct gate *gate)
{
	gate->kicked = true;
	pthread_cond_signal(&gate->work);
}

void gate_close(struct gate *gate)
{
	gate_enter(gate);
	gate->closing = true;
	pthread_cond_signal(&gate->work);
	gate_leave(gate);
}

static void let_hosts_pass(struct gate *gate)
{
	while (__atomic_load_n(&gate->hosts, __ATOMIC_RELAXED) > 0)
		pthread_cond_wait(&gate->idle, &gate->lock);
}

void gate_engine_enter(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	let_hosts_pass(gate);
}

void gate_engine_leave(struct gate *gate)
{
	pthread_mutex_unlock(&gate->lock);
}

bool gate_engine_wait(struct gate *gate)
{
	while (!gate->kicked && !gate->closing)
		pthread_cond_wait(&gate->work, &gate->lock);
	let_hosts_pass(gate);
	gate->kicked = false;	/* the caller now looks at all work there is */
	return !gate->closing;
}
