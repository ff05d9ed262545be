// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Round robin: the queue that had the last turn is asked last, and none is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "verbs/turns.h"

static bool is_set(const void *priv, unsigned int queue)
{
	return *(const uint64_t *)priv >> queue & 1;
}

static void test_round_robin(void **state)
{
	uint64_t ready = 1 << 0 | 1 << 3 | 1 << 7;
	unsigned int last = 3;

	(void)state;
	assert_int_equal(turns_next(&last, 8, is_set, &ready), 7);
	assert_int_equal(turns_next(&last, 8, is_set, &ready), 0);
	assert_int_equal(turns_next(&last, 8, is_set, &ready), 3);
	ready = 1 << 3;
	assert_int_equal(turns_next(&last, 8, is_set, &ready), 3);	/* the only one */
	ready = 0;
	assert_int_equal(turns_next(&last, 8, is_set, &ready), -1);
	assert_int_equal(last, 3);
}

static void test_earlier(void **state)
{
	(void)state;
	assert_int_equal(turns_earlier(0, 0), 0);
	assert_int_equal(turns_earlier(5, 0), 5);
	assert_int_equal(turns_earlier(0, 5), 5);
	assert_int_equal(turns_earlier(4, 5), 4);
	assert_int_equal(turns_earlier(5, 4), 4);
}

static void test_pause(void **state)
{
	uint64_t now = clock_now_ns();

	(void)state;
	assert_int_equal(turns_pause_us(now), 0);
	assert_int_equal(turns_pause_us(now + 3600ull * 1000000000), 1000);
	assert_in_range(turns_pause_us(clock_now_ns() + 500000), 0, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_robin),
		cmocka_unit_test(test_earlier),
		cmocka_unit_test(test_pause),
	};

	return cmocka_run_group_tests_name("turns", tests, NULL, NULL);
}
