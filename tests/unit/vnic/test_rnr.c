// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* sq.c: receivers that are not ready, and senders that wait for them. */
#include "efa_rig.h"

#define SLICE	4096u

static void ends_with(struct rig *r, const struct efa_io_wqe *wqe, enum efa_io_status status)
{
	rig_run(r);
	rig_expect(r, r->a->send_cq, wqe->req_id, status);
	rig_expect_none(r, r->a->send_cq);
	assert_false(r->a->run.active);
	assert_int_equal(stray_total(&r->f->nic.stray), 0);
}

static void parked(struct rig *r, const struct efa_qp *qp)
{
	rig_run(r);
	assert_true(qp->run.parked);
	rig_expect_none(r, qp->send_cq);
}

static void test_park(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_send(r, r->b, 100);
	struct efa_io_wqe write = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 100);
	struct efa_qp *c = rig_qp(r, EFA_QP_SRD, r->pd);

	rig_post(r, r->a, &wqe);
	rig_post(r, r->a, &write);
	parked(r, r->a);
	assert_int_equal(r->efa->count.rnr_parked, 1);
	assert_false(efa_engine_step(r->efa));		/* there is no time to wait for */

	rig_do(r, c, &write, EFA_IO_OK);		/* others go on */
	rig_recv(r, r->b, 21, 0, 100);
	rig_run(r);
	rig_expect(r, r->a->send_cq, wqe.req_id, EFA_IO_OK);
	rig_expect(r, r->a->send_cq, write.req_id, EFA_IO_OK);	/* in order */
	rig_expect(r, r->b->recv_cq, 21, EFA_IO_OK);
}

/* Two senders and one buffer: one of the senders goes on waiting. */
static void test_park_two(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_send(r, r->b, 100);
	struct efa_qp *c = rig_qp(r, EFA_QP_SRD, r->pd);

	rig_post(r, r->a, &wqe);
	rig_post(r, c, &wqe);
	parked(r, r->a);
	parked(r, c);
	rig_recv(r, r->b, 1, 0, 100);
	rig_run(r);
	assert_int_equal(r->a->run.parked + c->run.parked, 1);
	rig_recv(r, r->b, 2, 0, 100);
	rig_run(r);
	rig_expect(r, r->a->send_cq, wqe.req_id, EFA_IO_OK);
	rig_expect(r, c->send_cq, wqe.req_id, EFA_IO_OK);
}

/* The data of a WRITE is moved once, and then its immediate data waits. */
static void test_park_write_imm(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 3 * SLICE);

	r->f->nic.config.slice = SLICE;
	wqe.ctrl1 |= EFA_IO_CTRL1_IMM;
	rig_post(r, r->a, &wqe);
	parked(r, r->a);
	rig_check(r, r->dst.dma, 3 * SLICE, 1);
	fixture_fill(r->f, r->dst.dma, 0xee, 3 * SLICE);
	rig_recv(r, r->b, 3, 0, 0);
	rig_run(r);
	rig_expect(r, r->a->send_cq, wqe.req_id, EFA_IO_OK);
	assert_int_equal(rig_expect(r, r->b->recv_cq, 3, EFA_IO_OK).len, 3 * SLICE);
	rig_check_fill(r, r->dst.dma, 3 * SLICE, 0xee);
}

static void test_park_peer_gone(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_send(r, r->b, 100);

	rig_post(r, r->a, &wqe);
	parked(r, r->a);
	efa_qp_forget(r->efa, r->b);
	r->b->used = false;
	ends_with(r, &wqe, EFA_IO_BAD_DEST_QPN);
}

static void test_park_peer_reset(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_send(r, r->b, 100);

	rig_post(r, r->a, &wqe);
	parked(r, r->a);
	r->b->state = EFA_QP_RESET;
	efa_qp_forget(r->efa, r->b);
	ends_with(r, &wqe, EFA_IO_BAD_DEST_QPN);
}

static void test_park_peer_error(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_send(r, r->b, 100);

	rig_post(r, r->a, &wqe);
	parked(r, r->a);
	efa_qp_flush(r->efa, r->b);
	ends_with(r, &wqe, EFA_IO_BAD_DEST_QPN);
}

static void test_park_flush(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_send(r, r->b, 100);

	rig_post(r, r->a, &wqe);
	parked(r, r->a);
	efa_qp_flush(r->efa, r->a);
	ends_with(r, &wqe, EFA_IO_FLUSHED);
}

static void test_no_retry(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_send(r, r->b, 100);

	r->a->rnr_retry = 0;
	rig_do(r, r->a, &wqe, EFA_IO_RNR);
	assert_int_equal(r->efa->count.rnr_parked, 0);
}

/* The test sets the end of the period to a time in the past, so as not to wait for it. */
static void test_finite_retries(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_send(r, r->b, 100);

	r->a->rnr_retry = 3;
	rig_post(r, r->a, &wqe);
	for (unsigned int i = 0; i < 3; i++) {
		parked(r, r->a);
		assert_true(efa_engine_step(r->efa));
		assert_in_range(r->efa->pause_us, 1, 1000);
		assert_int_equal(r->efa->count.slices, 2 * i + 1);

		efa_qp_unpark(r->efa);		/* a try within the period does not count */
		parked(r, r->a);
		r->a->run.retry_at = 1;
	}
	ends_with(r, &wqe, EFA_IO_RNR);

	rig_post(r, r->a, &wqe);		/* the next request has all its retries again */
	parked(r, r->a);
	assert_int_equal(r->a->run.retries, 1);
	rig_recv(r, r->b, 1, 0, 100);
	ends_with(r, &wqe, EFA_IO_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(test_park),
		rig_test(test_park_two),
		rig_test(test_park_write_imm),
		rig_test(test_park_peer_gone),
		rig_test(test_park_peer_reset),
		rig_test(test_park_peer_error),
		rig_test(test_park_flush),
		rig_test(test_no_retry),
		rig_test(test_finite_retries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
