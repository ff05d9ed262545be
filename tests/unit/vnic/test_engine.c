// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * engine.c and the long life of a work request: slices, what is destroyed
 * between them, waiting receivers, flushes, and work requests of pure noise.
 */
#include <stdlib.h>
#include <string.h>

#include "rig.h"

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
	rig_recv(r, r->b, 0, 0, 10);		/* nobody waits for it */
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

/* One QP with much to do does not keep the others waiting. */
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

/* Two slices of four are done. */
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

/* Deregistered and registered again: another generation, another key. */
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

	r->f->nic.fault.ignore_dereg = true;
	mr->used = false;
	mr->zombie = true;
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
	r->a->state = EFA_QP_RTS;		/* and through INIT and RTR back */
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

/* ---- receiver not ready ---- */

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
	assert_false(efa_engine_step(r->efa));		/* no time to wait for */

	rig_do(r, c, &write, EFA_IO_OK);		/* others go on */
	rig_recv(r, r->b, 21, 0, 100);
	rig_run(r);
	rig_expect(r, r->a->send_cq, wqe.req_id, EFA_IO_OK);
	rig_expect(r, r->a->send_cq, write.req_id, EFA_IO_OK);	/* in order */
	rig_expect(r, r->b->recv_cq, 21, EFA_IO_OK);
}

/* Two senders, one buffer: one of them goes on waiting. */
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

	slices_of(r, SLICE);
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

/* The period is made to pass, so that the test does not have to wait for it. */
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

		efa_qp_unpark(r->efa);		/* early and without luck: free */
		parked(r, r->a);
		r->a->run.retry_at = 1;
	}
	ends_with(r, &wqe, EFA_IO_RNR);

	rig_post(r, r->a, &wqe);		/* the next one has all its retries */
	parked(r, r->a);
	assert_int_equal(r->a->run.retries, 1);
	rig_recv(r, r->b, 1, 0, 100);
	ends_with(r, &wqe, EFA_IO_OK);
}

/* ---- flush ---- */

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
	rig_expect_none(r, r->a->send_cq);		/* it is the engine's work */
	assert_true(rig_run(r) >= 2);			/* and not all in one turn */
	for (uint16_t i = 0; i < RIG_SQ; i++) {
		struct efa_io_cqe cqe = rig_expect(r, r->a->send_cq, i, EFA_IO_FLUSHED);

		assert_int_equal((cqe.flags & EFA_IO_CQE_OP_MASK) >> EFA_IO_CQE_OP_SHIFT,
				 EFA_IO_OP_READ);
		rig_expect(r, r->a->recv_cq, 500 + i, EFA_IO_FLUSHED);
	}
	assert_int_equal(r->efa->count.wr_status[EFA_IO_FLUSHED], 2 * RIG_SQ);
}

/* A request of several descriptors is flushed as one. */
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

/* ---- noise ---- */

static uint16_t completions(struct rig *r, uint16_t cq)
{
	struct efa_io_cqe cqe;
	uint16_t n = 0;

	while (rig_poll(r, cq, &cqe)) {
		assert_in_range(cqe.status, EFA_IO_OK, EFA_IO_UNREACHABLE);
		n++;
	}
	return n;
}

static void test_all_ones(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe;

	memset(&wqe, 0xff, sizeof(wqe));
	rig_do(r, r->a, &wqe, EFA_IO_UNSUPPORTED_OP);
	memset(&wqe, 0, sizeof(wqe));
	rig_do(r, r->a, &wqe, EFA_IO_UNSUPPORTED_OP);
}

static uint32_t one_of(const uint32_t *choice, unsigned int nr)
{
	return choice[(unsigned long)random() % nr];
}

/* Noise all over, or a good request with some bytes of noise: both get far. */
static struct efa_io_wqe noise(struct rig *r, const struct efa_qp *to)
{
	const uint32_t keys[] = { r->src.key, r->dst.key, 0, ~0u };
	const uint32_t lens[] = { 0, 1, 31, 4096, EFA_MTU, RIG_BUF, RIG_BUF + 1, ~0u };
	uint32_t len = one_of(lens, 8);
	struct efa_io_wqe wqe = random() % 2 ? rig_send(r, to, len)
					     : rig_rdma(r, random() % 4, to, len);
	uint8_t *bytes = (uint8_t *)&wqe;

	switch (random() % 4) {
	case 0:
		for (size_t i = 0; i < sizeof(wqe); i++)
			bytes[i] = (uint8_t)random();
		break;
	case 1:
		for (unsigned int i = 0; i < 3; i++)
			bytes[(unsigned long)random() % sizeof(wqe)] ^= (uint8_t)random();
		break;
	case 2:
		wqe.rdma.remote.key = one_of(keys, 4);
		wqe.rdma.local.key = one_of(keys, 4);
		break;
	}
	return wqe;
}

static bool rq_full(const struct efa_qp *qp)
{
	return (uint16_t)(qp->rq_prod - qp->rq_cons) == qp->rq_depth;
}

/*
 * 100,000 of them, SRD and UD, to themselves and to each other, with receives of
 * noise: every one completes exactly once. No QP waits for a receiver for ever,
 * because rnr_retry is 0.
 */
static void test_noise(void **state)
{
	struct rig *r = *state;
	struct efa_qp *qp[4] = {
		r->a, r->b, rig_qp(r, EFA_QP_UD, r->pd), rig_qp(r, EFA_QP_UD, r->pd),
	};
	uint64_t completed = 0;

	srandom(20);
	slices_of(r, 1000);
	for (unsigned int i = 0; i < 4; i++)
		qp[i]->rnr_retry = 0;
	for (unsigned int round = 0; round < 100000 / RIG_SQ / 4 + 1; round++) {
		for (unsigned int i = 0; i < 4 * RIG_SQ; i++) {
			struct efa_io_wqe wqe = noise(r, qp[(unsigned long)random() % 4]);

			rig_post(r, qp[i % 4], &wqe);
			if (random() % 16 == 0 && !rq_full(qp[i % 4]))
				rig_recv(r, qp[i % 4], (uint16_t)i, (uint32_t)random() % RIG_BUF,
					 (uint16_t)random());
		}
		rig_run(r);
		for (unsigned int i = 0; i < 4; i++) {
			assert_int_equal(completions(r, qp[i]->send_cq), RIG_SQ);
			completions(r, qp[i]->recv_cq);
			assert_int_equal(qp[i]->state, EFA_QP_RTS);
			completed += RIG_SQ;
		}
	}
	assert_true(completed >= 100000);
	assert_int_equal(stray_total(&r->f->nic.stray), 0);
	/* The noise reached every end of the code that needs no hole in the IOMMU. */
	for (unsigned int s = EFA_IO_OK; s <= EFA_IO_REMOTE_LENGTH; s++)
		if (s != EFA_IO_FLUSHED && s != EFA_IO_QP_INTERNAL && s != EFA_IO_REMOTE_ABORT)
			if (!r->efa->count.wr_status[s])
				fail_msg("status %u never came", s);
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
		rig_test(test_park),
		rig_test(test_park_two),
		rig_test(test_park_write_imm),
		rig_test(test_park_peer_gone),
		rig_test(test_park_peer_reset),
		rig_test(test_park_peer_error),
		rig_test(test_park_flush),
		rig_test(test_no_retry),
		rig_test(test_finite_retries),
		rig_test(test_flush_order),
		rig_test(test_flush_scatter),
		rig_test(test_post_in_error),
		rig_test(test_all_ones),
		rig_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
