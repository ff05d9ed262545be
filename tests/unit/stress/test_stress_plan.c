// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* From a seed to a plan, and a plan as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "plan.h"

#define EPISODES 100u

static const struct cast all = {
	.devices = 2, .nics = 2, .owners = 3, .importers = 4, .admin = true, .commands = 2,
};

static struct plan plan, other;

static void same_seed_same_plan(void **state)
{
	(void)state;
	plan_make(&plan, &all, 7, 3);
	plan_make(&other, &all, 7, 3);
	assert_int_equal(plan.nr, other.nr);
	assert_memory_equal(plan.step, other.step, plan.nr * sizeof(*plan.step));
	plan_make(&other, &all, 7, 4);
	assert_memory_not_equal(plan.step, other.step, 20 * sizeof(*plan.step));
	plan_make(&other, &all, 8, 3);
	assert_memory_not_equal(plan.step, other.step, 20 * sizeof(*plan.step));
}

/* In each cycle: one step an actor, and no buffer or MR that is made and used at once. */
static void steps_do_not_collide(void **state)
{
	(void)state;
	for (unsigned int e = 0; e < EPISODES; e++) {
		plan_make(&plan, &all, 1, e);
		for (unsigned int i = 1; i < plan.nr; i++) {
			const struct step *s = &plan.step[i];

			assert_true(s->cycle >= plan.step[i - 1].cycle);
			for (unsigned int k = i; k-- && plan.step[k].cycle == s->cycle;) {
				const struct step *t = &plan.step[k];

				assert_int_not_equal(s->actor, t->actor);
				if (s->op == OP_REGISTER && (t->op == OP_EXPORT ||
							     t->op == OP_SCATTER ||
							     t->op == OP_DROP))
					assert_int_not_equal(s->buffer, t->buffer);
				if (s->op == OP_REGISTER && t->op == OP_REGISTER)
					assert_int_not_equal(s->mr, t->mr);
			}
		}
	}
}

static void count(const struct cast *cast, unsigned int nr[NR_OPS])
{
	memset(nr, 0, NR_OPS * sizeof(*nr));
	for (unsigned int e = 0; e < EPISODES; e++) {
		plan_make(&plan, cast, 5, e);
		for (unsigned int i = 0; i < plan.nr; i++)
			nr[plan.step[i].op]++;
	}
}

static void every_operation_occurs(void **state)
{
	unsigned int nr[NR_OPS];

	(void)state;
	count(&all, nr);
	for (unsigned int op = 0; op < NR_OPS; op++)
		assert_int_not_equal(nr[op], 0);
}

static void what_is_left_out_does_not(void **state)
{
	unsigned int nr[NR_OPS];

	(void)state;
	for (unsigned int op = 0; op < NR_OPS; op++) {
		struct cast cast = all;

		cast.leave_out[op] = true;
		count(&cast, nr);
		assert_int_equal(nr[op], 0);
	}
}

static void without_root_no_administrator(void **state)
{
	struct cast cast = all;

	(void)state;
	cast.admin = false;
	for (unsigned int e = 0; e < EPISODES; e++) {
		plan_make(&plan, &cast, 5, e);
		for (unsigned int i = 0; i < plan.nr; i++)
			assert_int_not_equal(plan.step[i].actor, cast_admin(&cast));
	}
}

static void serial_numbers_are_unique(void **state)
{
	uint32_t last = 0;

	(void)state;
	for (unsigned int e = 0; e < EPISODES; e++) {
		plan_make(&plan, &all, 5, e);
		for (unsigned int i = 0; i < plan.nr; i++) {
			if (plan.step[i].op != OP_REGISTER)
				continue;
			assert_true(plan.step[i].serial > last);
			last = plan.step[i].serial;
		}
	}
}

static void text_and_back(void **state)
{
	struct step step;
	size_t size;
	char *text;
	FILE *f;

	(void)state;
	plan_make(&plan, &all, 9, 0);
	for (unsigned int i = 0; i < plan.nr; i++) {
		f = open_memstream(&text, &size);
		plan_print(f, &all, &plan.step[i]);
		fclose(f);
		assert_true(plan_parse(text, &all, &step));
		assert_memory_equal(&step, &plan.step[i], sizeof(step));
		free(text);
	}
}

static void other_text_is_no_step(void **state)
{
	static const char *const wrong[] = {
		"", "the last steps (the first number is the cycle):",
		"1 owner9 reset device 0 nic 0 buffer 0 mr 0 serial 0 dice 0x1",
		"1 owner0 dance device 0 nic 0 buffer 0 mr 0 serial 0 dice 0x1",
		"1 owner0 reset device 9 nic 0 buffer 0 mr 0 serial 0 dice 0x1",
		"50 owner0 reset device 0 nic 0 buffer 0 mr 0 serial 0 dice 0x1",
		"1 owner0 reset device 0",
	};
	struct step step;

	(void)state;
	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(plan_parse(wrong[i], &all, &step));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_plan), cmocka_unit_test(steps_do_not_collide),
		cmocka_unit_test(every_operation_occurs),
		cmocka_unit_test(what_is_left_out_does_not),
		cmocka_unit_test(without_root_no_administrator),
		cmocka_unit_test(serial_numbers_are_unique), cmocka_unit_test(text_and_back),
		cmocka_unit_test(other_text_is_no_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
