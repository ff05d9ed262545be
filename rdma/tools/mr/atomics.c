// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Atomic operations on the BAR: see atomics.h. */
#include <inttypes.h>

#include "atomics.h"
#include "loopback/pattern.h"

struct attempt {
	enum loopback_op op;
	uint64_t operand, compare;
	uint64_t before, after;	/* what the word must have been, and must be */
};

static const char *name(enum loopback_op op)
{
	return op == LOOPBACK_FETCH_ADD ? "fetch-and-add" : "compare-and-swap";
}

/* An aligned place, counted as the NIC counts. False: there is none. */
static bool choose(struct mover *m, uint64_t *offset)
{
	uint64_t skip = -m->bar_iova % ATOMIC_SIZE, words;

	if (m->plan.span < skip + ATOMIC_SIZE)
		return false;
	words = (m->plan.span - skip) / ATOMIC_SIZE;
	*offset = skip + pattern_below(&m->plan.random, words) * ATOMIC_SIZE;
	return true;
}

static void compare(struct mover *m, const struct attempt *attempt, uint64_t offset,
		    const char *what, uint64_t found, uint64_t expected)
{
	if (found == expected)
		return;
	m->counts.wrong += ATOMIC_SIZE;
	mover_keep(m, "atomic %s at BAR offset %#" PRIx64 ": %s is %#" PRIx64 ", expected %#"
		   PRIx64, name(attempt->op), offset, what, found, expected);
}

/* The NIC puts what was there before at the start of the targets. */
static int run(struct mover *m, const struct attempt *attempt, uint64_t offset)
{
	volatile uint64_t *word = (volatile uint64_t *)(m->bar + offset);
	volatile uint64_t *before = (volatile uint64_t *)m->target;
	struct loopback_wr wr = {
		.op = attempt->op,
		.length = ATOMIC_SIZE,
		.local_addr = (uintptr_t)m->target,
		.lkey = m->host_mr->lkey,
		.remote_addr = m->bar_iova + offset,
		.rkey = m->bar_mr->rkey,
		.operand = attempt->operand,
		.compare = attempt->compare,
	};
	int ret = mover_one(m, &wr, name(attempt->op), offset);

	if (ret)
		return ret;
	compare(m, attempt, offset, "what the NIC found there", *before, attempt->before);
	compare(m, attempt, offset, "what the CPU finds there", *word, attempt->after);
	m->counts.atomics++;
	return 0;
}

int mover_atomics(struct mover *m)
{
	uint64_t first = pattern_random(&m->plan.random), add = pattern_random(&m->plan.random);
	uint64_t other = pattern_random(&m->plan.random), offset;
	const struct attempt attempts[] = {
		{ LOOPBACK_FETCH_ADD, add, 0, first, first + add },
		{ LOOPBACK_COMPARE_SWAP, other, first + add, first + add, other },
		{ LOOPBACK_COMPARE_SWAP, first, other + 1, other, other },
	};
	int ret = 0;

	if (!m->lb->can_atomic || !choose(m, &offset))
		return 0;
	*(volatile uint64_t *)(m->bar + offset) = first;
	(void)*(volatile uint64_t *)(m->bar + offset);	/* flushes the CPU's write */
	for (unsigned int i = 0; i < sizeof(attempts) / sizeof(attempts[0]) && !ret; i++)
		ret = run(m, &attempts[i], offset);
	return ret;
}
