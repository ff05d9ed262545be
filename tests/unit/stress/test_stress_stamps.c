// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Whether bytes that are found in a BAR may be there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "run.h"

/* stress.c has these, beside main() */
struct config config;
struct shared *shared;
struct totals totals;

static struct shared memory;
static struct answer scan;
static struct violation violation;

void blame(struct violation *v, const char *fmt, ...)
{
	(void)fmt;
	strcpy(v->text, "blamed");
}

#define SERIAL 7u
#define STAMP ((uint64_t)SERIAL << 32 | 1)
#define SLOT 5u

/* An MR of a device, of a NIC whose MRs die, and what the BAR holds. */
static int set_up(void **state)
{
	const struct step step = { .serial = SERIAL };
	struct answer a = { 0 };

	(void)state;
	memset(&memory, 0, sizeof(memory));
	memset(&scan, 0, sizeof(scan));
	memset(&violation, 0, sizeof(violation));
	shared = &memory;
	config.cast = (struct cast){ .devices = 1, .nics = 1, .importers = 1 };
	stamps_forget();
	oracle_birth(&memory.device[0], &a.life);
	oracle_born(&memory.device[0], &a.life);
	stamps_register(&step, &a);
	scan.scanned[0] = true;
	return 0;
}

static bool is_blamed(void)
{
	memset(&violation, 0, sizeof(violation));
	stamps_judge(&scan, &violation);
	return violation.text[0];
}

static void revoke_and_clear(void)
{
	struct oracle_device *dev = &memory.device[0];
	struct oracle_view view;

	oracle_done(dev, oracle_begin(dev, ORACLE_OWNER), false);
	view = oracle_clearing(dev);
	oracle_cleared(dev, &view);
	oracle_end(dev, ORACLE_OWNER);
}

static void nothing_is_fine(void **state)
{
	(void)state;
	assert_false(is_blamed());
}

static void bytes_of_a_live_mr(void **state)
{
	(void)state;
	scan.stamp[0][SLOT] = STAMP;
	assert_false(is_blamed());
}

static void bytes_of_a_dead_mr(void **state)
{
	(void)state;
	revoke_and_clear();
	scan.stamp[0][SLOT] = STAMP;
	assert_true(is_blamed());
}

static void bytes_of_a_dead_mr_that_may_revive(void **state)
{
	(void)state;
	config.nic[0].revives = true;
	set_up(NULL);
	revoke_and_clear();
	scan.stamp[0][SLOT] = STAMP;
	assert_false(is_blamed());
	config.nic[0].revives = false;
}

static void bytes_of_nobody(void **state)
{
	(void)state;
	scan.stamp[0][SLOT] = (uint64_t)(SERIAL + 1) << 32 | 1;
	assert_true(is_blamed());
}

static void bytes_that_are_missing(void **state)
{
	struct answer probe = { .nr_landings = 1, .landing = { { 0, SLOT, STAMP } } };

	(void)state;
	stamps_land(&probe);
	assert_true(is_blamed());
	scan.stamp[0][SLOT] = STAMP;
	assert_false(is_blamed());
	stamps_judged();
	scan.stamp[0][SLOT] = 0;
	assert_false(is_blamed());
}

/* Two requests on one slot succeeded: it holds the bytes of either. */
static void bytes_of_one_of_two(void **state)
{
	struct answer probe = {
		.nr_landings = 2, .landing = { { 0, SLOT, STAMP }, { 0, SLOT, STAMP + 1 } },
	};

	(void)state;
	stamps_land(&probe);
	scan.stamp[0][SLOT] = STAMP + 1;
	assert_false(is_blamed());
	scan.stamp[0][SLOT] = STAMP + 2;
	assert_true(is_blamed());
}

static void a_bar_that_was_not_read(void **state)
{
	(void)state;
	revoke_and_clear();
	scan.stamp[0][SLOT] = STAMP;
	scan.scanned[0] = false;
	assert_false(is_blamed());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_fine, set_up),
		cmocka_unit_test_setup(bytes_of_a_live_mr, set_up),
		cmocka_unit_test_setup(bytes_of_a_dead_mr, set_up),
		cmocka_unit_test_setup(bytes_of_a_dead_mr_that_may_revive, set_up),
		cmocka_unit_test_setup(bytes_of_nobody, set_up),
		cmocka_unit_test_setup(bytes_that_are_missing, set_up),
		cmocka_unit_test_setup(bytes_of_one_of_two, set_up),
		cmocka_unit_test_setup(a_bar_that_was_not_read, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
