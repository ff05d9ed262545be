// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Filling memory with a pattern and comparing it: at every alignment, and with a wrong byte
 * in every place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "loopback/pattern.h"

#define SIZE 1200	/* two blocks of words and a remainder */
#define WORD 0x1122334455667788u

static uint8_t bar[SIZE + 64] __attribute__((aligned(64)));
static uint8_t host[SIZE + 64] __attribute__((aligned(64)));

static void make_host(void)
{
	uint64_t random = 5;
	size_t i;

	for (i = 0; i < sizeof(host); i++)
		host[i] = pattern_random(&random);
}

static void copies_at_every_alignment(void **state)
{
	size_t to, from, n;

	(void)state;
	make_host();
	for (to = 0; to < 9; to++) {
		for (from = 0; from < 9; from++) {
			for (n = 0; n < 40; n++) {
				memset(bar, 0, sizeof(bar));
				pattern_copy(bar + 16 + to, host + from, n);
				assert_memory_equal(bar + 16 + to, host + from, n);
				assert_int_equal(bar[15 + to], 0);
				assert_int_equal(bar[16 + to + n], 0);
			}
		}
	}
}

static void fills_in_step_with_the_address(void **state)
{
	static uint8_t whole[sizeof(bar)] __attribute__((aligned(64)));
	size_t at, n;

	(void)state;
	pattern_fill(whole, sizeof(whole), WORD);
	assert_memory_equal(whole, &(uint64_t){ WORD }, 8);
	for (at = 0; at < 17; at++) {
		for (n = 0; n < 40; n++) {
			memset(bar, 0xff, sizeof(bar));
			pattern_fill(bar + at, n, WORD);
			assert_memory_equal(bar + at, whole + at, n);
			assert_int_equal(bar[at + n], 0xff);
			assert_int_equal(pattern_compare_fill(bar + at, n, WORD).count, 0);
			assert_int_equal(pattern_compare_fill(bar + at, n + 1, WORD).count, 1);
		}
	}
}

static void finds_each_wrong_byte(void **state)
{
	struct mismatch bad;
	size_t at;

	(void)state;
	make_host();
	memcpy(bar + 3, host + 1, SIZE);
	assert_int_equal(pattern_compare(bar + 3, host + 1, SIZE).count, 0);
	for (at = 0; at < SIZE; at++) {
		bar[3 + at] ^= 0x10;
		bad = pattern_compare(bar + 3, host + 1, SIZE);
		assert_int_equal(bad.count, 1);
		assert_int_equal(bad.first, at);
		assert_int_equal(bad.expected, host[1 + at]);
		assert_int_equal(bad.found, host[1 + at] ^ 0x10);
		bar[3 + at] ^= 0x10;
	}
}

static void counts_all_wrong_bytes(void **state)
{
	struct mismatch bad;

	(void)state;
	make_host();
	memcpy(bar, host, SIZE);
	bar[7] ^= 1;
	bar[600] ^= 1;
	bar[SIZE - 1] ^= 1;
	bad = pattern_compare(bar, host, SIZE);
	assert_int_equal(bad.count, 3);
	assert_int_equal(bad.first, 7);
	assert_int_equal(pattern_compare(bar + 8, host + 8, 500).count, 0);
	assert_int_equal(pattern_compare(bar, host, 0).count, 0);
}

static void random_numbers_repeat_and_differ(void **state)
{
	uint64_t a = 1, b = 1, c = 2;

	(void)state;
	assert_true(pattern_random(&a) == pattern_random(&b));
	assert_true(pattern_random(&a) != pattern_random(&c));
	assert_int_equal(pattern_below(&a, 1), 0);
	assert_in_range(pattern_below(&a, 10), 0, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_at_every_alignment),
		cmocka_unit_test(fills_in_step_with_the_address),
		cmocka_unit_test(finds_each_wrong_byte),
		cmocka_unit_test(counts_all_wrong_bytes),
		cmocka_unit_test(random_numbers_repeat_and_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
