// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The guarantees of the gate, tested by order and not by time: each test brings threads into
 * a certain state, and they record who held the gate.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <semaphore.h>
#include <string.h>
#include <time.h>

#include "base/gate.h"

struct scene {
	struct gate gate;
	sem_t inside, go;	/* posted when the engine holds the gate; when it may go on */
	char order[16];		/* written by the gate's holder */
	unsigned int turns;
	bool open;		/* what gate_engine_wait() returned */
};

static void turn(struct scene *s, char who)
{
	s->order[s->turns++] = who;
}

static void scene_init(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	gate_init(&s->gate);
	sem_init(&s->inside, 0, 0);
	sem_init(&s->go, 0, 0);
}

static void scene_end(struct scene *s)
{
	sem_destroy(&s->inside);
	sem_destroy(&s->go);
	gate_destroy(&s->gate);
}

static void await_hosts(struct gate *gate, unsigned int count)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	while (__atomic_load_n(&gate->hosts, __ATOMIC_RELAXED) != count)
		nanosleep(&ms, NULL);
}

/* Two slices, with nothing between them but the gate. */
static void *two_slices(void *arg)
{
	struct scene *s = arg;

	gate_engine_enter(&s->gate);
	turn(s, 'E');
	sem_post(&s->inside);
	sem_wait(&s->go);
	gate_engine_leave(&s->gate);
	gate_engine_enter(&s->gate);
	turn(s, 'E');
	gate_engine_leave(&s->gate);
	return NULL;
}

static void *one_visit(void *arg)
{
	struct scene *s = arg;

	gate_enter(&s->gate);
	turn(s, 'H');
	gate_leave(&s->gate);
	return NULL;
}

static void hosts_pass_between_slices(unsigned int hosts, const char *order)
{
	pthread_t engine, host[3];
	struct scene s;

	scene_init(&s);
	assert_int_equal(pthread_create(&engine, NULL, two_slices, &s), 0);
	sem_wait(&s.inside);
	for (unsigned int i = 0; i < hosts; i++)
		assert_int_equal(pthread_create(&host[i], NULL, one_visit, &s), 0);
	await_hosts(&s.gate, hosts);
	sem_post(&s.go);
	pthread_join(engine, NULL);
	for (unsigned int i = 0; i < hosts; i++)
		pthread_join(host[i], NULL);
	assert_string_equal(s.order, order);
	assert_int_equal(s.gate.hosts, 0);
	scene_end(&s);
}

static void test_host_waits_one_slice(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		hosts_pass_between_slices(1, "EHE");
}

static void test_all_hosts_go_first(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		hosts_pass_between_slices(3, "EHHHE");
}

static void *wait_for_work(void *arg)
{
	struct scene *s = arg;

	gate_engine_enter(&s->gate);
	sem_post(&s->inside);
	s->open = gate_engine_wait(&s->gate);
	turn(s, 'E');
	gate_engine_leave(&s->gate);
	return NULL;
}

/* A kick wakes the engine at once, but it gets the gate only after the kicker has left it. */
static void test_kick_wakes_after_leave(void **state)
{
	pthread_t engine;
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_int_equal(pthread_create(&engine, NULL, wait_for_work, &s), 0);
	sem_wait(&s.inside);
	gate_enter(&s.gate);	/* the engine had the gate, so it sleeps now */
	gate_kick(&s.gate);
	turn(&s, 'H');
	gate_leave(&s.gate);
	pthread_join(engine, NULL);
	assert_string_equal(s.order, "HE");
	assert_true(s.open);
	assert_false(s.gate.kicked);
	scene_end(&s);
}

static void test_kick_is_kept(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	gate_enter(&s.gate);
	gate_kick(&s.gate);
	gate_kick(&s.gate);
	gate_leave(&s.gate);
	gate_engine_enter(&s.gate);
	assert_true(gate_engine_wait(&s.gate));
	assert_false(s.gate.kicked);
	gate_engine_leave(&s.gate);
	scene_end(&s);
}

static void test_close_ends_a_wait(void **state)
{
	pthread_t engine;
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_int_equal(pthread_create(&engine, NULL, wait_for_work, &s), 0);
	sem_wait(&s.inside);
	gate_close(&s.gate);
	pthread_join(engine, NULL);
	assert_false(s.open);
	gate_engine_enter(&s.gate);
	gate_kick(&s.gate);
	assert_false(gate_engine_wait(&s.gate));	/* for ever */
	gate_engine_leave(&s.gate);
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_waits_one_slice),
		cmocka_unit_test(test_all_hosts_go_first),
		cmocka_unit_test(test_kick_wakes_after_leave),
		cmocka_unit_test(test_kick_is_kept),
		cmocka_unit_test(test_close_ends_a_wait),
	};

	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
