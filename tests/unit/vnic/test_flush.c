// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* sq.c: the error state completes what was posted, in order. */
#include "efa_rig.h"

static void test_flush_order(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe;

	for (uint16_t i = 0; i < RIG_SQ; i++) {
		wqe = rig_rdma(r, EFA_IO_OP_READ, r->b, 1);
		wqe.req_id = i;
		rig_post(r, r->a, &wqe);
		rig_recv(r, r->a, 500 + i, 0, 10);
	}
	efa_qp_flush(r->efa, r->a);
	rig_expect_none(r, r->a->send_cq);		/* the engine does the flush, later */
	assert_true(rig_run(r) >= 2);			/* and not all in one turn */
	for (uint16_t i = 0; i < RIG_SQ; i++) {
		struct efa_io_cqe cqe = rig_expect(r, r->a->send_cq, i, EFA_IO_FLUSHED);

		assert_int_equal((cqe.flags & EFA_IO_CQE_OP_MASK) >> EFA_IO_CQE_OP_SHIFT,
				 EFA_IO_OP_READ);
		rig_expect(r, r->a->recv_cq, 500 + i, EFA_IO_FLUSHED);
	}
	assert_int_equal(r->efa->count.wr_status[EFA_IO_FLUSHED], 2 * RIG_SQ);
}

/* A receive request of several descriptors is flushed as one request. */
static void test_flush_scatter(void **state)
{
	struct rig *r = *state;
	const struct efa_io_rx rx[] = {
		{ r->dst.addr, 5, 100, r->dst.key | EFA_IO_RX_FIRST },
		{ r->dst.addr, 6, 100, r->dst.key | EFA_IO_RX_LAST },
		{ r->dst.addr, 7, 100, 0 | EFA_IO_RX_FIRST | EFA_IO_RX_LAST },
	};

	rig_post_rx(r, r->b, rx, 3);
	efa_qp_flush(r->efa, r->b);
	rig_run(r);
	rig_expect(r, r->b->recv_cq, 5, EFA_IO_FLUSHED);
	rig_expect(r, r->b->recv_cq, 7, EFA_IO_FLUSHED);
	rig_expect_none(r, r->b->recv_cq);
}

static void test_post_in_error(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 10);

	efa_qp_flush(r->efa, r->a);
	rig_do(r, r->a, &wqe, EFA_IO_FLUSHED);
	rig_recv(r, r->a, 3, 0, 10);
	assert_true(r->f->nic.gate.kicked);
	rig_run(r);
	rig_expect(r, r->a->recv_cq, 3, EFA_IO_FLUSHED);
	rig_check_fill(r, r->dst.dma, 10, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(test_flush_order),
		rig_test(test_flush_scatter),
		rig_test(test_post_in_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
