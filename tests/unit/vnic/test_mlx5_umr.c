// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * mlx5: requests that change a key: filling a free one, taking its pages away and giving them
 * back, making it free; and what must not be changed.
 */
#include <string.h>

#include "mlx5_pair.h"

#define UMR		0x25
#define IF_FREE		0x20
#define IF_NOT_FREE	0x40
#define INLINE		0x80
#define OFFSET		0x10
#define MASK_FREE	(1ull << 29)
#define MASK_ALL	(MASK_FREE | 0x1f << 17 | 1 << 14 | 1 << 13 | 1 << 7 | 1 << 6 | 3)

/* A pair, and a queue pair for keys, which end 0 is made into. */
static struct pair setup(void **state)
{
	struct pair p = pair_create(*state, PAIR_RC, 7);
	struct mlx5_qp *qp = mlx5_qp_get(p.d->mlx5, p.end[0].qp);

	qp->service = SERVICE_UMR;
	qp->pd = 0;
	return p;
}

static void be64(uint8_t *at, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		at[i] = (uint8_t)(value >> (56 - 8 * i));
}

/* A request for @key; its context begins at byte 64, as bits that are set by put(). */
static struct pair_wqe umr(uint32_t key, uint8_t flags, uint16_t octowords, uint64_t mask)
{
	struct pair_wqe w = pair_wqe(UMR, key);

	w.byte[16] = flags;
	w.byte[20] = (uint8_t)(octowords >> 8);
	w.byte[21] = (uint8_t)octowords;
	be64(w.byte + 24, mask);
	w.size = 128;
	return w;
}

static void put(struct pair_wqe *w, unsigned int bit, unsigned int width, uint64_t value)
{
	for (; width; width--, bit++)
		if (value >> (width - 1) & 1)
			w->byte[64 + bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

/* Entries for the pages of @memory, in memory of end 0's region; a segment for them. */
static void table(struct pair *p, struct pair_wqe *w, uint64_t memory, uint32_t pages,
		  unsigned int flags)
{
	struct pair_end *end = &p->end[0];

	for (uint32_t i = 0; i < pages; i++) {
		uint8_t be[8];

		be64(be, memory ? (memory + 4096ull * i) | flags : 0);
		fixture_put(p->d->f, end->memory + (end->iova & 0xfff) + 8 * i, be, 8);
	}
	pair_segment(w, pages * 8, end->key, end->iova);
}

/* Does a WRITE by end 1 into end 1's own region with this key work? */
static void write_with(struct pair *p, uint32_t key, uint8_t syndrome)
{
	struct mlx5_qp *qp = mlx5_qp_get(p->d->mlx5, p->end[1].qp);
	struct pair_wqe w = pair_wqe(0x08, 0);

	mlx5_set(qp->ctx, QPC_REMOTE_QPN, p->end[1].qp);	/* connected with itself */
	pair_remote(&w, p->end[1].iova, key);
	pair_inline(&w, "peerbar", 7);
	pair_send(p, 1, &w);
	pair_expect_sent(p, 1, syndrome ? 13 : 0, syndrome);
}

static uint32_t free_key(struct pair *p, uint32_t pages)
{
	mdrv_begin(p->d, 0x200, 0);
	mdrv_put(p->d, 16, 0x01, 1, 1);
	mdrv_put(p->d, 16, 0x10, 1, 1);
	mdrv_put(p->d, 16, 0x16, 2, 1);
	mdrv_put(p->d, 16, 0x1a0, 32, pages / 2);
	assert_int_equal(mdrv_do(p->d, 0x110, 16), 0);
	return mdrv_object(p->d) << 8;
}

/* What the driver sends when a region is registered. */
static uint32_t fill(struct pair *p, uint32_t key, uint8_t flags, uint8_t syndrome)
{
	struct pair_wqe w = umr(key, flags, 4, MASK_ALL);

	put(&w, 0x11, 5, 0x1f);
	put(&w, 0x20, 24, 0xffffff);
	put(&w, 0x38, 8, 0x77);
	put(&w, 0x68, 24, p->end[1].pd);
	put(&w, 0x80, 64, p->end[1].iova);
	put(&w, 0xc0, 64, 4096);
	put(&w, 0x1da, 6, 12);
	table(p, &w, p->end[1].memory, 8, 3);
	pair_send(p, 0, &w);
	pair_expect_sent(p, 0, syndrome ? 13 : 0, syndrome);
	return key | 0x77;
}

static void test_fill(void **state)
{
	struct pair p = setup(state);
	uint32_t key = fill(&p, free_key(&p, 8), IF_FREE, 0);

	write_with(&p, key, 0);
}

/* The memory that has the table may have a key that refers to another. */
static void test_table_by_other_key(void **state)
{
	struct pair p = setup(state);
	uint32_t key = free_key(&p, 8), by;
	struct pair_wqe w = umr(key, IF_FREE, 4, 0);

	mdrv_begin(p.d, 0x200, 0);
	mdrv_put(p.d, 16, 0x11, 5, 0x1f);
	mdrv_put(p.d, 16, 0x16, 2, 2);			/* other keys, with their lengths */
	mdrv_put(p.d, 16, 0x20, 24, 0xffffff);
	mdrv_put(p.d, 16, 0x68, 24, p.end[0].pd);
	mdrv_put(p.d, 16, 0xc0, 64, 4096);
	mdrv_put(p.d, 16, 0x1a0, 32, 1);
	mdrv_put(p.d, 0, 0x300, 32, 1);
	mdrv_put(p.d, 0x110, 0, 64, 4096ull << 32 | p.end[0].key);
	mdrv_put(p.d, 0x118, 0, 64, p.end[0].iova);
	assert_int_equal(mdrv_do(p.d, 0x120, 16), 0);
	by = mdrv_object(p.d) << 8;
	table(&p, &w, p.end[1].memory, 8, 3);
	w.size -= 16;
	pair_segment(&w, 64, by, 0);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	assert_true(mlx5_mkey_get(p.d->mlx5, key >> 8)->entry[7] ==
		    ((p.end[1].memory + 7 * 4096) | 3));
}

static void test_free_key_is_no_key(void **state)
{
	struct pair p = setup(state);

	write_with(&p, free_key(&p, 8), 0x13);
}

/* The pages go and come back; key, rights and range stay. */
static void test_zap(void **state)
{
	struct pair p = setup(state);
	struct pair_wqe w = umr(p.end[1].key, IF_NOT_FREE | OFFSET, PAIR_MEMORY / 4096 / 2, 0);

	write_with(&p, p.end[1].key, 0);
	table(&p, &w, p.end[1].memory, PAIR_MEMORY / 4096, 3);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	write_with(&p, p.end[1].key, 0);
	w.size = 128;
	table(&p, &w, 0, PAIR_MEMORY / 4096, 0);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	write_with(&p, p.end[1].key, 0x13);
	assert_int_equal(p.d->f->nic.stray.noted, 0);
}

static void test_invalidate(void **state)
{
	struct pair p = setup(state);
	struct pair_wqe w = umr(p.end[1].key, INLINE, 0, MASK_FREE);

	put(&w, 0x01, 1, 1);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	write_with(&p, p.end[1].key, 0x13);
}

static void test_wrong_state(void **state)
{
	struct pair p = setup(state);

	fill(&p, p.end[1].key & ~0xffu, IF_FREE, 0x06);		/* it is not free */
	p = setup(state);
	fill(&p, free_key(&p, 8), IF_NOT_FREE, 0x06);
}

/* What lies beyond the table of the key has no effect, and harms nothing. */
static void test_beyond(void **state)
{
	struct pair p = setup(state);
	uint32_t key = free_key(&p, 4);
	struct pair_wqe w;

	key = fill(&p, key, IF_FREE, 0);			/* 8 entries into 4 */
	write_with(&p, key, 0);
	w = umr(key, IF_NOT_FREE | OFFSET, 4, 0);
	memset(w.byte + 32, 0xff, 4);
	w.byte[22] = 0xff;
	table(&p, &w, p.end[1].memory, 8, 3);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	write_with(&p, key, 0);
}

/* More than is read at a time, across pages, at an offset. */
static void test_long_table(void **state)
{
	struct pair p = setup(state);
	uint32_t index = free_key(&p, 4096);
	const struct mlx5_mkey *mkey = mlx5_mkey_get(p.d->mlx5, index >> 8);
	struct pair_wqe w = umr(index, OFFSET, 1000, 0);

	w.byte[23] = 50;					/* entry 100 */
	table(&p, &w, 0x123000000ull, 2000, 3);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	assert_int_equal(mkey->entry[99], 0);
	for (uint32_t i = 0; i < 2000; i++)
		assert_int_equal(mkey->entry[100 + i], (0x123000000ull + 4096ull * i) | 3);
	assert_int_equal(mkey->entry[2100], 0);
}

static void test_bad_table(void **state)
{
	struct pair p = setup(state);
	struct pair_wqe w = umr(p.end[1].key, IF_NOT_FREE, 4, 0);

	pair_segment(&w, 64, p.end[0].key ^ 1, p.end[0].iova);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 13, 0x04);
	write_with(&p, p.end[1].key, 0);			/* it is as it was */
}

/* Too short for its context, or without the segment that it needs; no such key. */
static void test_lengths(void **state)
{
	for (unsigned int size = 16; size <= 128; size += 112) {
		struct pair p = setup(state);
		struct pair_wqe w = umr(p.end[1].key, 0, 4, MASK_FREE);

		w.size = size;
		pair_send(&p, 0, &w);
		pair_expect_sent(&p, 0, 13, 0x02);
		write_with(&p, p.end[1].key, 0);
	}
}

static void test_no_key(void **state)
{
	struct pair p = setup(state);
	struct pair_wqe w = umr(0xfffff00, INLINE, 0, MASK_FREE);

	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 13, 0x04);
}

/* A queue pair of an application must not change keys. */
static void test_from_elsewhere(void **state)
{
	struct pair p = setup(state);
	struct pair_wqe w = umr(p.end[0].key, INLINE, 0, MASK_FREE);

	put(&w, 0x01, 1, 1);
	pair_send(&p, 1, &w);
	pair_expect_sent(&p, 1, 13, 0x06);
	assert_int_equal(mlx5_get(mlx5_mkey_get(p.d->mlx5, p.end[0].key >> 8)->ctx, MKC_FREE), 0);
}

#define t(name) mdrv_test(test_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		t(fill), t(free_key_is_no_key), t(zap), t(invalidate), t(wrong_state), t(beyond),
		t(long_table), t(bad_table), t(lengths), t(no_key), t(from_elsewhere),
		t(table_by_other_key),
	};

	return cmocka_run_group_tests_name("mlx5_umr", tests, NULL, NULL);
}
