// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * mlx5: page faults. A request that meets a page which is not present stops, the driver is
 * told where, and when it has answered, the request goes on or fails.
 */
#include <string.h>
#include <unistd.h>

#include "mlx5_pair.h"

#define SEND		0x0a
#define WRITE		0x08
#define READ		0x10
#define FETCH_ADD	0x12
#define PAGE_FAULT	0x0c

static uint64_t events;			/* ring of the queue for page faults */
static unsigned int seen;		/* events that were looked at */

struct page_fault {
	uint8_t sub_type, type;
	uint32_t committed, key, length, queue, token;
	uint16_t index;
	uint64_t addr;
};

static uint64_t get(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | *at++;
	return value;
}

/* Several pairs of a test share one queue. */
static struct pair with_events(struct pair p, unsigned int log_size)
{
	if (mlx5_eq_for(p.d->mlx5, EV_PAGE_FAULT))
		return p;
	mdrv_eq(p.d, p.uar, log_size, 1ull << PAGE_FAULT, &events);
	seen = 0;
	return p;
}

static struct pair rc(void **state)
{
	return with_events(pair_create(*state, PAIR_RC, 7), 4);
}

static struct pair_wqe rdma(const struct pair *p, uint8_t opcode, uint32_t bytes)
{
	struct pair_wqe w = pair_wqe(opcode, 0);

	pair_remote(&w, p->end[1].iova, p->end[1].key);
	pair_segment(&w, bytes, p->end[0].key, p->end[0].iova);
	return w;
}

/* Pages of @end's region: what the driver does when they are revoked, and later. */
static void set_pages(struct pair *p, unsigned int end, uint32_t first, bool present)
{
	struct mlx5_mkey *mkey = mlx5_mkey_get(p->d->mlx5, p->end[end].key >> 8);

	for (uint32_t i = first; i < mkey->nr_entries; i++)
		mkey->entry[i] = present ? mkey->entry[i] | 3 : mkey->entry[i] & ~3ull;
}

static bool next_fault(struct pair *p, struct page_fault *fault)
{
	uint8_t eqe[64];

	fixture_get(p->d->f, events + seen * 64, eqe, sizeof(eqe));
	if (eqe[1] != PAGE_FAULT)
		return false;
	seen++;
	*fault = (struct page_fault){
		.sub_type = eqe[3], .type = eqe[56], .committed = (uint32_t)get(eqe + 32, 4),
		.key = (uint32_t)get(eqe + 36, 4), .index = (uint16_t)get(eqe + 38, 2),
		.length = (uint32_t)get(eqe + 44, 4), .addr = get(eqe + 48, 8),
		.queue = (uint32_t)get(eqe + 57, 3),
	};
	fault->token = fault->sub_type ? fault->queue : fault->length;
	return true;
}

static struct page_fault expect_fault(struct pair *p, uint8_t sub_type, uint8_t type)
{
	struct page_fault fault;
	struct pair_done done;

	assert_true(next_fault(p, &fault));
	assert_int_equal(fault.sub_type, sub_type);
	assert_int_equal(fault.type, type);
	assert_int_not_equal(fault.token, 0);
	assert_false(pair_sent(p, 0, &done));
	return fault;
}

static void resume(struct pair *p, uint32_t token, bool error)
{
	mdrv_begin(p->d, 0x204, 0);
	mdrv_put(p->d, 0, 0x40, 1, error);
	mdrv_put(p->d, 0, 0x68, 24, token);
	assert_int_equal(mdrv_do(p->d, 16, 16), 0);
	pair_run(p);
}

/* ---- where the page is ---- */

static void test_write(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = rdma(&p, WRITE, 5000);
	struct page_fault fault;

	pair_fill(&p, 0, 0, 5000, 1);
	set_pages(&p, 1, 0, false);
	pair_send(&p, 0, &w);
	fault = expect_fault(&p, 1, 4 | 2);
	assert_int_equal(fault.committed, 0);
	assert_int_equal(fault.key, p.end[1].key);
	assert_int_equal(fault.length, 5000);
	assert_true(fault.addr == p.end[1].iova);
	set_pages(&p, 1, 0, true);
	resume(&p, fault.token, false);
	pair_expect_sent(&p, 0, 0, 0);
	pair_check(&p, 1, 0, 5000, 1);
}

/* What was moved before is not moved again, and the driver learns how much that is. */
static void test_in_the_middle(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = rdma(&p, READ, 9000);
	uint32_t first = 4096 - (p.end[1].iova & 0xfff);
	struct page_fault fault;

	pair_fill(&p, 1, 0, 9000, 2);
	set_pages(&p, 1, 1, false);
	pair_send(&p, 0, &w);
	fault = expect_fault(&p, 1, 4);
	assert_int_equal(fault.committed, first);
	pair_check(&p, 0, 0, first, 2);
	pair_fill(&p, 1, 0, first, 3);
	set_pages(&p, 1, 1, true);
	resume(&p, fault.token, false);
	pair_expect_sent(&p, 0, 0, 0);
	pair_check(&p, 0, 0, first, 2);
}

static void own_memory(void **state, uint8_t opcode, uint8_t type)
{
	struct pair p = rc(state);
	struct pair_wqe w = rdma(&p, opcode, 64);
	struct page_fault fault;

	pair_send(&p, 0, &w);			/* so that the index is not 0 */
	pair_expect_sent(&p, 0, 0, 0);
	set_pages(&p, 0, 0, false);
	pair_send(&p, 0, &w);
	fault = expect_fault(&p, 0, type);
	assert_int_equal(fault.index, 1);
	assert_int_equal(fault.queue, p.end[0].qp);
	set_pages(&p, 0, 0, true);
	resume(&p, fault.token, false);
	pair_expect_sent(&p, 0, 0, 0);
}

static void test_own_memory(void **state)
{
	own_memory(state, WRITE, 1);
	own_memory(state, READ, 3);
}

static void test_receive(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = pair_wqe(SEND, 0);
	struct page_fault fault;

	pair_segment(&w, 64, p.end[0].key, p.end[0].iova);
	pair_recv(&p, 1, 64, p.end[1].key, p.end[1].iova);
	pair_fill(&p, 0, 0, 64, 4);
	set_pages(&p, 1, 0, false);
	pair_send(&p, 0, &w);
	fault = expect_fault(&p, 0, 2);
	assert_int_equal(fault.index, 0);
	assert_int_equal(fault.queue, p.end[1].qp);
	set_pages(&p, 1, 0, true);
	resume(&p, fault.token, false);
	pair_expect_sent(&p, 0, 0, 0);
	pair_expect_received(&p, 1, 2, 0);
	pair_check(&p, 1, 0, 64, 4);
}

static void test_shared_receive(void **state)
{
	struct pair p = with_events(pair_create_shared(*state, PAIR_RC), 4);
	struct pair_wqe w = pair_wqe(SEND, 0);
	struct page_fault fault;

	pair_segment(&w, 64, p.end[0].key, p.end[0].iova);
	pair_share(&p, 0, 5, 64, p.end[1].iova);
	set_pages(&p, 1, 0, false);
	pair_send(&p, 0, &w);
	fault = expect_fault(&p, 0, 0);
	assert_int_equal(fault.queue, p.srq.number);
	set_pages(&p, 1, 0, true);
	resume(&p, fault.token, false);
	pair_expect_received(&p, 1, 2, 0);
}

static void atomic(void **state, unsigned int absent, uint8_t sub_type, uint8_t type)
{
	struct pair p = rc(state);
	struct pair_wqe w = pair_wqe(FETCH_ADD, 0);
	struct page_fault fault;

	p.end[1].key = pair_key(&p, p.end[1].pd, p.end[1].iova & ~7ull, p.end[1].memory, 4096,
				PAIR_LOCAL | PAIR_REMOTE, 3);
	pair_remote(&w, p.end[1].iova & ~7ull, p.end[1].key);
	w.size += 16;
	w.byte[39] = 1;
	pair_segment(&w, 8, p.end[0].key, p.end[0].iova);
	set_pages(&p, absent, 0, false);
	pair_send(&p, 0, &w);
	fault = expect_fault(&p, sub_type, type);
	set_pages(&p, absent, 0, true);
	resume(&p, fault.token, false);
	pair_expect_sent(&p, 0, 0, 0);
}

static void test_atomic(void **state)
{
	atomic(state, 1, 1, 4 | 2);
	atomic(state, 0, 0, 3);
}

/* A datagram is sent whole, also the second time. */
static void test_datagram(void **state)
{
	struct pair p = with_events(pair_create(*state, PAIR_UD, 7), 4);
	struct pair_wqe w = pair_wqe(SEND, 0);
	struct page_fault fault;

	memcpy(w.byte + 16, (uint8_t[]){ 0x11, 0x22, 0x33, 0x44 }, 4);
	w.byte[26] = (uint8_t)(p.end[1].qp >> 8);
	w.byte[27] = (uint8_t)p.end[1].qp;
	w.byte[31] = 1;
	w.size = 64;
	pair_segment(&w, 4096, p.end[0].key, p.end[0].iova);
	pair_recv(&p, 1, 4136, p.end[1].key, p.end[1].iova);
	pair_fill(&p, 0, 0, 4096, 5);
	set_pages(&p, 0, 1, false);
	pair_send(&p, 0, &w);
	fault = expect_fault(&p, 0, 1);
	assert_int_equal(fault.committed, 0);
	set_pages(&p, 0, 1, true);
	resume(&p, fault.token, false);
	pair_expect_sent(&p, 0, 0, 0);
	assert_int_equal(pair_expect_received(&p, 1, 2, 0).bytes, 4136);
	pair_check(&p, 1, 40, 4096, 5);
}

/* ---- the driver cannot bring it in ---- */

static void test_refused(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = rdma(&p, WRITE, 64);

	set_pages(&p, 1, 0, false);
	pair_send(&p, 0, &w);
	resume(&p, expect_fault(&p, 1, 6).token, true);
	pair_expect_sent(&p, 0, 13, 0x13);
	p = rc(state);
	w = rdma(&p, READ, 64);
	set_pages(&p, 0, 0, false);
	pair_send(&p, 0, &w);
	resume(&p, expect_fault(&p, 0, 3).token, true);
	pair_expect_sent(&p, 0, 13, 0x04);
	p = rc(state);
	w = pair_wqe(SEND, 0);
	pair_segment(&w, 64, p.end[0].key, p.end[0].iova);
	pair_recv(&p, 1, 64, p.end[1].key, p.end[1].iova);
	set_pages(&p, 1, 0, false);
	pair_send(&p, 0, &w);
	resume(&p, expect_fault(&p, 0, 2).token, true);
	pair_expect_sent(&p, 0, 13, 0x14);
	pair_expect_received(&p, 1, 14, 0x04);
}

/* A driver that says "it is there" and does nothing does not make the device spin. */
static void test_never_brought_in(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = rdma(&p, WRITE, 64);

	set_pages(&p, 1, 0, false);
	pair_send(&p, 0, &w);
	for (int i = 0; i < 8; i++)
		resume(&p, expect_fault(&p, 1, 6).token, false);
	pair_expect_sent(&p, 0, 13, 0x13);
	assert_int_equal(p.d->mlx5->count.page_faults, 8);
}

/* There is no room in the queue for its event: an error, and nobody waits for ever. */
static void test_no_room(void **state)
{
	struct pair p = with_events(pair_create(*state, PAIR_RC, 7), 0);
	struct pair_wqe w = rdma(&p, WRITE, 64), back = pair_wqe(WRITE, 0);

	pair_remote(&back, p.end[0].iova, p.end[0].key);
	pair_segment(&back, 64, p.end[1].key, p.end[1].iova);
	set_pages(&p, 1, 0, false);
	pair_send(&p, 0, &w);
	expect_fault(&p, 1, 6);
	pair_send(&p, 1, &back);
	pair_expect_sent(&p, 1, 13, 0x04);
}

/* An unreliable connection has no page faults, and its sender no errors from beyond. */
static void test_unreliable(void **state)
{
	struct pair p = with_events(pair_create(*state, PAIR_UC, 7), 4);
	struct pair_wqe w = rdma(&p, WRITE, 64);
	struct page_fault fault;

	set_pages(&p, 1, 0, false);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	assert_false(next_fault(&p, &fault));
}

/* ---- while it waits ---- */

static void test_order(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = rdma(&p, WRITE, 64), second = pair_wqe(WRITE, 0);
	uint32_t other = pair_key(&p, p.end[1].pd, 0x1000, p.end[1].memory + 8192, 4096,
				  PAIR_LOCAL | PAIR_REMOTE, 3);
	struct pair_done done;

	pair_remote(&second, 0x1000, other);
	pair_segment(&second, 64, p.end[0].key, p.end[0].iova);
	set_pages(&p, 1, 0, false);
	pair_send(&p, 0, &w);
	pair_send(&p, 0, &second);
	assert_false(pair_sent(&p, 0, &done));
	set_pages(&p, 1, 0, true);
	resume(&p, expect_fault(&p, 1, 6).token, false);
	assert_int_equal(pair_expect_sent(&p, 0, 0, 0).counter, 0);
	assert_int_equal(pair_expect_sent(&p, 0, 0, 0).counter, 1);
}

static void command_for(struct pair *p, uint16_t opcode, uint32_t qp)
{
	mdrv_begin(p->d, opcode, 0);
	mdrv_put(p->d, 9, 0, 24, qp);
	assert_int_equal(mdrv_do(p->d, 16, 16), 0);
	pair_run(p);
}

/* The answer to a fault that was dropped does nothing to another. */
static void test_late_answer(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = rdma(&p, WRITE, 64);
	struct page_fault old, new;
	struct pair_done done;

	set_pages(&p, 1, 0, false);
	pair_send(&p, 0, &w);
	old = expect_fault(&p, 1, 6);
	command_for(&p, 0x507, p.end[0].qp);		/* into the error state */
	pair_expect_sent(&p, 0, 13, 0x05);
	resume(&p, old.token, false);
	assert_false(pair_sent(&p, 0, &done));
	mlx5_qp_get(p.d->mlx5, p.end[0].qp)->state = QP_RTS;
	pair_send(&p, 0, &w);
	new = expect_fault(&p, 1, 6);
	assert_int_not_equal(new.token, old.token);
	resume(&p, old.token, true);
	resume(&p, 0, true);
	resume(&p, new.token ^ 1, true);
	assert_false(pair_sent(&p, 0, &done));
	set_pages(&p, 1, 0, true);
	resume(&p, new.token, false);
	pair_expect_sent(&p, 0, 0, 0);
}

/* Nobody would ever answer for a queue pair that is gone. */
static void test_other_side_goes(void **state)
{
	static const uint16_t opcodes[] = { 0x501, 0x507, 0x50a };	/* destroy, error, reset */

	for (int i = 0; i < 3; i++) {
		struct pair p = rc(state);
		struct pair_wqe w = rdma(&p, WRITE, 64);

		set_pages(&p, 1, 0, false);
		pair_send(&p, 0, &w);
		expect_fault(&p, 1, 6);
		command_for(&p, opcodes[i], p.end[1].qp);
		usleep(510000);			/* it does not answer */
		pair_run(&p);
		pair_expect_sent(&p, 0, 13, 0x15);
	}
}

static void test_lost_answer(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = rdma(&p, WRITE, 64);
	struct pair_done done;
	struct page_fault fault;

	mlx5_fault(&p.d->f->nic.fault)->lose_resume = 1;
	set_pages(&p, 1, 0, false);
	pair_send(&p, 0, &w);
	fault = expect_fault(&p, 1, 6);
	set_pages(&p, 1, 0, true);
	resume(&p, fault.token, false);
	assert_false(pair_sent(&p, 0, &done));
	resume(&p, fault.token, false);
	pair_expect_sent(&p, 0, 0, 0);
}

#define t(name) mdrv_test(test_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		t(write), t(in_the_middle), t(own_memory), t(receive), t(shared_receive),
		t(atomic), t(datagram),
		t(refused), t(never_brought_in), t(no_room), t(unreliable),
		t(order), t(late_answer), t(other_side_goes), t(lost_answer),
	};

	return cmocka_run_group_tests_name("mlx5_pagefault", tests, NULL, NULL);
}
