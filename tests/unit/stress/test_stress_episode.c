// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Processes that die between two steps, or do not end: the run goes on to its report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "run.h"

/* stress.c has these, beside main() */
struct config config;
struct shared *shared;
struct totals totals;

static struct shared memory;
static struct violation violation;

/* What the owner does after its first step. Owners are forked, so it is set before. */
static enum { GOES_ON, DIES, STAYS } then;

static void serve(int control)
{
	struct answer a;
	struct step step;
	int fd;

	while (actor_receive(control, &step, &fd)) {
		a = (struct answer){ .op = step.op, .actor = step.actor };
		actor_reply(control, &a, -1);
	}
}

/* After the first cycle it dies; or it finds something wrong and then does not end. */
void owner_run(unsigned int actor, int control)
{
	struct answer a = { .op = OP_SCAN, .actor = (uint8_t)actor };
	struct step step;
	int fd;

	while (then != GOES_ON && actor_receive(control, &step, &fd)) {
		if (step.op == OP_SCAN && then == STAYS)
			violate(&a, "a wrong stamp");
		a.op = step.op;
		actor_reply(control, &a, -1);
		if (step.op == OP_SCAN && then == DIES)
			_exit(1);
		if (step.op == OP_SCAN)
			sleep(60);
	}
	serve(control);
}

void importer_run(unsigned int actor, int control)
{
	(void)actor;
	serve(control);
}

void admin_run(unsigned int actor, int control)
{
	(void)actor;
	serve(control);
}

/* There is no machine to look at. */
void watch_log(struct violation *v)
{
	(void)v;
}

void watch_rest(struct violation *v)
{
	(void)v;
}

void watch_collect(const struct violation *v)
{
	(void)v;
}

void report_progress(bool last)
{
	(void)last;
}

static bool run(void)
{
	static const struct plan plan = {
		.nr = 2, .step = { { .op = OP_RESET }, { .op = OP_RESET, .cycle = 1 } },
	};

	shared = &memory;
	config.cast = (struct cast){ .devices = 1, .nics = 1, .owners = 1, .importers = 1 };
	config.step_limit_s = 1;
	return episode_run(&plan, &violation);
}

static void test_goes_on(void **state)
{
	(void)state;
	then = GOES_ON;
	assert_true(run());
	assert_string_equal(violation.text, "");
}

static void test_dies_between_steps(void **state)
{
	(void)state;
	then = DIES;
	assert_false(run());
	assert_string_equal(violation.text, "owner 0: the process died");
	assert_int_equal(violation.cycle, 1);
	assert_false(violation.hang);
}

/* The first violation is what is reported; that it hangs as well ends the run. */
static void test_does_not_end(void **state)
{
	(void)state;
	then = STAYS;
	assert_false(run());
	assert_string_equal(violation.text, "owner 0: a wrong stamp");
	assert_true(violation.hang);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_dies_between_steps),
		cmocka_unit_test(test_does_not_end),
	};

	return cmocka_run_group_tests_name("stress_episode", tests, NULL, NULL);
}
