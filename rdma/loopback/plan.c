// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Sizes are spread evenly over orders of magnitude. Every range touches one of the
 * spots. In a small BAR the spots are so dense that all of it is used. In a large one
 * they are at its ends and its eighths, because errors are likely at such boundaries (the
 * NIC's pages, entries of 4 GiB), and at random places. Ranges stay near the spots so
 * that a check does not fill a BAR that is sparsely backed by memory.
 */
#include "pattern.h"
#include "plan.h"

static void dense_spots(struct plan *plan)
{
	unsigned int i;

	plan->nr_spots = plan->span / plan->max_op + 1;
	for (i = 0; i < plan->nr_spots; i++)
		plan->spots[i] = i * plan->max_op;
}

static void sparse_spots(struct plan *plan)
{
	unsigned int i;

	plan->nr_spots = PLAN_SPOTS;
	for (i = 0; i < plan->nr_spots; i++)
		plan->spots[i] = i <= 8 ? plan->span / 8 * i
					: pattern_below(&plan->random, plan->span);
}

void plan_init(struct plan *plan, uint64_t seed, uint64_t span, uint64_t max_op, bool can_write)
{
	plan->random = seed;
	plan->span = span;
	plan->max_op = max_op;
	plan->can_write = can_write;
	if (span / max_op < PLAN_SPOTS)
		dense_spots(plan);
	else
		sparse_spots(plan);
}

static uint32_t pick_size(struct plan *plan)
{
	unsigned int magnitudes = 64 - __builtin_clzll(plan->max_op);
	uint64_t least = 1ull << pattern_below(&plan->random, magnitudes);
	uint64_t size = least + pattern_below(&plan->random, least);

	return size < plan->max_op ? size : plan->max_op;
}

/* Choose a range inside the span that begins at or before a spot and ends at or after it. */
static uint64_t pick_place(struct plan *plan, uint32_t size)
{
	uint64_t spot = plan->spots[pattern_below(&plan->random, plan->nr_spots)];
	uint64_t before = pattern_below(&plan->random, size + 1ull);
	uint64_t place = spot > before ? spot - before : 0;

	return place + size > plan->span ? plan->span - size : place;
}

uint64_t plan_guard_start(uint64_t bar)
{
	return bar > PLAN_GUARD ? bar - PLAN_GUARD : 0;
}

uint64_t plan_guard_end(const struct plan *plan, uint64_t bar, uint32_t size)
{
	uint64_t end = bar + size + PLAN_GUARD;

	return end < plan->span ? end : plan->span;
}

static bool touches(const struct plan *plan, const struct pair *a, const struct pair *b)
{
	return plan_guard_start(a->bar) < plan_guard_end(plan, b->bar, b->size) &&
	       plan_guard_start(b->bar) < plan_guard_end(plan, a->bar, a->size);
}

static bool is_free(const struct plan *plan, const struct pair *pairs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (touches(plan, &pairs[i], &pairs[n]))
			return false;
	return true;
}

/*
 * A NIC without RDMA WRITE has to move everything by READ. The BAR is then always the local
 * side when data is moved to it, and the remote side when data is moved from it.
 */
static void pick_steps(struct plan *plan, struct pair *pair, size_t source)
{
	size_t places = source - pair->size + 1;

	pair->to.bar_is_local = !plan->can_write || pattern_below(&plan->random, 2);
	pair->from.bar_is_local = plan->can_write && pattern_below(&plan->random, 2);
	pair->to.host = pattern_below(&plan->random, places);
	pair->from.host = PLAN_GUARD + pattern_below(&plan->random, PLAN_GUARD);
	pair->to.guard = pattern_random(&plan->random);
	pair->from.guard = pattern_random(&plan->random);
	pair->rewrite = pattern_below(&plan->random, 2);
	pair->rewritten = pattern_below(&plan->random, places);
}

unsigned int plan_batch(struct plan *plan, struct pair *pairs, unsigned int max, size_t source)
{
	unsigned int n = 0, tries;

	for (tries = 4 * max; n < max && tries; tries--) {
		pairs[n].size = pick_size(plan);
		pairs[n].bar = pick_place(plan, pairs[n].size);
		if (!is_free(plan, pairs, n))
			continue;
		pick_steps(plan, &pairs[n], source);
		n++;
	}
	return n;
}

/*
 * More than the largest operation, so that even that one can start at different offsets; but no
 * more than a small limit on locked memory (ulimit -l) lets small operations have.
 */
size_t plan_source_size(uint64_t max_op)
{
	uint64_t room = 4 * max_op < 65536 ? 4 * max_op : 65536;

	return (2 * max_op + room + 7) & ~7ull;
}

size_t plan_target_size(uint64_t max_op)
{
	return max_op + 3 * PLAN_GUARD;
}

size_t plan_memory_size(uint64_t max_op)
{
	return plan_source_size(max_op) + PLAN_BATCH * plan_target_size(max_op);
}
