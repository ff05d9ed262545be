// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* REG_MR with each form of page table, as the driver sends it: see reg_mr.h. */
#include <stdlib.h>
#include <string.h>

#include "reg_mr.h"

uint32_t reg_mr_pages(const struct reg_mr *r)
{
	uint64_t size = 1ull << r->shift;

	return ((r->iova & (size - 1)) + r->len + size - 1) >> r->shift;
}

static struct cmd region_cmd(uint16_t pd, const struct reg_mr *r)
{
	struct cmd cmd = drv_cmd(7);

	put16(&cmd, 4, pd);
	put64(&cmd, 40, r->len);
	cmd.b[48] = r->shift;
	cmd.b[49] = REGION_ALL;
	put64(&cmd, 56, r->iova);
	return cmd;
}

uint64_t reg_mr_page(const struct reg_mr *r, uint32_t i)
{
	return (uint64_t)(i * 3 + 1) << r->shift;
}

struct cmd reg_mr_inline(uint16_t pd, const struct reg_mr *r)
{
	struct cmd cmd = region_cmd(pd, r);

	for (uint32_t i = 0; i < reg_mr_pages(r) && i < 4; i++)
		put64(&cmd, 8 + 8 * i, reg_mr_page(r, i));
	return cmd;
}

static uint64_t *make_table(const struct reg_mr *r)
{
	uint64_t *table = malloc(reg_mr_pages(r) * sizeof(*table));

	assert_non_null(table);
	for (uint32_t i = 0; i < reg_mr_pages(r); i++)
		table[i] = reg_mr_page(r, i);
	return table;
}

struct cmd reg_mr_direct(struct driver *d, uint16_t pd, const struct reg_mr *r)
{
	struct cmd cmd = region_cmd(pd, r);
	uint64_t *table = make_table(r);
	uint64_t at = fixture_alloc(d->f, reg_mr_pages(r) * 8);

	fixture_put(d->f, at, table, reg_mr_pages(r) * 8);
	free(table);
	cmd.b[3] = 2;
	put32(&cmd, 8, reg_mr_pages(r) * 8);
	put64(&cmd, 12, at);
	return cmd;
}

/* As the driver builds it, from the last chunk to the first. */
struct cmd reg_mr_indirect(struct driver *d, uint16_t pd, const struct reg_mr *r,
			   bool quirk)
{
	uint32_t n = reg_mr_pages(r), table_pages = (n + 511) / 512;
	uint64_t *table = make_table(r), *where = malloc(table_pages * sizeof(*where));
	struct cmd cmd = region_cmd(pd, r);
	struct { uint32_t length, lo, hi; } next = { 0 };

	assert_non_null(where);
	for (uint32_t i = 0; i < table_pages; i++) {
		where[i] = fixture_alloc(d->f, 4096);
		fixture_put(d->f, where[i], table + i * 512,
			    8 * (n - i * 512 < 512 ? n - i * 512 : 512));
	}
	for (uint32_t end = table_pages; end > 0;) {
		uint32_t in_chunk = end % 510 ? end % 510 : 510;
		uint64_t chunk = fixture_alloc(d->f, 4096);
		bool last = end == table_pages;

		end -= in_chunk;
		fixture_put(d->f, chunk, where + end, in_chunk * 8);
		if (!last)
			fixture_put(d->f, chunk + 4080, &next, sizeof(next));
		next.length = (quirk && last ? 0 : in_chunk * 8) + 12;
		next.lo = (uint32_t)chunk;
		next.hi = chunk >> 32;
	}
	free(where);
	free(table);
	cmd.b[3] = 6;
	memcpy(cmd.b + 8, &next, sizeof(next));
	return cmd;
}

struct efa_mr *reg_mr_register(struct driver *d, struct cmd cmd)
{
	struct rsp rsp = drv_ok(d, cmd);
	uint32_t key = get32(&rsp, 8);
	struct efa_mr *mr = efa_mr_get(d->efa, key);

	assert_int_equal(get32(&rsp, 12), key);
	assert_int_equal(get32(&rsp, 16), 0);
	assert_true(key <= 0xffffff);
	assert_non_null(mr);
	assert_int_equal(efa_mr_key(d->efa, mr), key);
	return mr;
}

uint8_t reg_mr_dereg(struct driver *d, uint32_t key)
{
	struct cmd cmd = drv_cmd(8);
	struct rsp rsp;

	put32(&cmd, 4, key);
	return drv_do(d, cmd, &rsp);
}

void reg_mr_check(const struct efa_mr *mr, const struct reg_mr *r)
{
	assert_int_equal(mr->region.nr_pages, reg_mr_pages(r));
	for (uint32_t i = 0; i < mr->region.nr_pages; i++)
		assert_int_equal(mr->region.page[i], reg_mr_page(r, i));
}
