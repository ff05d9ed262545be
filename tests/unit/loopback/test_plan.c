// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The plan of a data check: it keeps its limits, can be repeated, and covers what it should.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "loopback/plan.h"

#define GIB (1ull << 30)
#define BATCHES 2000

static void check_pair(const struct plan *plan, const struct pair *pair, size_t source)
{
	assert_in_range(pair->size, 1, plan->max_op);
	assert_true(pair->bar + pair->size <= plan->span);
	assert_true(pair->to.host + pair->size <= source);
	assert_true(pair->rewritten + pair->size <= source);
	assert_in_range(pair->from.host, PLAN_GUARD, 2 * PLAN_GUARD - 1);
}

static void check_apart(const struct plan *plan, const struct pair *pairs, unsigned int n)
{
	unsigned int i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			assert_true(plan_guard_end(plan, pairs[i].bar, pairs[i].size) <=
				    plan_guard_start(pairs[j].bar) ||
				    plan_guard_end(plan, pairs[j].bar, pairs[j].size) <=
				    plan_guard_start(pairs[i].bar));
}

static void stays_within_limits(void **state)
{
	static const struct {
		uint64_t span, max_op;
	} shapes[] = {
		{ 1, 1 }, { 4096, 4096 }, { 4096, 1 }, { 4096, 3000 }, { 256 << 20, 4 << 20 },
		{ 8 * GIB, 4 << 20 }, { 64 * GIB, 1 << 30 }, { 256 << 20, 255 << 20 },
	};
	struct pair pairs[PLAN_BATCH];
	unsigned int i, j, k, n;
	struct plan plan;
	size_t source;

	(void)state;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		plan_init(&plan, i, shapes[i].span, shapes[i].max_op, true);
		assert_in_range(plan.nr_spots, 1, PLAN_SPOTS);
		source = shapes[i].max_op + i;
		for (j = 0; j < BATCHES; j++) {
			n = plan_batch(&plan, pairs, PLAN_BATCH, source);
			assert_in_range(n, 1, PLAN_BATCH);
			for (k = 0; k < n; k++)
				check_pair(&plan, &pairs[k], source);
			check_apart(&plan, pairs, n);
		}
	}
}

static void guards_stop_at_the_ends(void **state)
{
	struct plan plan = { .span = 4096 };

	(void)state;
	assert_int_equal(plan_guard_start(0), 0);
	assert_int_equal(plan_guard_start(10), 0);
	assert_int_equal(plan_guard_start(100), 100 - PLAN_GUARD);
	assert_int_equal(plan_guard_end(&plan, 4000, 96), 4096);
	assert_int_equal(plan_guard_end(&plan, 4000, 90), 4096);
	assert_int_equal(plan_guard_end(&plan, 0, 1), 1 + PLAN_GUARD);
}

/* The same seed gives the same plan, another seed another one. */
static void repeats(void **state)
{
	struct pair a[PLAN_BATCH], b[PLAN_BATCH], c[PLAN_BATCH];
	struct plan pa, pb, pc;
	unsigned int i;

	(void)state;
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	memset(c, 0, sizeof(c));
	plan_init(&pa, 42, GIB, 1 << 20, true);
	plan_init(&pb, 42, GIB, 1 << 20, true);
	plan_init(&pc, 43, GIB, 1 << 20, true);
	for (i = 0; i < 10; i++) {
		plan_batch(&pa, a, PLAN_BATCH, 2 << 20);
		plan_batch(&pb, b, PLAN_BATCH, 2 << 20);
		plan_batch(&pc, c, PLAN_BATCH, 2 << 20);
		assert_memory_equal(a, b, sizeof(a));
		assert_memory_not_equal(a, c, sizeof(a));
	}
}

struct seen {
	bool first, last, across_4g, odd, small, large;
	bool to_local, to_remote, from_local, from_remote, rewritten, kept;
};

static void look(struct seen *seen, const struct plan *plan, const struct pair *pair)
{
	seen->first |= !pair->bar;
	seen->last |= pair->bar + pair->size == plan->span;
	seen->across_4g |= pair->bar < 4 * GIB && pair->bar + pair->size > 4 * GIB;
	seen->odd |= pair->bar % 2 && pair->to.host % 2 && pair->size % 2;
	seen->small |= pair->size < 8;
	seen->large |= pair->size > plan->max_op / 2;
	seen->to_local |= pair->to.bar_is_local;
	seen->to_remote |= !pair->to.bar_is_local;
	seen->from_local |= pair->from.bar_is_local;
	seen->from_remote |= !pair->from.bar_is_local;
	seen->rewritten |= pair->rewrite;
	seen->kept |= !pair->rewrite;
}

static struct seen watch(bool can_write)
{
	struct pair pairs[PLAN_BATCH];
	struct seen seen = { 0 };
	unsigned int i, k, n;
	struct plan plan;

	plan_init(&plan, 7, 8 * GIB, 4 << 20, can_write);
	for (i = 0; i < BATCHES; i++) {
		n = plan_batch(&plan, pairs, PLAN_BATCH, 8 << 20);
		for (k = 0; k < n; k++)
			look(&seen, &plan, &pairs[k]);
	}
	return seen;
}

static void goes_everywhere(void **state)
{
	struct seen seen = watch(true);

	(void)state;
	assert_true(seen.first && seen.last && seen.across_4g);
	assert_true(seen.odd && seen.small && seen.large);
	assert_true(seen.to_local && seen.to_remote && seen.from_local && seen.from_remote);
	assert_true(seen.rewritten && seen.kept);
}

static void reads_only_without_rdma_write(void **state)
{
	struct seen seen = watch(false);

	(void)state;
	assert_true(seen.to_local && !seen.to_remote);
	assert_true(seen.from_remote && !seen.from_local);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stays_within_limits),
		cmocka_unit_test(guards_stop_at_the_ends),
		cmocka_unit_test(repeats),
		cmocka_unit_test(goes_everywhere),
		cmocka_unit_test(reads_only_without_rdma_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
