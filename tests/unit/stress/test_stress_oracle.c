// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What must be true of an MR, for each order of its registration and a revoke. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "oracle.h"

static struct oracle_life born(struct oracle_device *dev)
{
	struct oracle_life life;

	oracle_birth(dev, &life);
	oracle_born(dev, &life);
	return life;
}

static bool is_dead(struct oracle_device *dev, const struct oracle_life *life, bool revives)
{
	struct oracle_view view = oracle_look(dev);

	return oracle_is_dead(life, &view, revives);
}

static void nothing_happens(void **state)
{
	struct oracle_device dev = { 0 };
	struct oracle_life life = born(&dev);

	(void)state;
	assert_true(oracle_must_work(&dev, &life));
	assert_false(is_dead(&dev, &life, false));
}

static void revoke_after(void **state)
{
	struct oracle_device dev = { 0 };
	struct oracle_life life = born(&dev);
	unsigned int ticket = oracle_begin(&dev, ORACLE_OWNER);

	(void)state;
	assert_false(oracle_must_work(&dev, &life));
	assert_false(is_dead(&dev, &life, false));	/* the call has not returned */
	oracle_done(&dev, ticket, false);
	assert_true(is_dead(&dev, &life, false));
	assert_false(is_dead(&dev, &life, true));
	oracle_end(&dev, ORACLE_OWNER);
	assert_false(oracle_must_work(&dev, &life));
	assert_true(is_dead(&dev, &life, false));
}

static void revoke_for_good(void **state)
{
	struct oracle_device dev = { 0 };
	struct oracle_life life = born(&dev);

	(void)state;
	oracle_done(&dev, oracle_begin(&dev, ORACLE_OTHERS), true);
	assert_true(is_dead(&dev, &life, true));
}

static void revoke_before(void **state)
{
	struct oracle_device dev = { 0 };
	struct oracle_life life;

	(void)state;
	oracle_done(&dev, oracle_begin(&dev, ORACLE_OWNER), true);
	oracle_end(&dev, ORACLE_OWNER);
	life = born(&dev);
	assert_true(oracle_must_work(&dev, &life));
	assert_false(is_dead(&dev, &life, false));
}

/* It began before the registration: the MR may be dead or alive, and nothing is known. */
static void revoke_around(void **state)
{
	struct oracle_device dev = { 0 };
	unsigned int ticket = oracle_begin(&dev, ORACLE_OTHERS);
	struct oracle_life life = born(&dev);

	(void)state;
	oracle_done(&dev, ticket, false);
	oracle_end(&dev, ORACLE_OTHERS);
	assert_false(oracle_must_work(&dev, &life));
	assert_false(is_dead(&dev, &life, false));
}

/* It began during the registration. */
static void revoke_inside(void **state)
{
	struct oracle_device dev = { 0 };
	struct oracle_life life;

	(void)state;
	oracle_birth(&dev, &life);
	oracle_done(&dev, oracle_begin(&dev, ORACLE_OWNER), false);
	oracle_end(&dev, ORACLE_OWNER);
	oracle_born(&dev, &life);
	assert_false(oracle_must_work(&dev, &life));
	assert_false(is_dead(&dev, &life, false));
}

/* An early revoke that returns late says nothing about an MR that was made between the two. */
static void revokes_overlap(void **state)
{
	struct oracle_device dev = { 0 };
	unsigned int early = oracle_begin(&dev, ORACLE_OTHERS);
	unsigned int late = oracle_begin(&dev, ORACLE_OWNER);
	struct oracle_life life = born(&dev);

	(void)state;
	oracle_done(&dev, late, false);
	oracle_done(&dev, early, false);
	assert_int_equal(dev.done, late);
	assert_false(is_dead(&dev, &life, false));
}

static void memory_off(void **state)
{
	struct oracle_device dev = { 0 };
	struct oracle_view view;

	(void)state;
	oracle_begin(&dev, ORACLE_OWNER);
	view = oracle_look(&dev);
	assert_false(oracle_was_shut(&dev, &view));
	oracle_shut_gate(&dev);
	view = oracle_look(&dev);
	assert_true(oracle_was_shut(&dev, &view));
	oracle_open_gate(&dev);
	assert_false(oracle_was_shut(&dev, &view));	/* it may have been open at the access */
	oracle_shut_gate(&dev);
	assert_false(oracle_was_shut(&dev, &view));	/* not the same time */
	oracle_owner_died(&dev);
	view = oracle_look(&dev);
	assert_false(oracle_was_shut(&dev, &view));
	assert_int_equal(dev.busy[ORACLE_OWNER], 0);
}

static void cleared_slots(void **state)
{
	struct oracle_device dev = { 0 };
	struct oracle_life life = born(&dev);
	struct oracle_view view;

	(void)state;
	oracle_done(&dev, oracle_begin(&dev, ORACLE_OWNER), false);
	assert_true(oracle_may_have_written(&dev, &life, false));	/* before the revoke */
	view = oracle_clearing(&dev);
	oracle_cleared(&dev, &view);
	assert_false(oracle_may_have_written(&dev, &life, false));
	assert_true(oracle_may_have_written(&dev, &life, true));
	oracle_done(&dev, oracle_begin(&dev, ORACLE_OWNER), true);
	oracle_cleared(&dev, &view);	/* what was read before that revoke */
	assert_true(oracle_may_have_written(&dev, &life, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_happens), cmocka_unit_test(revoke_after),
		cmocka_unit_test(revoke_for_good), cmocka_unit_test(revoke_before),
		cmocka_unit_test(revoke_around), cmocka_unit_test(revoke_inside),
		cmocka_unit_test(revokes_overlap), cmocka_unit_test(memory_off),
		cmocka_unit_test(cleared_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
