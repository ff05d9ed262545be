// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * mlx5: a doorbell counts only in the UAR page that its queue was made with. A process has a
 * page of its own, and could otherwise change how far the driver has read its events.
 */
#include <string.h>

#include "mlx5_pair.h"

#define WRITE 0x08

static void store(struct mdrv *d, uint32_t uar, uint32_t off, const uint32_t *value,
		  unsigned int words)
{
	uint8_t be[8];

	for (unsigned int i = 0; i < words; i++)
		mlx5_put32(be + 4 * i, value[i]);
	assert_int_equal(nic_vfu_ops.region_write(&d->f->nic, 0, uar * 4096ull + off, be,
						  4 * words), 0);
}

static void test_send(void **state)
{
	struct pair p = pair_create(*state, PAIR_RC, 7);
	struct pair_wqe w = pair_wqe(WRITE, 0);
	uint32_t own = p.uar;
	struct pair_done done;

	pair_run(&p);			/* nothing is left to be looked at */
	pair_remote(&w, p.end[1].iova, p.end[1].key);
	pair_segment(&w, 64, p.end[0].key, p.end[0].iova);
	p.uar = mdrv_number(p.d, 0x802);
	pair_send(&p, 0, &w);
	assert_false(pair_sent(&p, 0, &done));
	p.uar = own;
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	pair_expect_sent(&p, 0, 0, 0);
	assert_int_equal(p.d->mlx5->count.bad_access, 1);
}

/* One that another process could make wait for what never comes. */
static void test_arm(void **state)
{
	struct mdrv *d = *state;
	uint32_t own = mdrv_number(d, 0x802), other = mdrv_number(d, 0x802);
	uint64_t events;
	uint32_t eq = mdrv_eq(d, own, 3, 0, &events);
	uint32_t any[2] = { 0, mdrv_cq(d, own, eq, 2) }, solicited[2] = { 1 << 24, any[1] };
	uint8_t cqe[64] = { [63] = 0x20 };

	store(d, own, 0x20, any, 2);
	store(d, other, 0x20, solicited, 2);
	mlx5_cq_post(d->mlx5, mlx5_cq_get(d->mlx5, any[1]), cqe, false);
	assert_int_equal(d->mlx5->count.events, 1);
	store(d, other, 0x20, any, 2);
	mlx5_cq_post(d->mlx5, mlx5_cq_get(d->mlx5, any[1]), cqe, false);
	assert_int_equal(d->mlx5->count.events, 1);
	assert_int_equal(d->mlx5->count.bad_access, 2);
}

static void test_event(void **state)
{
	struct mdrv *d = *state;
	uint32_t own = mdrv_number(d, 0x802), other = mdrv_number(d, 0x802), value;
	uint64_t events;
	uint32_t eq = mdrv_eq(d, own, 3, 1ull << 0x0a, &events);

	value = eq << 24;
	mdrv_number(d, 0x800);			/* an event that is there */
	store(d, other, 0x40, &value, 1);
	assert_int_equal(fixture_irqs(d->f, 1), 0);
	value = eq << 24 | 0x7fff;
	store(d, other, 0x48, &value, 1);
	assert_int_equal(d->mlx5->eq[eq].cons, 0);
	store(d, own, 0x48, &value, 1);
	assert_int_equal(d->mlx5->eq[eq].cons, 0x7fff);
	value = 0xffu << 24;			/* a number that does not exist */
	store(d, own, 0x40, &value, 1);
	assert_int_equal(d->mlx5->count.bad_access, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		mdrv_test(test_send),
		mdrv_test(test_arm),
		mdrv_test(test_event),
	};

	return cmocka_run_group_tests_name("mlx5_doorbell", tests, NULL, NULL);
}
