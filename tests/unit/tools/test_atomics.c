// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The check of atomic operations, on a NIC that does them wrong in one way or another. This
 * file replaces the loopback by that NIC.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "mr/atomics.h"

#define SPAN 4096u
#define BAR_IOVA 0x7000004u	/* not a multiple of 8 */

enum fault {
	NONE,
	NOTHING,	/* reports success, and does nothing */
	NO_ANSWER,	/* does not tell what was there before */
	ALWAYS,		/* swaps, whatever is there */
	NEVER,		/* never swaps */
	BESIDE,		/* works on the next word */
	STATUS,		/* completes with an error */
};

static _Alignas(8) uint8_t memory[SPAN + 8], target[8];
static struct ibv_mr bar_mr, host_mr;
static struct loopback lb = { .can_atomic = true, .depth = 1 };
static enum fault fault;
static unsigned int posted;

int loopback_access(const struct loopback *in)
{
	(void)in;
	return 0;
}

const char *loopback_errmsg(void)
{
	return "the NIC is broken";
}

const char *ibv_wc_status_str(enum ibv_wc_status status)
{
	return status ? "error" : "success";
}

static uint64_t changed(const struct loopback_wr *wr, uint64_t old)
{
	bool swaps = fault == ALWAYS || (old == wr->compare && fault != NEVER);

	if (wr->op == LOOPBACK_FETCH_ADD)
		return old + wr->operand;
	return swaps ? wr->operand : old;
}

int loopback_post(struct loopback *in, const struct loopback_wr *wr)
{
	uint8_t *word = memory + 4 + (wr->remote_addr - BAR_IOVA) + (fault == BESIDE ? 8 : 0);
	uint64_t old, new;

	assert_ptr_equal(in, &lb);
	assert_int_equal(wr->remote_addr % 8, 0);
	assert_true(wr->remote_addr >= BAR_IOVA && wr->remote_addr + 8 <= BAR_IOVA + SPAN);
	assert_int_equal(wr->length, 8);
	posted++;
	if (fault == NOTHING || fault == STATUS)
		return 0;
	memcpy(&old, word, 8);
	new = changed(wr, old);
	memcpy(word, &new, 8);
	if (fault != NO_ANSWER)
		memcpy((void *)(uintptr_t)wr->local_addr, &old, 8);
	return 0;
}

int loopback_poll(struct loopback *in, struct ibv_wc *wc, int max, unsigned int timeout_ms)
{
	(void)in;
	assert_true(max > 0 && timeout_ms > 0);
	memset(wc, 0, sizeof(*wc));
	wc->status = fault == STATUS ? IBV_WC_REM_ACCESS_ERR : IBV_WC_SUCCESS;
	return 1;
}

static struct mover setup(enum fault how, uint64_t span)
{
	struct mover m = {
		.lb = &lb, .bar = memory + 4, .bar_iova = BAR_IOVA, .bar_mr = &bar_mr,
		.target = target, .host_mr = &host_mr,
	};

	plan_init(&m.plan, 3, span, span, true);
	fault = how;
	posted = 0;
	memset(memory, 0, sizeof(memory));
	memset(target, 0, sizeof(target));
	return m;
}

/* The check complains on standard error, where this would hide the test's messages. */
static int run_quietly(struct mover *m)
{
	int saved = dup(STDERR_FILENO), ret;

	assert_true(saved >= 0);
	assert_non_null(freopen("/dev/null", "w", stderr));
	ret = mover_atomics(m);
	fflush(stderr);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	return ret;
}

static void right_is_right(void **state)
{
	struct mover m = setup(NONE, SPAN);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(mover_atomics(&m), 0);
	assert_int_equal(m.counts.atomics, 300);
	assert_int_equal(m.counts.wrong + m.counts.failed, 0);
}

static void sees_what_is_wrong(void **state)
{
	(void)state;
	for (enum fault how = NOTHING; how < STATUS; how++) {
		struct mover m = setup(how, SPAN - 16);

		assert_int_equal(run_quietly(&m), 0);
		assert_true(m.counts.wrong > 0);
	}
}

static void sees_an_error(void **state)
{
	struct mover m = setup(STATUS, SPAN);

	(void)state;
	assert_true(run_quietly(&m) < 0);
	assert_int_equal(m.counts.failed, 1);
	assert_int_equal(m.counts.atomics, 0);
}

/* No such operations, or no room for an aligned word. */
static void does_nothing(void **state)
{
	struct mover m = setup(NONE, 11);

	(void)state;
	assert_int_equal(mover_atomics(&m), 0);
	assert_int_equal(posted, 0);
	m = setup(NONE, SPAN);
	lb.can_atomic = false;
	assert_int_equal(mover_atomics(&m), 0);
	lb.can_atomic = true;
	assert_int_equal(posted, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_is_right),
		cmocka_unit_test(sees_what_is_wrong),
		cmocka_unit_test(sees_an_error),
		cmocka_unit_test(does_nothing),
	};

	return cmocka_run_group_tests_name("atomics", tests, NULL, NULL);
}
