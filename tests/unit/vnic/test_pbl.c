// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Page tables that are not in the command: direct and indirect. */
#include <string.h>

#include "reg_mr.h"

#define ILLEGAL	5

static void test_direct(void **state)
{
	static const struct reg_mr r = { 0x123456, 600 * 4096, 12 };
	static const struct spoil table[] = {
		{ "length too short", 8, 4, 600 * 8, ILLEGAL },
		{ "length too long", 8, 4, 602 * 8, ILLEGAL },
		{ "nothing mapped", 12, 8, 0x1000, ILLEGAL },
		{ "inline after all", 3, 1, 0, ILLEGAL },
	};
	struct driver *d = *state;
	struct cmd cmd = reg_mr_direct(d, drv_pd(d), &r);
	struct rsp rsp = DRV_SPOIL(d, cmd, table);

	assert_int_equal(reg_mr_pages(&r), 601);	/* two table pages, not contiguous */
	reg_mr_check(efa_mr_get(d->efa, get32(&rsp, 8)), &r);
}

static void test_direct_unmapped_end(void **state)
{
	static const struct reg_mr r = { 0, 600 * 4096, 12 };
	struct driver *d = *state;
	struct cmd cmd = reg_mr_direct(d, drv_pd(d), &r);
	uint64_t at;
	struct rsp rsp;

	memcpy(&at, cmd.b + 12, 8);
	fixture_unmap(d->f, at + 4096, 4096);
	assert_int_equal(drv_do(d, cmd, &rsp), ILLEGAL);
	assert_int_equal(d->efa->mr_pages, 0);
	assert_int_equal(d->f->nic.stray.count[STRAY_UNMAPPED].reads, 1);
}

static void test_indirect(void **state)
{
	static const uint64_t counts[] = {
		1, 5, 511, 512, 513, 1024, 510 * 512 - 1, 510 * 512, 510 * 512 + 1,
		511 * 512 + 3, 1020 * 512, 1021 * 512,
	};
	struct driver *d = *state;
	uint16_t pd = drv_pd(d);

	for (unsigned int i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct reg_mr r = { 0x7000, counts[i] << 12, 12 };
		struct efa_mr *mr = reg_mr_register(d, reg_mr_indirect(d, pd, &r, false));

		reg_mr_check(mr, &r);
		assert_int_equal(reg_mr_dereg(d, efa_mr_key(d->efa, mr)), 0);
	}
	assert_int_equal(d->efa->mr_pages, 0);
}

/* Drivers up to Linux 6.12 give a full last chunk the length of an empty one. */
static void test_indirect_quirk(void **state)
{
	static const uint64_t chunks[] = { 1, 2 };
	struct driver *d = *state;
	uint16_t pd = drv_pd(d);
	struct rsp rsp;

	for (unsigned int i = 0; i < 2; i++) {
		struct reg_mr r = { 0, (chunks[i] * 510 * 512) << 12, 12 };

		reg_mr_check(reg_mr_register(d, reg_mr_indirect(d, pd, &r, true)), &r);
		r.len -= 512 << 12;	/* for a chunk that is not full, 12 is wrong */
		assert_int_equal(drv_do(d, reg_mr_indirect(d, pd, &r, true), &rsp), ILLEGAL);
	}
}

/* The address of the first chunk of @cmd. */
static uint64_t chunk_of(const struct cmd *cmd)
{
	uint64_t at;

	memcpy(&at, cmd->b + 12, sizeof(at));
	return at;
}

static void test_indirect_refused(void **state)
{
	static const struct reg_mr r = { 0, 600ull * 512 << 12, 12 };	/* two chunks */
	static const struct spoil table[] = {
		{ "first length short", 8, 4, 4084, ILLEGAL },
		{ "first length long", 8, 4, 4096, ILLEGAL },
		{ "first length 12", 8, 4, 12, ILLEGAL },
		{ "first length 0", 8, 4, 0, ILLEGAL },
		{ "first chunk unmapped", 12, 8, 0x1000, ILLEGAL },
		{ "without the chain", 3, 1, 2, ILLEGAL },
	};
	struct driver *d = *state;

	DRV_SPOIL(d, reg_mr_indirect(d, drv_pd(d), &r, false), table);
}

/* Errors inside the chain: one wrong field of one chunk at a time. */
static void test_chain_refused(void **state)
{
	static const struct reg_mr r = { 0, 600ull * 512 << 12, 12 };
	static const struct { const char *what; unsigned int at; uint64_t value; } bad[] = {
		{ "first page unmapped", 0, 0x1000 },
		{ "page 509 unmapped", 509 * 8, 0x2000 },
		{ "second length short", 4080, 89 * 8 + 12 },
		{ "second length full", 4080, 4092 },
		{ "second length 12", 4080, 12 },
		{ "second chunk unmapped", 4084, 0x3000 },
	};
	struct driver *d = *state;
	struct cmd cmd = reg_mr_indirect(d, drv_pd(d), &r, false);
	struct rsp rsp;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		unsigned int size = bad[i].at == 4080 ? 4 : 8;
		uint64_t good;

		fixture_get(d->f, chunk_of(&cmd) + bad[i].at, &good, size);
		fixture_put(d->f, chunk_of(&cmd) + bad[i].at, &bad[i].value, size);
		if (drv_do(d, cmd, &rsp) != ILLEGAL)
			fail_msg("%s: status %u", bad[i].what, rsp.b[2]);
		fixture_put(d->f, chunk_of(&cmd) + bad[i].at, &good, size);
	}
	assert_int_equal(d->efa->mr_pages, 0);
	drv_ok(d, cmd);
}

/* The unaligned table is mapped and could be read: only its address is the reason to refuse. */
static void test_table_unaligned(void **state)
{
	static const struct reg_mr r = { 0, 5 << 12, 12 };
	struct driver *d = *state;
	struct cmd cmd = reg_mr_indirect(d, drv_pd(d), &r, false);
	uint64_t page;
	struct rsp rsp;

	fixture_get(d->f, chunk_of(&cmd), &page, sizeof(page));
	page += 8;
	fixture_put(d->f, chunk_of(&cmd), &page, sizeof(page));
	assert_int_equal(drv_do(d, cmd, &rsp), ILLEGAL);
}

/* Only the part of the last chunk that is used is read: here the map ends right behind it. */
static void test_last_chunk_short(void **state)
{
	static const struct reg_mr r = { 0, 5 << 12, 12 };
	struct driver *d = *state;
	struct cmd cmd = reg_mr_indirect(d, drv_pd(d), &r, false);
	uint64_t end = fixture_alloc(d->f, 4096) + 4096 - 8, page;

	fixture_get(d->f, chunk_of(&cmd), &page, sizeof(page));
	fixture_put(d->f, end, &page, sizeof(page));
	put64(&cmd, 12, end);
	reg_mr_check(reg_mr_register(d, cmd), &r);
}

/* A chain that loops is followed only until all pages are read. */
static void test_chain_loop(void **state)
{
	static const struct reg_mr r = { 0, 1020ull * 512 << 12, 12 };
	struct driver *d = *state;
	struct cmd cmd = reg_mr_indirect(d, drv_pd(d), &r, false);
	uint64_t at = chunk_of(&cmd);
	struct efa_mr *mr;

	fixture_put(d->f, at + 4084, &at, sizeof(at));
	mr = reg_mr_register(d, cmd);
	for (uint32_t i = 0; i < 510 * 512; i++)
		assert_int_equal(mr->region.page[i], mr->region.page[510 * 512 + i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		driver_test(test_direct),
		driver_test(test_direct_unmapped_end),
		driver_test(test_indirect),
		driver_test(test_indirect_quirk),
		driver_test(test_indirect_refused),
		driver_test(test_chain_refused),
		driver_test(test_table_unaligned),
		driver_test(test_last_chunk_short),
		driver_test(test_chain_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
