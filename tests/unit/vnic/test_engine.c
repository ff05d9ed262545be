// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* engine.c, sq.c: slices, fair turns, and objects that are destroyed between two slices. */
#include <string.h>

#include "efa_rig.h"

#define SLICE	4096u

static void slices_of(struct rig *r, uint32_t bytes)
{
	r->f->nic.config.slice = bytes;
}

/* ---- slices ---- */

static void test_slices(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 5 * SLICE + 1);

	slices_of(r, SLICE);
	rig_post(r, r->a, &wqe);
	for (unsigned int i = 1; i <= 5; i++) {
		assert_true(efa_engine_step(r->efa));
		rig_check(r, r->dst.dma, i * SLICE, 1);
		rig_check_fill(r, r->dst.dma + i * SLICE, SLICE, 0);
		rig_expect_none(r, r->a->send_cq);
	}
	assert_true(efa_engine_step(r->efa));
	rig_expect(r, r->a->send_cq, wqe.req_id, EFA_IO_OK);
	rig_check(r, r->dst.dma, 5 * SLICE + 1, 1);
	assert_false(efa_engine_step(r->efa));
	assert_int_equal(r->efa->count.slices, 6);
}

static void test_idle(void **state)
{
	struct rig *r = *state;

	assert_false(efa_engine_step(r->efa));
	assert_int_equal(r->efa->count.slices, 0);
}

static void test_kick(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 1);

	r->f->nic.gate.kicked = false;
	rig_recv(r, r->b, 0, 0, 10);		/* no sender waits for it */
	assert_false(r->f->nic.gate.kicked);
	rig_post(r, r->a, &wqe);
	assert_true(r->f->nic.gate.kicked);
}

static void test_slow(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 1);

	r->f->nic.fault.slow_us = 1234;
	rig_post(r, r->a, &wqe);
	assert_true(efa_engine_step(r->efa));
	assert_int_equal(r->efa->pause_us, 1234);
	assert_false(efa_engine_step(r->efa));
	assert_int_equal(r->efa->pause_us, 0);
}

/* A QP with much work does not delay the others. */
static void test_fairness(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe big = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 8 * SLICE);
	struct efa_io_wqe small = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 1);
	struct efa_qp *c = rig_qp(r, EFA_QP_SRD, r->pd);

	slices_of(r, SLICE);
	rig_post(r, r->a, &big);
	rig_post(r, c, &small);
	rig_post(r, c, &small);
	for (unsigned int i = 0; i < 4; i++)
		assert_true(efa_engine_step(r->efa));
	rig_expect(r, c->send_cq, small.req_id, EFA_IO_OK);
	rig_expect(r, c->send_cq, small.req_id, EFA_IO_OK);
	assert_int_equal(r->a->run.done, 2 * SLICE);
}

static void test_snapshot(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 3 * SLICE);

	slices_of(r, SLICE);
	rig_post(r, r->a, &wqe);
	efa_engine_step(r->efa);
	memset(r->efa->llq + r->a->id * EFA_LLQ_QP_SIZE, 0xff, sizeof(wqe));
	rig_run(r);
	rig_expect(r, r->a->send_cq, wqe.req_id, EFA_IO_OK);
	rig_check(r, r->dst.dma, 3 * SLICE, 1);
}

/* ---- what may happen between two slices ---- */

/* A request of four slices, two of which are done. */
static struct efa_io_wqe half_way(struct rig *r, enum efa_io_op op)
{
	struct efa_io_wqe wqe = rig_rdma(r, op, r->b, 4 * SLICE);

	slices_of(r, SLICE);
	rig_post(r, r->a, &wqe);
	assert_true(efa_engine_step(r->efa));
	assert_true(efa_engine_step(r->efa));
	assert_int_equal(r->a->run.done, 2 * SLICE);
	return wqe;
}

static void ends_with(struct rig *r, const struct efa_io_wqe *wqe, enum efa_io_status status)
{
	rig_run(r);
	rig_expect(r, r->a->send_cq, wqe->req_id, status);
	rig_expect_none(r, r->a->send_cq);
	assert_false(r->a->run.active);
	assert_int_equal(stray_total(&r->f->nic.stray), 0);
}

static void test_dereg_remote(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = half_way(r, EFA_IO_OP_WRITE);

	rig_dereg(r, r->dst.key);
	ends_with(r, &wqe, EFA_IO_REMOTE_ADDRESS);
	rig_check(r, r->dst.dma, 2 * SLICE, 1);
	rig_check_fill(r, r->dst.dma + 2 * SLICE, 2 * SLICE, 0);
}

static void test_dereg_local(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = half_way(r, EFA_IO_OP_READ);

	rig_dereg(r, r->src.key);
	ends_with(r, &wqe, EFA_IO_BAD_LKEY);
}

/* An MR that is registered again in the same slot has another generation and another key. */
static void test_rereg(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = half_way(r, EFA_IO_OP_WRITE);
	uint32_t key = r->dst.key;

	rig_dereg(r, key);
	key = rig_mr(r, r->dst.dma, r->dst.addr, RIG_BUF, RIG_ALL, r->pd);
	assert_int_not_equal(key, r->dst.key);
	ends_with(r, &wqe, EFA_IO_REMOTE_ADDRESS);
	rig_check_fill(r, r->dst.dma + 2 * SLICE, 2 * SLICE, 0);
}

static void test_zombie_half_way(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = half_way(r, EFA_IO_OP_WRITE);
	struct efa_mr *mr = efa_mr_get(r->efa, r->dst.key);

	efa_fault(&r->f->nic.fault)->ignore_dereg = true;
	mr->used = false;
	mr->region.gone = true;
	rig_run(r);
	rig_expect(r, r->a->send_cq, wqe.req_id, EFA_IO_OK);
	assert_int_equal(r->f->nic.stray.count[STRAY_DEREGISTERED].bytes, 2 * SLICE);
}

static void test_unmap_half_way(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = half_way(r, EFA_IO_OP_WRITE);

	fixture_unmap(r->f, r->dst.dma, RIG_BUF);
	rig_run(r);
	rig_expect(r, r->a->send_cq, wqe.req_id, EFA_IO_REMOTE_ADDRESS);
	assert_int_equal(r->f->nic.stray.count[STRAY_UNMAPPED].writes, 1);
	assert_int_equal(r->f->nic.stray.count[STRAY_UNMAPPED].bytes, SLICE);
}

static void test_peer_destroyed(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = half_way(r, EFA_IO_OP_WRITE);

	efa_qp_forget(r->efa, r->b);
	r->b->used = false;
	ends_with(r, &wqe, EFA_IO_BAD_DEST_QPN);
}

static void test_ah_destroyed(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = half_way(r, EFA_IO_OP_WRITE);

	r->efa->ah[r->ah].used = false;
	ends_with(r, &wqe, EFA_IO_BAD_AH);
}

static void test_sender_destroyed(void **state)
{
	struct rig *r = *state;

	half_way(r, EFA_IO_OP_WRITE);
	efa_qp_forget(r->efa, r->a);
	r->a->used = false;
	assert_int_equal(rig_run(r), 0);
	rig_expect_none(r, r->a->send_cq);
	rig_check_fill(r, r->dst.dma + 2 * SLICE, 2 * SLICE, 0);
}

static void test_sender_reset(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = half_way(r, EFA_IO_OP_WRITE);

	r->a->state = EFA_QP_RESET;
	efa_qp_forget(r->efa, r->a);
	r->a->state = EFA_QP_RTS;		/* stands for the way back through INIT and RTR */
	assert_int_equal(rig_run(r), 0);
	rig_do(r, r->a, &wqe, EFA_IO_OK);	/* from the first slot on */
}

static void test_sender_error(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = half_way(r, EFA_IO_OP_WRITE);

	efa_qp_flush(r->efa, r->a);
	ends_with(r, &wqe, EFA_IO_FLUSHED);
}

static void test_drain(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe first = half_way(r, EFA_IO_OP_WRITE);
	struct efa_io_wqe second = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 1);

	rig_post(r, r->a, &second);
	r->a->state = EFA_QP_SQD;
	ends_with(r, &first, EFA_IO_OK);
	r->a->state = EFA_QP_RTS;
	ends_with(r, &second, EFA_IO_OK);
}

static void test_device_reset(void **state)
{
	struct rig *r = *state;

	half_way(r, EFA_IO_OP_WRITE);
	r->f->nic.fault.delay_cqe_us = 1000000;
	efa_reset(r->efa);
	assert_false(efa_engine_step(r->efa));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(test_slices),
		rig_test(test_idle),
		rig_test(test_kick),
		rig_test(test_slow),
		rig_test(test_fairness),
		rig_test(test_snapshot),
		rig_test(test_dereg_remote),
		rig_test(test_dereg_local),
		rig_test(test_rereg),
		rig_test(test_zombie_half_way),
		rig_test(test_unmap_half_way),
		rig_test(test_peer_destroyed),
		rig_test(test_ah_destroyed),
		rig_test(test_sender_destroyed),
		rig_test(test_sender_reset),
		rig_test(test_sender_error),
		rig_test(test_drain),
		rig_test(test_device_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
