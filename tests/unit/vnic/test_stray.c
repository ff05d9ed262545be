// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Stray accesses are counted by kind and direction, and the newest are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/stray.h"

static void note(struct stray *stray, enum stray_kind kind, bool write, uint64_t len)
{
	const struct stray_record record = {
		.kind = kind, .write = write, .addr = 0x1000 + stray->noted, .len = len,
	};

	stray_note(stray, &record);
}

static void test_counts(void **state)
{
	struct stray stray = { 0 };

	(void)state;
	assert_int_equal(stray_total(&stray), 0);
	note(&stray, STRAY_UNMAPPED, false, 100);
	note(&stray, STRAY_UNMAPPED, true, 20);
	note(&stray, STRAY_UNMAPPED, true, 3);
	note(&stray, STRAY_DEREGISTERED, true, 4096);
	note(&stray, STRAY_NO_MASTER, false, 64);
	assert_int_equal(stray.count[STRAY_UNMAPPED].reads, 1);
	assert_int_equal(stray.count[STRAY_UNMAPPED].writes, 2);
	assert_int_equal(stray.count[STRAY_UNMAPPED].bytes, 123);
	assert_int_equal(stray.count[STRAY_DEREGISTERED].reads, 0);
	assert_int_equal(stray.count[STRAY_DEREGISTERED].writes, 1);
	assert_int_equal(stray.count[STRAY_DEREGISTERED].bytes, 4096);
	assert_int_equal(stray.count[STRAY_NO_MASTER].reads, 1);
	assert_int_equal(stray_total(&stray), 5);
}

static void test_newest_are_kept(void **state)
{
	const unsigned int extra = 10;
	struct stray stray = { 0 };

	(void)state;
	for (unsigned int i = 0; i < STRAY_RECORDS + extra; i++)
		note(&stray, STRAY_UNMAPPED, true, 8);
	assert_int_equal(stray.noted, STRAY_RECORDS + extra);
	assert_int_equal(stray.record[extra - 1].addr, 0x1000 + STRAY_RECORDS + extra - 1);
	assert_int_equal(stray.record[extra].addr, 0x1000 + extra);	/* the oldest */
	assert_int_equal(stray_total(&stray), STRAY_RECORDS + extra);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(stray_kind_name(STRAY_UNMAPPED), "unmapped");
	assert_string_equal(stray_kind_name(STRAY_DEREGISTERED), "deregistered");
	assert_string_equal(stray_kind_name(STRAY_NO_MASTER), "no_master");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_newest_are_kept),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("stray", tests, NULL, NULL);
}
