// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The gate: see gate.h for who takes it and why.
 *
 * A mutex alone is not enough. It is not fair, so an engine that releases and
 * retakes it would keep the host side out for many slices. Therefore gate->hosts
 * counts host-side threads, and each of them increments it before it queues for the
 * mutex. After it has retaken the mutex, the engine sleeps until the count is 0. So
 * the host side waits for the engine at most as long as one slice takes.
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
 * The count is decremented with the mutex held, and the engine reads it with the mutex
 * held. So the engine cannot see a count above 0 and then miss the wake-up.
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
	gate->kicked = false;	/* the caller now looks for all work that there is */
	return !gate->closing;
}
