// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * mlx5: a queue pair in the error state completes all that was posted, and all that is posted
 * later, in order; and a doorbell record full of nonsense ends nowhere else.
 */
#include <string.h>

#include "mlx5_driver.h"

#define RECVS 8u		/* of 16 bytes */
#define BLOCKS 8u

struct bench {
	struct mdrv *d;
	uint32_t pd, uar, qp;
	struct mdrv_cq send, recv;
	uint64_t ring, record;
};

static uint32_t create_qp(struct bench *b)
{
	struct mdrv *d = b->d;

	mdrv_begin(d, 0x500, 0);
	mdrv_put(d, 24, 0x28, 24, b->pd);
	mdrv_put(d, 24, 0x49, 4, 3);			/* receives, log2 */
	mdrv_put(d, 24, 0x51, 4, 3);			/* blocks, log2 */
	mdrv_put(d, 24, 0x68, 24, b->uar);
	mdrv_put(d, 24, 0x88, 24, 0x4242);		/* user index */
	mdrv_put(d, 24, 0x3e8, 24, b->send.number);
	mdrv_put(d, 24, 0x4e8, 24, b->recv.number);
	mdrv_put(d, 24, 0x500, 64, b->record);
	mdrv_put(d, 0x110, 0, 64, b->ring);
	assert_int_equal(mdrv_do(d, 0x118, 16), 0);
	return mdrv_object(d);
}

static struct bench bench(struct mdrv *d)
{
	struct bench b = { .d = d, .pd = mdrv_number(d, 0x800), .uar = mdrv_number(d, 0x802) };
	uint64_t events;
	uint32_t eq = mdrv_eq(d, b.uar, 4, 0, &events);

	b.send = mdrv_make_cq(d, b.uar, eq, 4, 6);
	b.recv = mdrv_make_cq(d, b.uar, eq, 4, 6);
	b.ring = fixture_alloc(d->f, FIXTURE_PAGE);
	b.record = fixture_alloc(d->f, 64);
	b.qp = create_qp(&b);
	return b;
}

static void modify(struct bench *b, uint16_t opcode)
{
	mdrv_begin(b->d, opcode, 0);
	mdrv_put(b->d, 9, 0, 24, b->qp);
	assert_int_equal(mdrv_do(b->d, 0x100, 16), 0);
}

/* A request with @opcode of @ds units of 16 bytes at block @slot; the send ring is behind. */
static void request(struct bench *b, unsigned int slot, uint8_t opcode, uint8_t ds)
{
	uint8_t ctrl[16] = { [3] = opcode, [7] = ds };

	fixture_put(b->d->f, b->ring + RECVS * 16 + slot * 64, ctrl, sizeof(ctrl));
}

static void posted(struct bench *b, uint16_t recvs, uint16_t blocks)
{
	uint8_t be[8] = { [2] = (uint8_t)(recvs >> 8), [3] = (uint8_t)recvs,
			  [6] = (uint8_t)(blocks >> 8), [7] = (uint8_t)blocks };

	fixture_put(b->d->f, b->record, be, sizeof(be));
}

/* Step until there is nothing to do but to look again. */
static void run(struct bench *b)
{
	const struct nic_model *model = b->d->f->nic.config.model;
	uint32_t pause_us = 0;

	while (model->step(b->d->f->nic.device, &pause_us) && !pause_us)
		;
}

static void expect(struct bench *b, const struct mdrv_cq *cq, unsigned int entry, uint8_t kind,
		   uint8_t opcode, uint16_t counter)
{
	uint8_t cqe[64];

	fixture_get(b->d->f, cq->ring + 64ull * entry, cqe, sizeof(cqe));
	assert_int_equal(cqe[63] >> 4, kind);
	assert_int_equal(cqe[55], 5);				/* flushed */
	assert_int_equal(cqe[34] << 8 | cqe[35], 0x4242);
	assert_int_equal(cqe[56], opcode);
	assert_int_equal((uint32_t)cqe[58] << 8 | cqe[59], b->qp);
	assert_int_equal(cqe[60] << 8 | cqe[61], counter);
}

static void test_flush(void **state)
{
	struct bench b = bench(*state);

	request(&b, 0, 0x08, 4);	/* one block */
	request(&b, 1, 0x0a, 9);	/* three */
	posted(&b, 2, 4);
	run(&b);
	assert_int_equal(b.d->mlx5->count.completions, 0);	/* not in the error state */
	modify(&b, 0x507);
	run(&b);
	assert_int_equal(b.d->mlx5->count.completions, 4);
	expect(&b, &b.send, 0, 13, 0x08, 0);
	expect(&b, &b.send, 1, 13, 0x0a, 1);
	expect(&b, &b.recv, 0, 14, 0, 0);
	expect(&b, &b.recv, 1, 14, 0, 1);
}

/* Also what is posted afterwards, with a doorbell for sends and with none for receives. */
static void test_later(void **state)
{
	struct bench b = bench(*state);
	uint32_t pause_us = 0;

	modify(&b, 0x507);
	run(&b);
	request(&b, 0, 0x10, 3);
	posted(&b, 1, 1);
	run(&b);
	assert_int_equal(b.d->mlx5->count.completions, 2);
	/* as long as it is in that state it is looked at, but not all the time */
	assert_true(mlx5_step(b.d->mlx5, &pause_us));
	assert_in_range(pause_us, 100, 1000);
}

static void test_reset_ends_it(void **state)
{
	struct bench b = bench(*state);
	uint32_t pause_us;

	posted(&b, 3, 0);
	modify(&b, 0x507);
	modify(&b, 0x50a);
	assert_false(mlx5_step(b.d->mlx5, &pause_us));
	posted(&b, 0, 0);			/* as the driver does then */
	modify(&b, 0x507);
	run(&b);
	assert_int_equal(b.d->mlx5->count.completions, 0);
}

/* What the guest says was posted may be more than fits, and a request may have no length. */
static void test_nonsense(void **state)
{
	struct bench b = bench(*state);

	posted(&b, 0x7777, 0xffff);
	modify(&b, 0x507);
	run(&b);
	assert_int_equal(b.d->mlx5->count.completions, RECVS + BLOCKS);
	fixture_unmap(b.d->f, b.record, FIXTURE_PAGE);	/* as if nothing had been posted */
	run(&b);
	assert_true(b.d->mlx5->count.completions <= 2 * (RECVS + BLOCKS));
}

static void test_destroyed(void **state)
{
	struct bench b = bench(*state);
	uint32_t pause_us;

	posted(&b, 2, 0);
	modify(&b, 0x507);
	mdrv_begin(b.d, 0x501, 0);
	mdrv_put(b.d, 9, 0, 24, b.qp);
	assert_int_equal(mdrv_do(b.d, 16, 16), 0);
	assert_false(mlx5_step(b.d->mlx5, &pause_us));
	assert_int_equal(b.d->mlx5->count.completions, 0);	/* it would crash the guest */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		mdrv_test(test_flush),
		mdrv_test(test_later),
		mdrv_test(test_reset_ends_it),
		mdrv_test(test_nonsense),
		mdrv_test(test_destroyed),
	};

	return cmocka_run_group_tests_name("mlx5_flush", tests, NULL, NULL);
}
