// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The data check on NICs with faults. This file replaces the loopback by a NIC that copies
 * bytes, and each test breaks that in one way that the data check must detect.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "mr/mover.h"

#define SPAN (1u << 20)
#define MAX_OP (64u << 10)
#define BAR_KEY 0xba
#define BAR_IOVA 0x7000000
#define BATCHES 20

enum fault {
	NONE,
	SKIP,		/* reports success but moves nothing */
	SHORT,		/* does not write the last byte */
	LONG,		/* writes one byte too many at the end */
	EARLY,		/* also writes the byte before the first */
	SHIFTED,	/* reads the data from one byte further on */
	FLIPPED,	/* flips a bit in the middle */
	STATUS,		/* completes with an error */
	LOST,		/* never completes */
	POST,		/* does not accept the work request */
};

static uint8_t *bar;
static struct ibv_mr bar_mr = { .lkey = BAR_KEY, .rkey = BAR_KEY }, host_mr;
static struct loopback lb;
static struct ibv_wc done[PLAN_BATCH];
static unsigned int nr_done;
static enum fault fault;
static enum loopback_op only;		/* the fault affects only these operations, */
static bool bar_is_local;		/* with the BAR on this side, */
static unsigned int hits;		/* and only the first of them */

static struct ibv_mr *fake_reg(size_t length)
{
	host_mr.length = length;
	host_mr.lkey = 1;
	host_mr.rkey = 1;
	return &host_mr;
}

#undef ibv_reg_mr
struct ibv_mr *ibv_reg_mr(struct ibv_pd *pd, void *addr, size_t length, int access)
{
	(void)pd;
	(void)addr;
	(void)access;
	return fake_reg(length);
}

struct ibv_mr *ibv_reg_mr_iova2(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
				unsigned int access)
{
	(void)pd;
	(void)addr;
	(void)iova;
	(void)access;
	return fake_reg(length);
}

int ibv_dereg_mr(struct ibv_mr *mr)
{
	assert_ptr_equal(mr, &host_mr);
	return 0;
}

const char *ibv_wc_status_str(enum ibv_wc_status status)
{
	return status ? "error" : "success";
}

int loopback_access(const struct loopback *in)
{
	(void)in;
	return 0;
}

const char *loopback_errmsg(void)
{
	return "the NIC is broken";
}

static uint8_t *translate(uint32_t key, uint64_t addr, uint32_t length)
{
	if (key != BAR_KEY)
		return (uint8_t *)(uintptr_t)addr;
	assert_true(addr >= BAR_IOVA && addr + length <= BAR_IOVA + SPAN);
	return bar + (addr - BAR_IOVA);
}

static void copy(enum fault now, uint8_t *to, uint8_t *from, uint32_t length)
{
	switch (now) {
	case SKIP:
	case STATUS:
		return;
	case SHORT:
		length--;
		break;
	case LONG:
		to[length] ^= 0xff;
		break;
	case EARLY:
		to[-1] ^= 0xff;
		break;
	case SHIFTED:
		from++;
		break;
	default:
		break;
	}
	memcpy(to, from, length);
	if (now == FLIPPED)
		to[length / 2] ^= 4;
}

/* A fault needs a request that is long enough to show a shift, with guards on both sides. */
static bool is_hit(const struct loopback_wr *wr)
{
	uint64_t at = wr->lkey == BAR_KEY ? wr->local_addr : wr->remote_addr;
	bool here = (wr->lkey == BAR_KEY) == bar_is_local;

	return fault && here && wr->op == only && wr->length > 1000 && at > BAR_IOVA + 64 &&
	       at + wr->length + 64 < BAR_IOVA + SPAN && !hits++;
}

int loopback_post(struct loopback *in, const struct loopback_wr *wr)
{
	bool read = wr->op == LOOPBACK_READ;
	uint8_t *local = translate(wr->lkey, wr->local_addr, wr->length);
	uint8_t *remote = translate(wr->rkey, wr->remote_addr, wr->length);
	enum fault now = is_hit(wr) ? fault : NONE;

	assert_ptr_equal(in, &lb);
	assert_true((wr->lkey == BAR_KEY) != (wr->rkey == BAR_KEY));
	assert_true(read || lb.can_write);
	if (now == POST)
		return -ENOMEM;
	if (now == LOST)
		return 0;
	copy(now, read ? local : remote, read ? remote : local, wr->length);
	assert_true(nr_done < PLAN_BATCH);
	done[nr_done].wr_id = wr->wr_id;
	done[nr_done++].status = now == STATUS ? IBV_WC_REM_ACCESS_ERR : IBV_WC_SUCCESS;
	return 0;
}

/* Completes the last request first, as SRD may do, and not all at once. */
int loopback_poll(struct loopback *in, struct ibv_wc *wc, int max, unsigned int timeout_ms)
{
	int n;

	assert_ptr_equal(in, &lb);
	assert_true(timeout_ms > 0);
	for (n = 0; n < max && n < 3 && nr_done; n++)
		wc[n] = done[--nr_done];
	return n;
}

static void setup(struct mover *mover, bool can_write)
{
	memset(mover, 0, sizeof(*mover));
	lb.can_read = true;
	lb.can_write = can_write;
	lb.depth = PLAN_BATCH;
	lb.max_rdma = UINT32_MAX;
	fault = NONE;
	hits = 0;
	nr_done = 0;
	bar = calloc(1, SPAN);
	assert_non_null(bar);
	mover->lb = &lb;
	mover->bar = bar;
	mover->bar_iova = BAR_IOVA;
	mover->bar_mr = &bar_mr;
	plan_init(&mover->plan, 1, SPAN, MAX_OP, can_write);
	assert_int_equal(mover_init(mover), 0);
}

static void release(struct mover *mover)
{
	mover_release(mover);
	free(bar);
}

static void right_bytes_are_right(void **state)
{
	struct mover m;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		int batches = BATCHES;

		setup(&m, i);
		while (batches--)
			assert_int_equal(mover_batch(&m), 0);
		assert_int_equal(m.counts.wrong, 0);
		assert_int_equal(m.counts.failed, 0);
		assert_true(m.counts.to_bar > 0);
		assert_int_equal(m.counts.to_bar, m.counts.from_bar);
		release(&m);
	}
}

/* The data check complains on standard error, where this would hide the test's messages. */
static int run_quietly(struct mover *m)
{
	int saved = dup(STDERR_FILENO), batches, ret = 0;

	assert_true(saved >= 0);
	assert_non_null(freopen("/dev/null", "w", stderr));
	for (batches = 0; !ret && batches < BATCHES; batches++)
		ret = mover_batch(m);
	fflush(stderr);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	return ret;
}

static const struct {
	enum loopback_op op;
	bool bar_is_local;
} kinds[] = {
	{ LOOPBACK_READ, false }, { LOOPBACK_READ, true },
	{ LOOPBACK_WRITE, false }, { LOOPBACK_WRITE, true },
};

static int break_once(struct mover *m, unsigned int kind, enum fault how)
{
	setup(m, true);
	fault = how;
	only = kinds[kind].op;
	bar_is_local = kinds[kind].bar_is_local;
	return run_quietly(m);
}

/* Wrong data in the BAR can count twice: once more when it is read back unchanged. */
static void sees_wrong_bytes(void **state)
{
	static const struct {
		enum fault fault;
		uint64_t least, most;
	} faults[] = {
		{ SKIP, 900, 2 * MAX_OP }, { SHORT, 1, 2 }, { LONG, 1, 1 }, { EARLY, 1, 1 },
		{ SHIFTED, 900, 2 * MAX_OP }, { FLIPPED, 1, 2 },
	};
	unsigned int i, kind;
	struct mover m;

	(void)state;
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		for (kind = 0; kind < 4; kind++) {
			assert_int_equal(break_once(&m, kind, faults[i].fault), 0);
			assert_true(hits > 0);
			assert_in_range(m.counts.wrong, faults[i].least, faults[i].most);
			assert_int_equal(m.counts.failed, 0);
			release(&m);
		}
	}
}

static void stops_at_a_failed_work_request(void **state)
{
	unsigned int kind;
	struct mover m;

	(void)state;
	for (kind = 0; kind < 4; kind++) {
		assert_int_equal(break_once(&m, kind, STATUS), -EIO);
		assert_int_equal(m.counts.failed, 1);
		assert_int_equal(m.counts.wrong, 0);
		release(&m);
	}
}

static void stops_when_the_nic_hangs(void **state)
{
	struct mover m;

	(void)state;
	assert_int_equal(break_once(&m, 0, LOST), -EIO);
	release(&m);
	assert_int_equal(break_once(&m, 0, POST), -EIO);
	release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_bytes_are_right),
		cmocka_unit_test(sees_wrong_bytes),
		cmocka_unit_test(stops_at_a_failed_work_request),
		cmocka_unit_test(stops_when_the_nic_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
