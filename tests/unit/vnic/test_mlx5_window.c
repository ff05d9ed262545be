// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * mlx5: keys that refer to other keys. A memory window is bound by its owner's own queue pair,
 * gives the rights that the owner chose to a part of a region, and can be taken back by either
 * side. The key of an address space has a key for each part, or the null key.
 */
#include <string.h>

#include "mlx5_pair.h"

#define SEND_INVAL	0x01
#define WRITE		0x08
#define READ		0x10
#define UMR		0x25
#define IF_FREE		0x20
#define CHECK_QPN	0x08
#define INLINE		0x80
#define MASK_FREE	(1ull << 29)
#define MASK_BIND	(MASK_FREE | 0x1full << 17 | 1 << 14 | 1 << 13 | 1 << 6 | 1)
#define KLM		2
#define KSM		3
#define PART		(1ull << 16)	/* of an address space */

static void be64(uint8_t *at, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		at[i] = (uint8_t)(value >> (56 - 8 * i));
}

static void put(struct pair_wqe *w, unsigned int bit, unsigned int width, uint64_t value)
{
	for (; width; width--, bit++)
		if (value >> (width - 1) & 1)
			w->byte[64 + bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

static struct pair rc(void **state)
{
	return pair_create(*state, PAIR_RC, 7);
}

/* A window of end 1, not bound yet. Return: its key. */
static uint32_t window(struct pair *p, uint32_t pd)
{
	mdrv_begin(p->d, 0x200, 0);
	mdrv_put(p->d, 16, 0x01, 1, 1);			/* free */
	mdrv_put(p->d, 16, 0x10, 1, 1);
	mdrv_put(p->d, 16, 0x15, 1, 1);
	mdrv_put(p->d, 16, 0x16, 2, KLM);
	mdrv_put(p->d, 16, 0x20, 24, 0xffffff);
	mdrv_put(p->d, 16, 0x67, 1, 1);			/* a message may make it free */
	mdrv_put(p->d, 16, 0x68, 24, pd);
	mdrv_put(p->d, 16, 0x1a0, 32, 1);
	assert_int_equal(mdrv_do(p->d, 0x110, 16), 0);
	return mdrv_object(p->d) << 8;
}

/* Bind it to 4096 bytes at @off of end 1's region, with the right to be read by others. */
static struct pair_wqe binding(const struct pair *p, uint32_t key, uint64_t off)
{
	struct pair_wqe w = pair_wqe(UMR, key);

	w.byte[16] = INLINE | IF_FREE;
	w.byte[21] = 4;					/* octowords, rounded up */
	be64(w.byte + 24, MASK_BIND);
	put(&w, 0x13, 1, 1);
	put(&w, 0x15, 1, 1);
	put(&w, 0x20, 24, p->end[1].qp);
	put(&w, 0x38, 8, 0x33);
	put(&w, 0x80, 64, 0x5000);
	put(&w, 0xc0, 64, 4096);
	be64(w.byte + 128, 4096ull << 32 | p->end[1].key);
	be64(w.byte + 136, p->end[1].iova + off);
	w.size = 192;
	return w;
}

static uint32_t bind(struct pair *p, uint64_t off)
{
	uint32_t key = window(p, p->end[1].pd);
	struct pair_wqe w = binding(p, key, off);

	pair_send(p, 1, &w);
	pair_expect_sent(p, 1, 0, 0);
	return key | 0x33;
}

/* End 0 reads or writes @bytes by @key. */
static void access_by(struct pair *p, uint8_t opcode, uint64_t addr, uint32_t bytes,
		      uint32_t key, uint8_t syndrome)
{
	struct pair_wqe w = pair_wqe(opcode, 0);

	pair_remote(&w, addr, key);
	pair_segment(&w, bytes, p->end[0].key, p->end[0].iova);
	pair_send(p, 0, &w);
	pair_expect_sent(p, 0, syndrome ? 13 : 0, syndrome);
}

static void test_window(void **state)
{
	struct pair p = rc(state);
	uint32_t key = bind(&p, 1000);

	pair_fill(&p, 1, 1100, 3000, 1);
	access_by(&p, READ, 0x5000 + 100, 3000, key, 0);
	pair_check(&p, 0, 0, 3000, 1);
	access_by(&p, WRITE, 0x5000, 1, key, 0x13);		/* no such right */
}

static void test_window_ends(void **state)
{
	struct pair p = rc(state);
	uint32_t key = bind(&p, 1000);

	access_by(&p, READ, 0x5000 + 1, 4096, key, 0x13);
}

/* Only by the queue pair that it was bound to. */
static void test_other_queue(void **state)
{
	struct pair p = rc(state);
	uint32_t key = bind(&p, 0);

	mlx5_set(mlx5_mkey_get(p.d->mlx5, key >> 8)->ctx, MKC_QPN, p.end[0].qp);
	access_by(&p, READ, 0x5000, 1, key, 0x13);
}

/* Its owner takes it back by a request, and may bind it anew. */
static void test_taken_back(void **state)
{
	struct pair p = rc(state);
	uint32_t key = bind(&p, 0);
	struct pair_wqe w = pair_wqe(UMR, key);

	w.byte[16] = INLINE | CHECK_QPN;
	be64(w.byte + 24, MASK_FREE);
	put(&w, 0x01, 1, 1);
	w.size = 128;
	pair_send(&p, 1, &w);
	pair_expect_sent(&p, 1, 0, 0);
	w = binding(&p, key, 0);
	pair_send(&p, 1, &w);
	pair_expect_sent(&p, 1, 0, 0);
	w = binding(&p, key, 0);
	pair_send(&p, 1, &w);
	pair_expect_sent(&p, 1, 13, 0x06);			/* it is not free */
}

static void invalidate(struct pair *p, uint32_t key)
{
	struct pair_wqe w = pair_wqe(SEND_INVAL, key);

	pair_segment(&w, 8, p->end[0].key, p->end[0].iova);
	pair_recv(p, 1, 8, p->end[1].key, p->end[1].iova);
	pair_send(p, 0, &w);
}

/* The other side does, by a message. */
static void test_invalidated(void **state)
{
	struct pair p = rc(state);
	uint32_t key = bind(&p, 0);

	access_by(&p, READ, 0x5000, 1, key, 0);
	invalidate(&p, key);
	pair_expect_sent(&p, 0, 0, 0);
	assert_int_equal(pair_expect_received(&p, 1, 4, 0).imm, key);
	access_by(&p, READ, 0x5000, 1, key, 0x13);
}

/* But it cannot take back a region, nor what belongs to others. */
static void test_not_invalidated(void **state)
{
	struct pair p = rc(state);

	invalidate(&p, p.end[1].key);
	pair_expect_sent(&p, 0, 13, 0x13);
	pair_expect_received(&p, 1, 14, 0x04);
	p = rc(state);
	invalidate(&p, window(&p, p.end[0].pd));
	pair_expect_sent(&p, 0, 13, 0x13);
}

/* Another domain's window; its domain; a region of another domain behind it. */
static void test_wrong_domain(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = binding(&p, window(&p, p.end[0].pd), 0);
	uint32_t key;

	pair_send(&p, 1, &w);
	pair_expect_sent(&p, 1, 13, 0x06);
	p = rc(state);
	w = binding(&p, window(&p, p.end[1].pd), 0);
	be64(w.byte + 24, MASK_BIND | 1 << 7);
	pair_send(&p, 1, &w);
	pair_expect_sent(&p, 1, 13, 0x06);
	p = rc(state);
	p.end[1].key = p.end[0].key;				/* which is bound to */
	p.end[1].iova = p.end[0].iova;
	key = bind(&p, 0);
	access_by(&p, READ, 0x5000, 1, key, 0x13);
}

/* A window into itself is a chain without an end. */
static void test_circle(void **state)
{
	struct pair p = rc(state);
	uint32_t key = window(&p, p.end[1].pd);
	struct pair_wqe w = binding(&p, key, 0);

	be64(w.byte + 128, 4096ull << 32 | key | 0x33);
	be64(w.byte + 136, 0x5000);
	pair_send(&p, 1, &w);
	pair_expect_sent(&p, 1, 0, 0);
	access_by(&p, READ, 0x5000, 1, key | 0x33, 0x13);
}

/* ---- the key of an address space ---- */

/* Its second part is end 1's region; the first and the third have no key yet. */
static uint32_t space(struct pair *p)
{
	mdrv_begin(p->d, 0x200, 0);
	mdrv_put(p->d, 16, 0x11, 5, 0x1f);
	mdrv_put(p->d, 16, 0x16, 2, KSM);
	mdrv_put(p->d, 16, 0x20, 24, 0xffffff);
	mdrv_put(p->d, 16, 0x60, 1, 1);
	mdrv_put(p->d, 16, 0x68, 24, p->end[1].pd);
	mdrv_put(p->d, 16, 0x1a0, 32, 3);
	mdrv_put(p->d, 16, 0x1da, 6, 16);
	mdrv_put(p->d, 0, 0x300, 32, 3);
	for (unsigned int i = 0; i < 3; i++) {
		mdrv_put(p->d, 0x110 + 16 * i, 32, 32, i == 1 ? p->end[1].key : NULL_MKEY);
		mdrv_put(p->d, 0x118 + 16 * i, 0, 64, i == 1 ? p->end[1].iova : 0);
	}
	assert_int_equal(mdrv_do(p->d, 0x140, 16), 0);
	return mdrv_object(p->d) << 8;
}

static void test_space(void **state)
{
	struct pair p = rc(state);
	uint32_t key = space(&p);

	pair_fill(&p, 1, 50, 5000, 2);
	access_by(&p, READ, PART + 50, 5000, key, 0);
	pair_check(&p, 0, 0, 5000, 2);
	access_by(&p, READ, PART - 8, 16, key, 0x13);		/* nobody to bring it in */
}

/* However long a table is, nobody waits for a search through all of it. */
static void test_long_table(void **state)
{
	struct pair p = rc(state);
	struct mlx5_mkey *mkey;
	uint32_t key;

	mdrv_begin(p.d, 0x200, 0);
	mdrv_put(p.d, 16, 0x11, 5, 0x1f);
	mdrv_put(p.d, 16, 0x16, 2, KLM);
	mdrv_put(p.d, 16, 0x20, 24, 0xffffff);
	mdrv_put(p.d, 16, 0x60, 1, 1);
	mdrv_put(p.d, 16, 0x68, 24, p.end[1].pd);
	mdrv_put(p.d, 16, 0x1a0, 32, 100000);
	assert_int_equal(mdrv_do(p.d, 0x110, 16), 0);
	key = mdrv_object(p.d);
	mkey = mlx5_mkey_get(p.d->mlx5, key);
	for (unsigned int i = 4; i < 100000; i += 99995) {
		mkey->entry[2 * i] = 4096ull << 32 | p.end[1].key;
		mkey->entry[2 * i + 1] = p.end[1].iova;
	}
	access_by(&p, READ, 4095, 1, key << 8, 0);
	access_by(&p, READ, 4096, 1, key << 8, 0x13);
}

/* What it refers to can be asked for: the driver does, at a page fault. */
static void test_query(void **state)
{
	struct pair p = rc(state);
	uint32_t key = space(&p);

	mdrv_begin(p.d, 0x201, 0);
	mdrv_put(p.d, 9, 0, 24, key >> 8);
	assert_int_equal(mdrv_do(p.d, 16, 0x140), 0);
	assert_int_equal(p.d->out[0x117 + 16], p.end[1].key & 0xff);
	assert_int_equal(mdrv_do(p.d, 16, 0x50), 0);		/* no room for the table */
}

#define t(name) mdrv_test(test_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		t(window), t(window_ends), t(other_queue), t(taken_back), t(invalidated),
		t(not_invalidated), t(wrong_domain), t(circle), t(space), t(query),
		t(long_table),
	};

	return cmocka_run_group_tests_name("mlx5_window", tests, NULL, NULL);
}
