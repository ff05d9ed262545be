// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* mlx5: entries of a completion queue, arming it, and what a full one does. */
#include <string.h>

#include "mlx5_driver.h"

#define LOG_SIZE 2u
#define ENTRIES (1u << LOG_SIZE)

struct bench {
	struct mdrv *d;
	uint32_t uar;
	struct mdrv_cq cq;
	uint64_t events;	/* ring of the completion events' queue, 8 entries */
	uint64_t errors;	/* and of errors' */
	uint64_t had;		/* events, when they were last asked for */
	uint8_t mark;
};

static struct bench bench(struct mdrv *d, unsigned int log_cqe)
{
	struct bench b = { .d = d, .uar = mdrv_number(d, 0x802) };
	uint32_t eq;

	eq = mdrv_eq(d, b.uar, 3, 0, &b.events);
	mdrv_eq(d, b.uar, 3, 1 << 0x04, &b.errors);
	b.cq = mdrv_make_cq(d, b.uar, eq, LOG_SIZE, log_cqe);
	return b;
}

static void post(struct bench *b, bool solicited)
{
	uint8_t cqe[CQE_SIZE];

	memset(cqe, ++b->mark, sizeof(cqe));
	cqe[CQE_OWNER] = 0x20;
	mlx5_cq_post(b->d->mlx5, mlx5_cq_get(b->d->mlx5, b->cq.number), cqe, solicited);
}

/* The driver has taken everything up to entry @index. */
static void consume(struct bench *b, uint32_t index)
{
	uint8_t be[4] = { 0, (uint8_t)(index >> 16), (uint8_t)(index >> 8), (uint8_t)index };

	fixture_put(b->d->f, b->cq.record, be, 4);
}

static void arm(struct bench *b, uint32_t index, bool solicited)
{
	uint8_t be[8] = { solicited, (uint8_t)(index >> 16), (uint8_t)(index >> 8),
			  (uint8_t)index, 0, (uint8_t)(b->cq.number >> 16),
			  (uint8_t)(b->cq.number >> 8), (uint8_t)b->cq.number };

	assert_int_equal(nic_vfu_ops.region_write(&b->d->f->nic, 0, b->uar * 4096ull + 0x20, be,
						  sizeof(be)), 0);
}

/* Events that were posted since this was last asked. */
static uint64_t events(struct bench *b)
{
	uint64_t now = b->d->mlx5->count.events, new = now - b->had;

	b->had = now;
	return new;
}

static void test_entries(void **state)
{
	struct bench b = bench(*state, 6);
	uint8_t cqe[64];

	for (unsigned int i = 0; i < 2 * ENTRIES; i++) {
		post(&b, false);
		fixture_get(b.d->f, b.cq.ring + i % ENTRIES * 64, cqe, 64);
		assert_int_equal(cqe[0], i + 1);
		assert_int_equal(cqe[63], 0x20 | i / ENTRIES);	/* opcode, owner */
		consume(&b, i + 1);
	}
	assert_int_equal(b.d->mlx5->count.completions, 2 * ENTRIES);
	assert_int_equal(events(&b), 0);		/* never armed */
}

static void test_wide_entries(void **state)
{
	struct bench b = bench(*state, 7);
	uint8_t cqe[64];

	post(&b, false);
	post(&b, false);
	fixture_get(b.d->f, b.cq.ring + 128, cqe, 64);
	assert_int_equal(cqe[0], 0);			/* the first half is not used */
	fixture_get(b.d->f, b.cq.ring + 192, cqe, 64);
	assert_int_equal(cqe[0], 2);
}

static void test_arming(void **state)
{
	struct bench b = bench(*state, 6);
	uint8_t eqe[64];

	events(&b);
	arm(&b, 0, false);
	assert_int_equal(events(&b), 0);		/* nothing is there */
	post(&b, false);
	assert_int_equal(events(&b), 1);
	fixture_get(b.d->f, b.events, eqe, 64);
	assert_int_equal(eqe[1], 0);
	assert_int_equal(eqe[59], b.cq.number & 0xff);
	post(&b, false);
	assert_int_equal(events(&b), 0);		/* one event for each arming */
	arm(&b, 1, false);
	assert_int_equal(events(&b), 1);		/* the second was not seen */
	arm(&b, 2, false);
	assert_int_equal(events(&b), 0);
}

static void test_solicited(void **state)
{
	struct bench b = bench(*state, 6);

	events(&b);
	arm(&b, 0, true);
	post(&b, false);
	assert_int_equal(events(&b), 0);
	post(&b, true);
	assert_int_equal(events(&b), 1);
	post(&b, false);
	arm(&b, 2, true);				/* the third is not solicited */
	assert_int_equal(events(&b), 0);
	arm(&b, 1, true);				/* the second has had its event */
	assert_int_equal(events(&b), 0);
	b.d->mlx5->cq[b.cq.number].armed = CQ_NOT_ARMED;
	post(&b, true);
	assert_int_equal(events(&b), 0);
	arm(&b, 2, true);
	assert_int_equal(events(&b), 1);
}

/* perftest arms before it takes the entry that an event was for: there is no second event. */
static void test_one_event_for_an_entry(void **state)
{
	struct bench b = bench(*state, 6);

	arm(&b, 0, false);
	events(&b);
	post(&b, false);
	assert_int_equal(events(&b), 1);
	arm(&b, 0, false);
	assert_int_equal(events(&b), 0);
	post(&b, false);
	assert_int_equal(events(&b), 1);
}

/* One that is full fails, for good and with an event; others go on. */
static void test_overrun(void **state)
{
	struct bench b = bench(*state, 6);
	uint8_t eqe[64], cqe[64];

	for (unsigned int i = 0; i < ENTRIES; i++)
		post(&b, false);
	events(&b);
	post(&b, false);
	assert_int_equal(events(&b), 1);
	fixture_get(b.d->f, b.errors, eqe, 64);
	assert_int_equal(eqe[1], 0x04);
	assert_int_equal(eqe[35], b.cq.number & 0xff);
	assert_int_equal(eqe[43], 1);
	fixture_get(b.d->f, b.cq.ring, cqe, 64);
	assert_int_equal(cqe[0], 1);			/* not written over */
	consume(&b, ENTRIES);
	post(&b, false);
	assert_int_equal(events(&b), 0);
	assert_int_equal(b.d->mlx5->count.completions_lost, 2);
}

/* A ring that the IOMMU does not let through loses the entry, and no more. */
static void test_unreachable(void **state)
{
	struct bench b = bench(*state, 6);

	fixture_unmap(b.d->f, b.cq.ring, FIXTURE_PAGE);
	post(&b, false);
	assert_int_equal(b.d->mlx5->count.completions_lost, 1);
	assert_int_equal(mlx5_cq_get(b.d->mlx5, b.cq.number)->prod, 0);
	assert_int_equal(stray_total(&b.d->f->nic.stray), 1);
}

static void test_no_such_queue(void **state)
{
	struct bench b = bench(*state, 6);

	b.cq.number = 0xfff;
	arm(&b, 0, false);
	b.cq.number = 0;
	arm(&b, 0, false);
	assert_int_equal(b.d->mlx5->count.bad_access, 2);
}

static unsigned int resize(struct bench *b, uint64_t ring, unsigned int log_size)
{
	mdrv_begin(b->d, 0x403, 1);
	mdrv_put(b->d, 9, 0, 24, b->cq.number);
	mdrv_put(b->d, 16, 0x63, 5, log_size);
	mdrv_put(b->d, 0x110, 0, 64, ring);
	return mdrv_do(b->d, 0x118, 16);
}

/* The last entry of the old ring says so, and the queue goes on in the new one. */
static void test_resize(void **state)
{
	struct bench b = bench(*state, 6);
	uint64_t ring = fixture_alloc(b.d->f, 4096);
	uint8_t cqe[64];

	post(&b, false);
	assert_int_equal(resize(&b, ring, 4), 0);
	fixture_get(b.d->f, b.cq.ring + 64, cqe, 64);
	assert_int_equal(cqe[63], 0x50);
	consume(&b, 2);
	for (unsigned int i = 2; i < 17; i++)
		post(&b, false);
	fixture_get(b.d->f, ring + 2 * 64, cqe, 64);
	assert_int_equal(cqe[0], 2);
	fixture_get(b.d->f, ring, cqe, 64);
	assert_int_equal(cqe[63], 0x21);		/* the second time round */
}

/* What cannot be done changes nothing, and the queue is as good as before. */
static void test_resize_refused(void **state)
{
	struct bench b = bench(*state, 6);
	uint64_t ring = fixture_alloc(b.d->f, 4096);

	for (unsigned int i = 0; i < 3; i++)
		post(&b, false);
	assert_int_equal(resize(&b, ring, 1), ST_UNREAD_ENTRIES);
	assert_int_equal(resize(&b, ring, 31), ST_BAD_PARAM);
	while (mlx5_cq_get(b.d->mlx5, b.cq.number)->prod < ENTRIES)
		post(&b, false);
	assert_int_equal(resize(&b, ring, 4), ST_BAD_RESOURCE_STATE);	/* full */
	consume(&b, 2);
	assert_int_equal(events(&b), 0);
	post(&b, false);
	assert_int_equal(b.d->mlx5->count.completions_lost, 0);
	assert_int_equal(resize(&b, ring, 1), ST_UNREAD_ENTRIES);
	consume(&b, 3);			/* the two that are left fit exactly */
	assert_int_equal(resize(&b, ring, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		mdrv_test(test_entries),
		mdrv_test(test_wide_entries),
		mdrv_test(test_arming),
		mdrv_test(test_solicited),
		mdrv_test(test_one_event_for_an_entry),
		mdrv_test(test_overrun),
		mdrv_test(test_unreachable),
		mdrv_test(test_no_such_queue),
		mdrv_test(test_resize),
		mdrv_test(test_resize_refused),
	};

	return cmocka_run_group_tests_name("mlx5_cq", tests, NULL, NULL);
}
