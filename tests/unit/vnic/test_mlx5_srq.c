// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * mlx5: shared receive queues, plain and for XRC. Receives are taken in the order of the
 * list, whoever the message is for, and complete where they belong.
 */
#include <string.h>
#include <unistd.h>

#include "mlx5_pair.h"

#define SEND		0x0a
#define WRITE_IMM	0x09
#define READ		0x10
#define SRQ_LIMIT	0x14
#define LAST_REQUEST	0x13

static struct pair_wqe send(const struct pair *p, uint32_t bytes)
{
	struct pair_wqe w = pair_wqe(SEND, 0);

	if (p->xrcd)
		pair_xrc(&w, p->srq.number);
	pair_segment(&w, bytes, p->end[0].key, p->end[0].iova);
	return w;
}

static void arrives(struct pair *p, uint16_t index, uint64_t off, uint8_t seed)
{
	struct pair_wqe w = send(p, 100);

	pair_fill(p, 0, 0, 100, seed);
	pair_send(p, 0, &w);
	pair_expect_sent(p, 0, 0, 0);
	assert_int_equal(pair_expect_received(p, 1, 2, 0).counter, index);
	pair_check(p, 1, off, 100, seed);
}

/* The list leads to and fro, and nothing is taken before it is posted. */
static void list(struct pair p)
{
	struct pair_wqe w = send(&p, 100);
	struct pair_done done;

	pair_share(&p, 0, 5, 100, p.end[1].iova);
	pair_share(&p, 5, 2, 100, p.end[1].iova + 1000);
	pair_share(&p, 2, 7, 100, p.end[1].iova + 2000);
	arrives(&p, 0, 0, 1);
	arrives(&p, 5, 1000, 2);
	arrives(&p, 2, 2000, 3);
	pair_fill(&p, 0, 0, 100, 4);
	pair_send(&p, 0, &w);
	assert_false(pair_received(&p, 1, &done));
	pair_share(&p, 7, 0, 100, p.end[1].iova);
	usleep(1000);			/* it is looked at again and again */
	pair_run(&p);
	assert_int_equal(pair_expect_received(&p, 1, 2, 0).counter, 7);
	pair_check(&p, 1, 0, 100, 4);
}

static void test_list(void **state)
{
	list(pair_create_shared(*state, PAIR_RC));
}

static void test_xrc(void **state)
{
	list(pair_create_shared(*state, PAIR_XRC));
}

/* A target of XRC gives access to the memory of its SRQ's domain. */
static void test_xrc_memory(void **state)
{
	struct pair p = pair_create_shared(*state, PAIR_XRC);
	struct pair_wqe w = pair_wqe(READ, 0);

	mlx5_qp_get(p.d->mlx5, p.end[1].qp)->pd = p.end[0].pd;
	pair_xrc(&w, p.srq.number);
	pair_remote(&w, p.end[1].iova, p.end[1].key);
	pair_segment(&w, 500, p.end[0].key, p.end[0].iova);
	pair_fill(&p, 1, 0, 500, 6);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	pair_check(&p, 0, 0, 500, 6);
	w = pair_wqe(WRITE_IMM, 0x99);
	pair_xrc(&w, p.srq.number);
	pair_remote(&w, p.end[1].iova, p.end[1].key);
	pair_segment(&w, 500, p.end[0].key, p.end[0].iova);
	pair_share(&p, 0, 1, 0, 0);
	pair_send(&p, 0, &w);
	assert_int_equal(pair_expect_received(&p, 1, 1, 0).imm, 0x99);
}

/* No such queue, or one of another domain. */
static void test_xrc_wrong_queue(void **state)
{
	struct pair p = pair_create_shared(*state, PAIR_XRC);
	struct pair_wqe w;

	p.srq.number++;
	w = send(&p, 100);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 13, 0x12);
	p = pair_create_shared(*state, PAIR_XRC);
	mlx5_srq_get(p.d->mlx5, p.srq.number)->xrcd++;
	w = send(&p, 100);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 13, 0x12);
}

static unsigned int command(struct pair *p, uint16_t opcode, uint32_t number)
{
	mdrv_begin(p->d, opcode, 0);
	mdrv_put(p->d, 9, 0, 24, number);
	return mdrv_do(p->d, 0x118, 0x110);
}

/* Both kinds are in one table, since the driver has one for them; each has its commands. */
static void test_kinds(void **state)
{
	struct pair p = pair_create_shared(*state, PAIR_RC);
	struct pair x = pair_create_shared(*state, PAIR_XRC);

	assert_int_not_equal(p.srq.number, x.srq.number);
	assert_int_equal(command(&p, 0x90f, p.srq.number), 0);
	assert_int_equal(command(&p, 0x90f, x.srq.number), ST_BAD_RESOURCE);
	assert_int_equal(command(&p, 0x707, x.srq.number), 0);
	assert_int_equal(command(&p, 0x707, p.srq.number), ST_BAD_RESOURCE);
	assert_int_equal(command(&p, 0x706, p.srq.number), ST_BAD_RESOURCE);
	assert_int_equal(command(&p, 0x90e, x.srq.number), ST_BAD_RESOURCE);
}

/* Who receives from it holds it, and an XRC queue holds its CQ. */
static void test_in_use(void **state)
{
	struct pair p = pair_create_shared(*state, PAIR_RC);
	struct pair x = pair_create_shared(*state, PAIR_XRC);

	assert_int_equal(command(&p, 0x90e, p.srq.number), ST_BAD_RESOURCE_STATE);
	assert_int_equal(command(&p, 0x501, p.end[1].qp), 0);
	assert_int_equal(command(&p, 0x90e, p.srq.number), 0);
	assert_int_equal(command(&x, 0x501, x.end[1].qp), 0);
	assert_int_equal(command(&x, 0x401, x.end[1].recv.number), ST_BAD_RESOURCE_STATE);
	assert_int_equal(command(&x, 0x706, x.srq.number), 0);
	assert_int_equal(command(&x, 0x401, x.end[1].recv.number), 0);
}

/* ---- events ---- */

static uint8_t event(struct pair *p, uint64_t ring, unsigned int n)
{
	uint8_t eqe[64];

	fixture_get(p->d->f, ring + n * 64, eqe, sizeof(eqe));
	return eqe[1];
}

static void limit(struct pair p, bool xrc)
{
	uint64_t ring;

	mdrv_eq(p.d, p.uar, 4, 1ull << SRQ_LIMIT, &ring);
	for (uint16_t i = 0; i < 4; i++)
		pair_share(&p, i, i + 1, 100, p.end[1].iova);
	mdrv_begin(p.d, xrc ? 0x708 : 0x90d, 0);
	mdrv_put(p.d, 9, 0, 24, p.srq.number);
	if (xrc) {
		mdrv_put(p.d, 0, 0x70, 16, 3);
	} else {
		mdrv_put(p.d, 16, 0, 64, 1);
		mdrv_put(p.d, 0x20, 0x1b0, 16, 3);
	}
	assert_int_equal(mdrv_do(p.d, 0x110, 16), 0);
	arrives(&p, 0, 0, 1);
	assert_int_equal(event(&p, ring, 0), 0);
	arrives(&p, 1, 0, 1);
	assert_int_equal(event(&p, ring, 0), SRQ_LIMIT);
	arrives(&p, 2, 0, 1);
	assert_int_equal(event(&p, ring, 1), 0);	/* once */
}

static void test_limit(void **state)
{
	limit(pair_create_shared(*state, PAIR_RC), false);
}

static void test_xrc_limit(void **state)
{
	limit(pair_create_shared(*state, PAIR_XRC), true);
}

static void test_last_request(void **state)
{
	struct pair p = pair_create_shared(*state, PAIR_RC);
	uint64_t ring;

	mdrv_eq(p.d, p.uar, 4, 1ull << LAST_REQUEST, &ring);
	assert_int_equal(command(&p, 0x507, p.end[0].qp), 0);
	assert_int_equal(event(&p, ring, 0), 0);	/* it has receives of its own */
	assert_int_equal(command(&p, 0x507, p.end[1].qp), 0);
	assert_int_equal(event(&p, ring, 0), LAST_REQUEST);
	assert_int_equal(command(&p, 0x507, p.end[1].qp), 0);
	assert_int_equal(event(&p, ring, 1), 0);
}

/* ---- nonsense ---- */

/* A record that says more than there is room for, and a list that leads outside. */
static void test_nonsense(void **state)
{
	struct pair p = pair_create_shared(*state, PAIR_RC);
	struct pair_wqe w = send(&p, 100);
	struct pair_done done;

	pair_share(&p, 0, 0xffff, 100, p.end[1].iova);
	arrives(&p, 0, 0, 1);
	pair_share(&p, 7, 0, 100, p.end[1].iova);	/* 0xffff in a ring of 8 */
	arrives(&p, 7, 0, 2);
	fixture_put(p.d->f, p.srq.record, (uint8_t[]){ 0, 0, 0xff, 0xff }, 4);
	pair_send(&p, 0, &w);
	assert_false(pair_received(&p, 1, &done));
}

/* A message that broke off has taken its receive, which does not get lost. */
static void test_broken_off(void **state)
{
	struct pair p = pair_create_shared(*state, PAIR_RC);
	struct mlx5_qp *to = mlx5_qp_get(p.d->mlx5, p.end[1].qp);

	to->recv.taken = true;
	to->recv.index = 3;
	assert_int_equal(command(&p, 0x507, p.end[1].qp), 0);
	pair_run(&p);
	assert_int_equal(pair_expect_received(&p, 1, 14, 0x05).counter, 3);
}

/* For XRC: which of two queues end 1 of @p has a receive from, and another pair's is one. */
static struct pair broken_off_xrc(struct pair *p, void **state)
{
	struct pair other = pair_create_shared(*state, PAIR_XRC);

	mlx5_qp_get(p->d->mlx5, p->end[1].qp)->recv = (struct mlx5_recv){
		.taken = true, .index = 3, .xrc_srq = other.srq.number,
	};
	return other;
}

/* A message that names another queue does not go on with it: the two do not go together. */
static void test_broken_off_for_other(void **state)
{
	struct pair p = pair_create_shared(*state, PAIR_XRC), other = broken_off_xrc(&p, state);
	struct pair_wqe w = send(&p, 100);
	struct pair_done done;

	pair_share(&p, 0, 1, 100, p.end[1].iova);
	pair_fill(&p, 0, 0, 100, 1);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 13, 0x12);
	assert_true(pair_received(&other, 1, &done));
	assert_int_equal(done.syndrome, 0x05);
	assert_int_equal(done.counter, 3);
	assert_false(pair_received(&p, 1, &done));
	pair_check(&p, 1, 0, 1, 0);
}

/* With the queue goes what was taken from it. */
static void test_broken_off_queue_gone(void **state)
{
	struct pair p = pair_create_shared(*state, PAIR_XRC), other = broken_off_xrc(&p, state);

	assert_int_equal(command(&p, 0x501, other.end[1].qp), 0);
	assert_int_equal(command(&p, 0x706, other.srq.number), 0);
	assert_false(mlx5_qp_get(p.d->mlx5, p.end[1].qp)->recv.taken);
}

#define t(name) mdrv_test(test_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		t(list), t(xrc), t(xrc_memory), t(xrc_wrong_queue), t(kinds), t(in_use),
		t(limit), t(xrc_limit), t(last_request), t(nonsense), t(broken_off),
		t(broken_off_for_other), t(broken_off_queue_gone),
	};

	return cmocka_run_group_tests_name("mlx5_srq", tests, NULL, NULL);
}
