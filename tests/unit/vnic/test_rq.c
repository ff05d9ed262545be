// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* rq.c: receive requests of any number of descriptors, from any kind of guest. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "efa_rig.h"

#define FIRST	EFA_IO_RX_FIRST
#define LAST	EFA_IO_RX_LAST

static struct efa_io_rx rx(const struct rig *r, uint16_t id, uint16_t len, uint32_t ctrl)
{
	return (struct efa_io_rx){
		.addr = r->dst.addr, .req_id = id, .len = len, .ctrl = r->dst.key | ctrl,
	};
}

static void take(struct rig *r, struct efa_recv *recv, uint16_t id, unsigned int segs,
		 bool bad)
{
	assert_int_equal(efa_rq_take(r->efa, r->b, recv), 0);
	assert_int_equal(recv->req_id, id);
	assert_int_equal(recv->nr_segs, segs);
	assert_int_equal(recv->bad, bad);
}

static void test_empty(void **state)
{
	struct rig *r = *state;
	struct efa_recv recv;

	assert_int_equal(efa_rq_take(r->efa, r->b, &recv), -EAGAIN);
}

static void test_requests(void **state)
{
	struct rig *r = *state;
	const struct efa_io_rx d[] = {
		rx(r, 7, 100, FIRST | LAST),
		rx(r, 8, 10, FIRST), rx(r, 0, 0, 0), rx(r, 0, 30, LAST),
	};
	struct efa_recv recv;

	rig_post_rx(r, r->b, d, 4);
	take(r, &recv, 7, 1, false);
	assert_int_equal(recv.seg[0].addr, r->dst.addr);
	assert_int_equal(recv.seg[0].len, 100);
	assert_ptr_equal(recv.seg[0].region, &efa_mr_get(r->efa, r->dst.key)->region);
	take(r, &recv, 8, 3, false);
	assert_int_equal(recv.seg[2].len, 30);
	assert_int_equal(efa_rq_take(r->efa, r->b, &recv), -EAGAIN);
}

static void test_wrap(void **state)
{
	struct rig *r = *state;
	struct efa_recv recv;

	for (unsigned int i = 0; i < 70000; i += 3) {	/* the counters wrap as well */
		const struct efa_io_rx d[] = {
			rx(r, (uint16_t)i, 1, FIRST), rx(r, 0, 2, 0), rx(r, 0, 3, LAST),
		};

		rig_post_rx(r, r->b, d, 3);
		take(r, &recv, (uint16_t)i, 3, false);
	}
}

static void test_most_segments(void **state)
{
	struct rig *r = *state;
	struct efa_io_rx d[EFA_MAX_RECV_SEGS + 1];
	struct efa_recv recv;

	for (unsigned int i = 0; i < EFA_MAX_RECV_SEGS; i++)
		d[i] = rx(r, 1, 1, i == 0 ? FIRST : i == EFA_MAX_RECV_SEGS - 1 ? LAST : 0);
	rig_post_rx(r, r->b, d, EFA_MAX_RECV_SEGS);
	take(r, &recv, 1, EFA_MAX_RECV_SEGS, false);

	/* One descriptor too many: the rest is a bad request of its own. */
	d[EFA_MAX_RECV_SEGS - 1] = rx(r, 2, 1, 0);
	d[EFA_MAX_RECV_SEGS] = rx(r, 3, 1, LAST);
	rig_post_rx(r, r->b, d, EFA_MAX_RECV_SEGS + 1);
	take(r, &recv, 1, EFA_MAX_RECV_SEGS, true);
	take(r, &recv, 3, 1, true);
}

static void test_marks(void **state)
{
	struct rig *r = *state;
	const struct efa_io_rx d[] = {
		rx(r, 1, 1, LAST),			/* no first */
		rx(r, 2, 1, FIRST),			/* no last, then ... */
		rx(r, 3, 1, FIRST | LAST),		/* ... the next request */
		rx(r, 4, 1, FIRST),			/* no last, nor anything else */
	};
	struct efa_recv recv;

	rig_post_rx(r, r->b, d, 4);
	take(r, &recv, 1, 1, true);
	take(r, &recv, 2, 1, true);
	take(r, &recv, 3, 1, false);
	take(r, &recv, 4, 1, true);
	assert_int_equal(efa_rq_take(r->efa, r->b, &recv), -EAGAIN);
}

static void expect_bad(struct rig *r, uint32_t key, uint64_t addr, uint16_t len, bool bad)
{
	const struct efa_io_rx d = {
		.addr = addr, .len = len, .ctrl = key | FIRST | LAST,
	};
	struct efa_recv recv;

	rig_post_rx(r, r->b, &d, 1);
	take(r, &recv, 0, 1, bad);
}

static void test_keys(void **state)
{
	struct rig *r = *state;
	uint32_t read_only = rig_mr(r, r->dst.dma, 0x1000, 4096, REGION_REMOTE_WRITE, r->pd);
	uint32_t other_pd = rig_mr(r, r->dst.dma, 0x1000, 4096, RIG_ALL, rig_pd(r));

	expect_bad(r, r->dst.key, r->dst.addr, 1, false);
	expect_bad(r, r->dst.key, r->dst.addr + RIG_BUF - 10, 10, false);
	expect_bad(r, r->dst.key, r->dst.addr + RIG_BUF - 10, 11, true);
	expect_bad(r, r->dst.key, r->dst.addr - 1, 10, true);
	expect_bad(r, r->dst.key, UINT64_MAX - 4, 10, true);
	expect_bad(r, r->dst.key ^ 1, r->dst.addr, 10, true);
	expect_bad(r, 0, r->dst.addr, 10, true);
	expect_bad(r, 0, 0, 0, false);		/* empty: its key is not checked */
	expect_bad(r, read_only, 0x1000, 10, true);
	expect_bad(r, other_pd, 0x1000, 10, true);
	expect_bad(r, EFA_IO_LKEY_MASK, 0, 10, true);
}

static void test_ring_gone(void **state)
{
	struct rig *r = *state;
	struct efa_recv recv;

	rig_recv(r, r->b, 1, 0, 10);
	fixture_unmap(r->f, r->b->rq_base, FIXTURE_PAGE);
	assert_int_equal(efa_rq_take(r->efa, r->b, &recv), -EFAULT);
	assert_int_equal(r->b->rq_cons, 0);
}

/* Whatever the ring contains, each efa_rq_take() consumes something and stays in bounds. */
static void test_random(void **state)
{
	struct rig *r = *state;
	struct efa_io_rx d[RIG_RQ];
	struct efa_recv recv;

	srandom(1);
	for (unsigned int round = 0; round < 2000; round++) {
		unsigned int left = RIG_RQ;

		for (size_t i = 0; i < sizeof(d); i++)
			((uint8_t *)d)[i] = (uint8_t)random();
		rig_post_rx(r, r->b, d, RIG_RQ);
		while (left > 0) {
			assert_int_equal(efa_rq_take(r->efa, r->b, &recv), 0);
			assert_in_range(recv.nr_segs, 1, EFA_MAX_RECV_SEGS);
			left -= recv.nr_segs;
		}
		assert_int_equal(r->b->rq_cons, r->b->rq_prod);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(test_empty),
		rig_test(test_requests),
		rig_test(test_wrap),
		rig_test(test_most_segments),
		rig_test(test_marks),
		rig_test(test_keys),
		rig_test(test_ring_gone),
		rig_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
