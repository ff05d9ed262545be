// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Memory regions: what is refused, limits, keys, translation, zombies. */
#include <string.h>

#include "reg_mr.h"

#define NO_RESOURCE	1
#define UNSUPPORTED	3
#define ILLEGAL		5
#define BUSY		7

/* ---- registration ---- */

static void test_refused(void **state)
{
	static const struct reg_mr r = { 0x7f0000001800, 0x2000, 12 };	/* 3 pages */
	static const struct spoil table[] = {
		{ "PD 0", 4, 2, 0, ILLEGAL },
		{ "PD not allocated", 4, 2, 77, ILLEGAL },
		{ "page 0 unaligned", 8, 8, 0x1001, ILLEGAL },
		{ "last page unaligned", 24, 8, 0x1800, ILLEGAL },
		{ "length 0", 40, 8, 0, ILLEGAL },
		{ "length above the limit", 40, 8, (1ull << 39) + 1, ILLEGAL },
		{ "length all ones", 40, 8, UINT64_MAX, ILLEGAL },
		{ "more pages than inline", 40, 8, 0x4000, ILLEGAL },
		{ "more pages than are held", 40, 8, 1ull << 35, NO_RESOURCE },
		{ "shift 0", 48, 1, 0, ILLEGAL },
		{ "shift 11", 48, 1, 11, ILLEGAL },
		{ "shift 32", 48, 1, 32, ILLEGAL },
		{ "shift 63", 48, 1, 63, ILLEGAL },
		{ "reserved flag", 48, 1, 0x40 | 12, ILLEGAL },
		{ "physical mode", 48, 1, 0x80 | 12, UNSUPPORTED },
		{ "unknown access", 49, 1, 8, ILLEGAL },
		{ "page count wrong", 52, 4, 4, ILLEGAL },
		{ "iova wraps", 56, 8, 0xfffffffffffff800, ILLEGAL },
		{ "iova ends at 2^64", 56, 8, 0xffffffffffffe000, ILLEGAL },
	};
	struct driver *d = *state;
	struct rsp rsp = DRV_SPOIL(d, reg_mr_inline(drv_pd(d), &r), table);

	reg_mr_check(efa_mr_get(d->efa, get32(&rsp, 8)), &r);
	assert_int_equal(d->efa->mr_pages, 3);
}

static void test_page_sizes(void **state)
{
	struct driver *d = *state;
	uint16_t pd = drv_pd(d);
	struct rsp rsp;

	for (uint8_t shift = 12; shift <= 31; shift++) {
		struct reg_mr r = { 5, 3ull << shift, shift };	/* 4 pages */

		reg_mr_check(reg_mr_register(d, reg_mr_inline(pd, &r)), &r);
	}
	NIC_OWN(struct efa_config, &d->f->nic.config.own)->page_sizes = 0x1000;
	for (uint8_t shift = 13; shift <= 31; shift++) {
		struct reg_mr r = { 0, 1, shift };

		assert_int_equal(drv_do(d, reg_mr_inline(pd, &r), &rsp), ILLEGAL);
	}
}

/* The command may give the number of pages, if it is right. */
static void test_page_count_given(void **state)
{
	static const struct reg_mr r = { 0x1fff, 2, 12 };
	struct driver *d = *state;
	struct cmd cmd = reg_mr_inline(drv_pd(d), &r);

	put32(&cmd, 52, 2);
	reg_mr_check(reg_mr_register(d, cmd), &r);
}

/* ---- limits ---- */

static void test_slots(void **state)
{
	static const struct reg_mr r = { 0, 4096, 12 };
	struct driver *d = *state;
	struct cmd cmd = reg_mr_inline(drv_pd(d), &r);
	struct efa_mr *mr = NULL;
	struct rsp rsp;

	for (unsigned int i = 1; i < EFA_MAX_MR; i++)
		mr = reg_mr_register(d, cmd);
	assert_int_equal(drv_do(d, cmd, &rsp), NO_RESOURCE);
	assert_int_equal(d->efa->mr_pages, EFA_MAX_MR - 1);
	assert_int_equal(reg_mr_dereg(d, efa_mr_key(d->efa, mr)), 0);
	drv_ok(d, cmd);
}

static void test_all_pages(void **state)
{
	static const struct reg_mr r = { 0, 4096, 12 };
	struct driver *d = *state;
	struct cmd cmd = reg_mr_inline(drv_pd(d), &r);
	struct rsp rsp;

	d->efa->mr_pages = EFA_MAX_ALL_PAGES;
	assert_int_equal(drv_do(d, cmd, &rsp), NO_RESOURCE);
	d->efa->mr_pages--;
	drv_ok(d, cmd);
	d->efa->mr_pages = 1;
}

/* The largest table of one region: exactly 2^22 entries, all read. */
static void test_largest(void **state)
{
	static const struct reg_mr r = { 0, (uint64_t)(1u << 22) << 12, 12 };
	struct driver *d = *state;
	struct cmd cmd = reg_mr_direct(d, drv_pd(d), &r);
	struct rsp rsp;

	reg_mr_check(reg_mr_register(d, cmd), &r);
	put64(&cmd, 40, r.len + 1);
	assert_int_equal(drv_do(d, cmd, &rsp), NO_RESOURCE);
}

/* ---- keys ---- */

static void test_keys(void **state)
{
	static const struct reg_mr r = { 0, 4096, 12 };
	struct driver *d = *state;
	struct cmd cmd = reg_mr_inline(drv_pd(d), &r);
	static uint8_t seen[1u << 24 >> 3];
	uint32_t key = 0;

	memset(seen, 0, sizeof(seen));
	for (unsigned int i = 0; i < 3 * EFA_MAX_MR; i++) {
		key = efa_mr_key(d->efa, reg_mr_register(d, cmd));
		assert_false(seen[key / 8] >> key % 8 & 1);
		seen[key / 8] |= 1 << key % 8;
		assert_int_equal(reg_mr_dereg(d, key), 0);
		assert_null(efa_mr_get(d->efa, key));
	}
	assert_int_equal(reg_mr_dereg(d, key), ILLEGAL);
	assert_int_equal(reg_mr_dereg(d, 0), ILLEGAL);
	assert_int_equal(reg_mr_dereg(d, 0xffffffff), ILLEGAL);
}

static void test_stale_keys(void **state)
{
	static const struct reg_mr r = { 0, 4096, 12 };
	struct driver *d = *state;
	struct cmd cmd = reg_mr_inline(drv_pd(d), &r);
	uint32_t key = efa_mr_key(d->efa, reg_mr_register(d, cmd));

	assert_null(efa_mr_get(d->efa, key ^ 1));		/* generation */
	assert_null(efa_mr_get(d->efa, key + 0x100));		/* index */
	assert_null(efa_mr_get(d->efa, key | EFA_MAX_MR << 8));	/* out of range */
	assert_null(efa_mr_get(d->efa, key | 0x80000000));
	assert_int_equal(reg_mr_dereg(d, key ^ 1), ILLEGAL);

	drv_reset(d);
	drv_start(d, DRV_DEPTH);
	drv_pd(d);
	assert_null(efa_mr_get(d->efa, key));
	assert_int_not_equal(efa_mr_key(d->efa, reg_mr_register(d, cmd)), key);
}

static void test_pd_busy(void **state)
{
	static const struct reg_mr r = { 0, 4096, 12 };
	struct driver *d = *state;
	uint16_t pd = drv_pd(d);
	struct efa_mr *mr = reg_mr_register(d, reg_mr_inline(pd, &r));

	assert_int_equal(drv_drop(d, 15, pd), BUSY);
	assert_int_equal(reg_mr_dereg(d, efa_mr_key(d->efa, mr)), 0);
	assert_int_equal(drv_drop(d, 15, pd), 0);
}

/* ---- use ---- */

static void test_allows(void **state)
{
	static const struct reg_mr r = { 0x1800, 0x2000, 12 };
	static const struct { uint64_t addr, len; uint8_t access; bool ok; } table[] = {
		{ 0x1800, 0x2000, 0, true }, { 0x1800, 1, 5, true }, { 0x37ff, 1, 1, true },
		{ 0x3800, 0, 0, true }, { 0x1800, 0, 0, true }, { 0x3801, 0, 0, false },
		{ 0x17ff, 1, 0, false }, { 0x17ff, 0, 0, false }, { 0x3800, 1, 0, false },
		{ 0x1800, 0x2001, 0, false }, { 0x2000, UINT64_MAX, 0, false },
		{ UINT64_MAX, 1, 0, false }, { 0, UINT64_MAX, 0, false },
		{ 0x1800, 1, 2, false }, { 0x1800, 1, 7, false },
	};
	struct driver *d = *state;
	uint16_t pd = drv_pd(d);
	struct cmd cmd = reg_mr_inline(pd, &r);
	struct efa_mr *mr;

	cmd.b[49] = 5;			/* no remote write */
	mr = reg_mr_register(d, cmd);
	for (unsigned int i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (region_allows(&mr->region, pd, table[i].addr, table[i].len, table[i].access) !=
		    table[i].ok)
			fail_msg("row %u", i);
	assert_false(region_allows(&mr->region, pd + 1, 0x1800, 1, 0));
}

static void test_dma(void **state)
{
	static const struct reg_mr r = { 0x7f0000001800, 0x2000, 12 };
	static const struct { uint64_t off; unsigned int page; uint64_t in_page, len; } table[] = {
		{ 0, 0, 0x800, 0x800 }, { 1, 0, 0x801, 0x7ff }, { 0x7ff, 0, 0xfff, 1 },
		{ 0x800, 1, 0, 0x1000 }, { 0x1000, 1, 0x800, 0x800 },
		{ 0x1800, 2, 0, 0x800 }, { 0x1fff, 2, 0x7ff, 1 },
	};
	struct driver *d = *state;
	struct efa_mr *mr = reg_mr_register(d, reg_mr_inline(drv_pd(d), &r));

	for (unsigned int i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint64_t len, dma = region_dma(&mr->region, r.iova + table[i].off, &len);

		assert_int_equal(dma, reg_mr_page(&r, table[i].page) + table[i].in_page);
		assert_int_equal(len, table[i].len);
	}
}

/* A page that is larger than the region, and a region that covers a whole BAR. */
static void test_dma_large_pages(void **state)
{
	static const struct reg_mr small = { 0x40001000, 0x10, 30 };
	static const struct reg_mr large = { 0, 4ull << 31, 31 };
	struct driver *d = *state;
	uint16_t pd = drv_pd(d);
	struct efa_mr *mr = reg_mr_register(d, reg_mr_inline(pd, &small));
	uint64_t len;

	assert_int_equal(region_dma(&mr->region, 0x40001004, &len),
			 reg_mr_page(&small, 0) + 0x1004);
	assert_int_equal(len, 0xc);
	mr = reg_mr_register(d, reg_mr_inline(pd, &large));
	assert_int_equal(region_dma(&mr->region, 3ull << 31 | 0x123, &len),
			 reg_mr_page(&large, 3) + 0x123);
	assert_int_equal(len, (1ull << 31) - 0x123);
}

/* Pages 0 to 2 are in one piece; 3 lies elsewhere; 4 follows it, but may not be written to. */
static void test_run(void **state)
{
	enum { READ = 1, WRITE = 2, BOTH = READ | WRITE };
	uint64_t page[] = { 0x8000 | BOTH, 0x9000 | BOTH, 0xa000 | BOTH, 0x20000 | BOTH,
			    0x21000 | READ };
	const struct region region = {
		.shift = 12, .iova = 0x1800, .len = 0x4800, .page = page, .nr_pages = 5,
		.readable = READ, .writable = WRITE,
	};
	static const struct { uint64_t off, want, run; } table[] = {
		{ 0, 0x10, 0x10 }, { 0, 0x800, 0x800 }, { 0, 0x801, 0x801 },
		{ 0, 0x2800, 0x2800 }, { 0, 0x2801, 0x2800 }, { 0, 0x4800, 0x2800 },
		{ 0x900, 0x3000, 0x1f00 }, { 0x27ff, 2, 1 },
		{ 0x2800, 0x2000, 0x1000 }, { 0x3800, 0x1000, 0x1000 }, { 0x47ff, 1, 1 },
		{ 0x4000, 0x1000, 0x800 },	/* never beyond the region */
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint64_t len = table[i].want;

		region_run(&region, region.iova + table[i].off, &len);
		assert_int_equal(len, table[i].run);
	}
}

/* ---- the fault ignore_dereg ---- */

static void test_zombie(void **state)
{
	static const struct reg_mr r = { 0, 4096, 12 };
	struct driver *d = *state;
	uint16_t pd = drv_pd(d);
	struct efa_mr *mr = reg_mr_register(d, reg_mr_inline(pd, &r));
	uint32_t key = efa_mr_key(d->efa, mr);

	efa_fault(&d->f->nic.fault)->ignore_dereg = true;
	assert_int_equal(reg_mr_dereg(d, key), 0);
	assert_ptr_equal(efa_mr_get(d->efa, key), mr);
	assert_true(mr->region.gone && !mr->used && mr->region.gone_ns > 0);
	assert_true(region_allows(&mr->region, pd, 0, 4096, REGION_ALL));
	assert_int_equal(reg_mr_dereg(d, key), ILLEGAL);
	assert_int_equal(drv_drop(d, 15, pd), 0);

	efa_fault(&d->f->nic.fault)->ignore_dereg = false;
	assert_null(efa_mr_get(d->efa, key));
	assert_int_equal(d->efa->mr_pages, 0);
	efa_fault(&d->f->nic.fault)->ignore_dereg = true;	/* does not bring it back */
	assert_null(efa_mr_get(d->efa, key));
}

static void test_zombie_reset(void **state)
{
	static const struct reg_mr r = { 0, 4096, 12 };
	struct driver *d = *state;
	uint32_t key = efa_mr_key(d->efa, reg_mr_register(d, reg_mr_inline(drv_pd(d), &r)));

	efa_fault(&d->f->nic.fault)->ignore_dereg = true;
	assert_int_equal(reg_mr_dereg(d, key), 0);
	drv_reset(d);
	assert_null(efa_mr_get(d->efa, key));
	assert_int_equal(d->efa->mr_pages, 0);
}

/* Zombies keep their slots while others are free, and then lose them in order. */
static void test_zombie_slots(void **state)
{
	static const struct reg_mr r = { 0, 4096, 12 };
	struct driver *d = *state;
	struct cmd cmd = reg_mr_inline(drv_pd(d), &r);
	uint32_t first = 0;
	struct rsp rsp;

	efa_fault(&d->f->nic.fault)->ignore_dereg = true;
	for (unsigned int i = 1; i < EFA_MAX_MR; i++) {
		uint32_t key = efa_mr_key(d->efa, reg_mr_register(d, cmd));

		if (i == 1)
			first = key;
		if (i <= 2)
			assert_int_equal(reg_mr_dereg(d, key), 0);
	}
	assert_non_null(efa_mr_get(d->efa, first));
	drv_ok(d, cmd);
	assert_null(efa_mr_get(d->efa, first));
	drv_ok(d, cmd);
	assert_int_equal(drv_do(d, cmd, &rsp), NO_RESOURCE);
	assert_int_equal(d->efa->mr_pages, EFA_MAX_MR - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		driver_test(test_refused),
		driver_test(test_page_sizes),
		driver_test(test_page_count_given),
		driver_test(test_slots),
		driver_test(test_all_pages),
		driver_test(test_largest),
		driver_test(test_keys),
		driver_test(test_stale_keys),
		driver_test(test_pd_busy),
		driver_test(test_allows),
		driver_test(test_dma),
		driver_test(test_dma_large_pages),
		cmocka_unit_test(test_run),
		driver_test(test_zombie),
		driver_test(test_zombie_reset),
		driver_test(test_zombie_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
