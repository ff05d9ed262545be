// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* completion.c, event.c: layouts, phases, arming, overflow, and the CQE faults. */
#include <time.h>

#include "base/clock.h"
#include "efa_rig.h"

#define VECTOR 3

static struct efa_completion a_send(const struct rig *r, uint16_t id)
{
	return (struct efa_completion){
		.req_id = id, .op = EFA_IO_OP_READ, .qp = r->a->id,
	};
}

static void push(struct rig *r, uint16_t cq, uint16_t id)
{
	struct efa_completion c = a_send(r, id);

	efa_cq_push(r->efa, cq, &c);
}

static void ring_cq(struct rig *r, uint16_t cq, uint16_t cons, bool arm)
{
	efa_doorbell_write(r->efa, EFA_DB_CQ + 8u * cq, cons | (arm ? EFA_IO_DB_ARM : 0));
}

/* ---- layout ---- */

static void test_send_layout(void **state)
{
	struct rig *r = *state;
	struct efa_completion c = a_send(r, 0x1234);
	const uint8_t want[32] = {
		0x34, 0x12, EFA_IO_RNR, 0x01 | 0x02 | 0x10, (uint8_t)r->a->id,
	};
	uint8_t got[32];

	c.status = EFA_IO_RNR;
	efa_cq_push(r->efa, r->a->send_cq, &c);
	fixture_get(r->f, r->efa->cq[r->a->send_cq].base, got, sizeof(got));
	assert_memory_equal(got, want, sizeof(want));
	assert_int_equal(r->efa->count.wr_status[EFA_IO_RNR], 1);
}

static void test_recv_layout(void **state)
{
	struct rig *r = *state;
	const struct efa_completion c = {
		.req_id = 0x1234, .recv = true, .imm = true, .unsolicited = true,
		.op = EFA_IO_OP_WRITE, .qp = 0x42, .len = 0x12345678, .ah = 0x0a0b,
		.src_qp = 0x0c0d, .imm_data = 0xdeadbeef,
	};
	const uint8_t want[32] = {
		0x34, 0x12, 0, 0x01 | 0x04 | 0x08 | 0x20 | 0x80, 0x42, 0, 0x78, 0x56,
		0x0b, 0x0a, 0x0d, 0x0c, 0xef, 0xbe, 0xad, 0xde, 0x34, 0x12,
	};
	uint8_t got[32];

	efa_cq_push(r->efa, r->b->recv_cq, &c);
	fixture_get(r->f, r->efa->cq[r->b->recv_cq].base, got, sizeof(got));
	assert_memory_equal(got, want, sizeof(want));
}

/* If the receiver has no AH for the sender, the completion has the sender's GID. */
static void test_source_gid(void **state)
{
	struct rig *r = *state;
	const struct efa_completion c = {
		.recv = true, .op = EFA_IO_OP_SEND, .qp = r->b->id, .len = 5,
		.ah = EFA_IO_AH_UNKNOWN,
	};
	struct efa_io_cqe cqe;

	efa_cq_push(r->efa, r->b->recv_cq, &c);
	cqe = rig_expect(r, r->b->recv_cq, 0, EFA_IO_OK);
	assert_int_equal(cqe.ah, 0xffff);
	assert_memory_equal(cqe.src_gid, r->f->nic.config.gid, 16);
}

/* ---- rings ---- */

static void test_phase(void **state)
{
	struct rig *r = *state;
	uint16_t cq = rig_cq(r, 4, 0);

	for (uint16_t i = 0; i < 100; i++) {
		rig_expect_none(r, cq);
		push(r, cq, i);
		rig_expect(r, cq, i, EFA_IO_OK);
	}
	assert_int_equal(r->efa->count.cq_overflow, 0);
}

static void test_overflow(void **state)
{
	struct rig *r = *state;
	uint16_t cq = rig_cq(r, 4, rig_eq(r, 8, VECTOR));

	for (uint16_t i = 0; i < 6; i++)
		push(r, cq, i);
	assert_int_equal(r->efa->count.cq_overflow, 2);
	for (uint16_t i = 0; i < 4; i++)
		rig_expect(r, cq, i, EFA_IO_OK);
	rig_expect_none(r, cq);
	ring_cq(r, cq, 4, false);
	push(r, cq, 6);		/* the lost ones leave no gap */
	rig_expect(r, cq, 6, EFA_IO_OK);
}

static void test_unreachable(void **state)
{
	struct rig *r = *state;
	uint16_t cq = rig_cq(r, 4, 0);

	fixture_unmap(r->f, r->efa->cq[cq].base, FIXTURE_PAGE);
	push(r, cq, 1);
	assert_int_equal(r->efa->count.cq_overflow, 1);
	assert_int_equal(r->f->nic.stray.count[STRAY_UNMAPPED].writes, 1);
	assert_int_equal(r->efa->cq[cq].prod, 0);
	push(r, EFA_MAX_CQ - 1, 1);	/* no such CQ: no effect */
}

/* ---- events ---- */

static void expect_event(struct rig *r, uint16_t eq, unsigned int n, uint16_t cq)
{
	const struct efa_eq *e = &r->efa->eq[eq];
	struct efa_io_eqe eqe;

	fixture_get(r->f, e->base + (n & (e->depth - 1u)) * sizeof(eqe), &eqe, sizeof(eqe));
	assert_int_equal(eqe.common, !(n / e->depth & 1));
	assert_int_equal(eqe.reserved, 0);
	assert_int_equal(eqe.cq, cq);
}

static void test_arm(void **state)
{
	struct rig *r = *state;
	uint16_t eq = rig_eq(r, 8, VECTOR);
	uint16_t cq = rig_cq(r, 16, eq);

	efa_eq_doorbell(r->efa, eq | EFA_IO_DB_ARM);
	push(r, cq, 0);
	assert_int_equal(fixture_irqs(r->f, VECTOR), 0);	/* CQ not armed */
	ring_cq(r, cq, 1, true);				/* all consumed: no event yet */
	assert_int_equal(fixture_irqs(r->f, VECTOR), 0);
	push(r, cq, 1);
	assert_int_equal(fixture_irqs(r->f, VECTOR), 1);
	expect_event(r, eq, 0, cq);
	push(r, cq, 2);						/* no longer armed */
	assert_int_equal(r->efa->eq[eq].prod, 1);

	efa_eq_doorbell(r->efa, eq | EFA_IO_DB_ARM);
	ring_cq(r, cq, 2, true);				/* one is left: event at once */
	assert_int_equal(fixture_irqs(r->f, VECTOR), 1);
	expect_event(r, eq, 1, cq);
	assert_int_equal(r->efa->count.eq_events, 2);
}

/* Arm, then poll: an event for each new entry, none for entries of an earlier event. */
static void test_arm_then_poll(void **state)
{
	struct rig *r = *state;
	uint16_t eq = rig_eq(r, 8, VECTOR);
	uint16_t cq = rig_cq(r, 16, eq);

	ring_cq(r, cq, 0, true);
	push(r, cq, 0);
	assert_int_equal(r->efa->eq[eq].prod, 1);
	ring_cq(r, cq, 0, true);
	ring_cq(r, cq, 1, false);
	assert_int_equal(r->efa->eq[eq].prod, 1);
	push(r, cq, 1);
	push(r, cq, 2);
	assert_int_equal(r->efa->eq[eq].prod, 2);
	ring_cq(r, cq, 1, true);		/* no event was about the second yet */
	assert_int_equal(r->efa->eq[eq].prod, 3);
	ring_cq(r, cq, 3, false);
	assert_int_equal(r->efa->eq[eq].prod, 3);
}

/* A consumer that takes only some of the entries gets an event for the rest. */
static void test_poll_leaves_some(void **state)
{
	struct rig *r = *state;
	uint16_t eq = rig_eq(r, 8, VECTOR);
	uint16_t cq = rig_cq(r, 16, eq);

	for (uint32_t n = 0; n < 3; n++)
		push(r, cq, n);
	ring_cq(r, cq, 0, true);
	assert_int_equal(r->efa->eq[eq].prod, 1);
	ring_cq(r, cq, 0, true);
	assert_int_equal(r->efa->eq[eq].prod, 1);
	ring_cq(r, cq, 1, false);
	assert_int_equal(r->efa->eq[eq].prod, 2);
	ring_cq(r, cq, 2, false);		/* not armed */
	assert_int_equal(r->efa->eq[eq].prod, 2);
}

static void test_doorbell_without_arm(void **state)
{
	struct rig *r = *state;
	uint16_t eq = rig_eq(r, 8, VECTOR);
	uint16_t cq = rig_cq(r, 16, eq);

	ring_cq(r, cq, 0, true);
	ring_cq(r, cq, 0, false);	/* a poll does not disarm */
	push(r, cq, 0);
	assert_int_equal(r->efa->eq[eq].prod, 1);
}

static void test_eq_pending(void **state)
{
	struct rig *r = *state;
	uint16_t eq = rig_eq(r, 8, VECTOR);
	uint16_t first = rig_cq(r, 16, eq), second = rig_cq(r, 16, eq);

	ring_cq(r, first, 0, true);
	ring_cq(r, second, 0, true);
	push(r, first, 0);			/* EQ not armed: no interrupt yet */
	assert_int_equal(fixture_irqs(r->f, VECTOR), 0);
	expect_event(r, eq, 0, first);
	efa_eq_doorbell(r->efa, eq | EFA_IO_DB_ARM);
	assert_int_equal(fixture_irqs(r->f, VECTOR), 1);
	push(r, second, 0);			/* only one interrupt per arming */
	assert_int_equal(fixture_irqs(r->f, VECTOR), 0);
	efa_eq_doorbell(r->efa, eq);		/* without the arm bit: no effect */
	assert_int_equal(fixture_irqs(r->f, VECTOR), 0);
	efa_eq_doorbell(r->efa, eq | EFA_IO_DB_ARM);
	assert_int_equal(fixture_irqs(r->f, VECTOR), 1);
	efa_eq_doorbell(r->efa, eq | EFA_IO_DB_ARM);	/* and none is left over */
	assert_int_equal(fixture_irqs(r->f, VECTOR), 0);
}

static void test_eq_phase(void **state)
{
	struct rig *r = *state;
	uint16_t eq = rig_eq(r, 4, VECTOR);
	uint16_t cq = rig_cq(r, 16, eq);

	for (uint16_t i = 0; i < 20; i++) {
		ring_cq(r, cq, i, true);
		push(r, cq, i);
		expect_event(r, eq, i, cq);
	}
}

static void test_bad_doorbells(void **state)
{
	struct rig *r = *state;

	ring_cq(r, r->a->send_cq, 0, true);	/* a polled CQ has no doorbell */
	assert_false(r->efa->cq[r->a->send_cq].armed);
	efa_doorbell_write(r->efa, EFA_DB_CQ + 8 * (EFA_MAX_CQ - 1), ~0u);
	efa_doorbell_write(r->efa, EFA_DB_CQ + 8 * EFA_MAX_CQ, ~0u);
	efa_doorbell_write(r->efa, EFA_DB_SIZE - 4, ~0u);
	efa_doorbell_write(r->efa, EFA_DB_CQ + 4, ~0u);
	efa_doorbell_write(r->efa, 4, ~0u);
	efa_eq_doorbell(r->efa, EFA_IO_DB_ARM);
	efa_eq_doorbell(r->efa, ~0u);
	assert_int_equal(r->efa->count.doorbells, 0);
}

/* ---- faults ---- */

static void test_drop(void **state)
{
	struct rig *r = *state;
	uint16_t cq = r->a->send_cq;

	r->f->nic.fault.drop_cqe = 2;
	for (uint16_t i = 0; i < 4; i++)
		push(r, cq, i);
	rig_expect(r, cq, 2, EFA_IO_OK);
	rig_expect(r, cq, 3, EFA_IO_OK);
	assert_int_equal(r->f->nic.fault.drop_cqe, 0);
}

static void make_due(struct rig *r)
{
	for (uint32_t i = r->efa->held.head; i != r->efa->held.tail; i++)
		r->efa->held.entry[i % MAX_HELD].due = 1;
}

static void test_delay(void **state)
{
	struct rig *r = *state;
	uint16_t cq = r->a->send_cq;

	r->f->nic.fault.delay_cqe_us = 3600u * 1000 * 1000;
	push(r, cq, 0);
	push(r, cq, 1);
	r->f->nic.fault.delay_cqe_us = 0;
	push(r, cq, 2);				/* queued behind those that are held */
	assert_true(efa_engine_step(r->efa));	/* waits, at most 1 ms at a time */
	assert_int_equal(r->efa->pause_us, 1000);
	rig_expect_none(r, cq);

	make_due(r);
	assert_false(efa_engine_step(r->efa));
	for (uint16_t i = 0; i < 3; i++)
		rig_expect(r, cq, i, EFA_IO_OK);
	push(r, cq, 3);				/* none is held: written at once */
	rig_expect(r, cq, 3, EFA_IO_OK);
}

/* With the real clock: the completion comes, and not too early. */
static void test_delay_time(void **state)
{
	struct rig *r = *state;
	struct timespec ms = { .tv_nsec = 1000000 };
	uint64_t start = clock_now_ns();

	r->f->nic.fault.delay_cqe_us = 5000;
	push(r, r->a->send_cq, 9);
	while (efa_engine_step(r->efa))
		nanosleep(&ms, NULL);
	assert_true(clock_now_ns() - start >= 5000000);
	rig_expect(r, r->a->send_cq, 9, EFA_IO_OK);
}

static void test_delay_forgotten(void **state)
{
	struct rig *r = *state;
	struct efa_completion other = { .req_id = 7, .qp = r->b->id };

	r->f->nic.fault.delay_cqe_us = 1000;
	push(r, r->a->send_cq, 0);
	efa_cq_push(r->efa, r->b->send_cq, &other);
	efa_qp_forget(r->efa, r->a);
	make_due(r);
	assert_false(efa_engine_step(r->efa));
	rig_expect_none(r, r->a->send_cq);
	rig_expect(r, r->b->send_cq, 7, EFA_IO_OK);
}

static void test_delay_limit(void **state)
{
	struct rig *r = *state;
	uint16_t cq = rig_cq(r, 2048, 0);

	r->f->nic.fault.delay_cqe_us = 3600u * 1000 * 1000;
	for (uint16_t i = 0; i < MAX_HELD + 2; i++)
		push(r, cq, i);
	rig_expect(r, cq, 0, EFA_IO_OK);
	rig_expect(r, cq, 1, EFA_IO_OK);
	rig_expect_none(r, cq);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(test_send_layout),
		rig_test(test_recv_layout),
		rig_test(test_source_gid),
		rig_test(test_phase),
		rig_test(test_overflow),
		rig_test(test_unreachable),
		rig_test(test_arm),
		rig_test(test_arm_then_poll),
		rig_test(test_poll_leaves_some),
		rig_test(test_doorbell_without_arm),
		rig_test(test_eq_pending),
		rig_test(test_eq_phase),
		rig_test(test_bad_doorbells),
		rig_test(test_drop),
		rig_test(test_delay),
		rig_test(test_delay_time),
		rig_test(test_delay_forgotten),
		rig_test(test_delay_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
