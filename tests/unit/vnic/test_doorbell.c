// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* doorbell.c: counters that wrap, invalid counters, and QPs that ignore doorbells. */
#include "efa_rig.h"

static void lie(struct rig *r, struct efa_qp *qp, uint32_t ring, uint16_t value)
{
	efa_doorbell_write(r->efa, qp->id * EFA_DB_PAGE + ring, value);
	assert_int_equal(qp->state, EFA_QP_ERR);
}

static void test_sq_overrun(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 10);

	rig_post(r, r->a, &wqe);
	lie(r, r->a, EFA_IO_DB_SQ, RIG_SQ + 1);
	rig_run(r);
	rig_expect(r, r->a->send_cq, wqe.req_id, EFA_IO_FLUSHED);	/* only that one */
	rig_expect_none(r, r->a->send_cq);

	lie(r, r->a, EFA_IO_DB_SQ, RIG_SQ + 2);		/* still refused */
	assert_int_equal(rig_run(r), 0);
}

static void test_sq_backwards(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 10);

	rig_do(r, r->a, &wqe, EFA_IO_OK);
	rig_post(r, r->a, &wqe);
	rig_post(r, r->a, &wqe);
	lie(r, r->a, EFA_IO_DB_SQ, 2);			/* takes back one request */
	rig_run(r);
	rig_expect(r, r->a->send_cq, wqe.req_id, EFA_IO_FLUSHED);
	rig_expect(r, r->a->send_cq, wqe.req_id, EFA_IO_FLUSHED);
}

static void test_rq_overrun(void **state)
{
	struct rig *r = *state;

	rig_recv(r, r->b, 31, 0, 10);
	lie(r, r->b, EFA_IO_DB_RQ, RIG_RQ + 1);
	rig_run(r);
	rig_expect(r, r->b->recv_cq, 31, EFA_IO_FLUSHED);
	rig_expect_none(r, r->b->recv_cq);
}

static void test_no_ring(void **state)
{
	struct rig *r = *state;

	r->a->sq_depth = 0;
	r->b->rq_depth = 0;
	lie(r, r->a, EFA_IO_DB_SQ, 1);
	lie(r, r->b, EFA_IO_DB_RQ, 1);
	assert_int_equal(rig_run(r), 0);
}

static void test_full_ring(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe;

	for (unsigned int round = 0; round < 1100; round++) {	/* the counter wraps */
		uint16_t first = r->a->sq_prod;

		for (unsigned int i = 0; i < RIG_SQ; i++) {
			wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 1);
			wqe.req_id = (uint16_t)(first + i);
			rig_post(r, r->a, &wqe);
		}
		rig_run(r);
		for (unsigned int i = 0; i < RIG_SQ; i++)
			rig_expect(r, r->a->send_cq, (uint16_t)(first + i), EFA_IO_OK);
	}
	assert_int_equal(r->a->state, EFA_QP_RTS);
}

/* Work that is posted early waits for RTS. In RESET, doorbells have no effect. */
static void test_states(void **state)
{
	struct rig *r = *state;
	static const enum efa_qp_state quiet[] = {
		EFA_QP_INIT, EFA_QP_RTR, EFA_QP_SQD, EFA_QP_SQE,
	};
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 10);

	r->a->state = EFA_QP_RESET;
	efa_doorbell_write(r->efa, r->a->id * EFA_DB_PAGE, 1);
	assert_int_equal(r->a->sq_prod, 0);
	r->a->state = EFA_QP_INIT;
	rig_post(r, r->a, &wqe);
	for (unsigned int i = 0; i < 4; i++) {
		r->a->state = quiet[i];
		assert_int_equal(rig_run(r), 0);
	}
	r->a->state = EFA_QP_RTS;
	assert_int_equal(rig_run(r), 1);
	rig_expect(r, r->a->send_cq, wqe.req_id, EFA_IO_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(test_sq_overrun),
		rig_test(test_sq_backwards),
		rig_test(test_rq_overrun),
		rig_test(test_no_ring),
		rig_test(test_full_ring),
		rig_test(test_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
