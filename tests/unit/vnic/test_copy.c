// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* verbs/copy.c: copies between lists of segments, refusals, and the stray accounting. */
#include <string.h>

#include "base/clock.h"
#include "efa_rig.h"

static struct segment segment(struct rig *r, const struct rig_buf *buf, uint32_t off,
			      uint32_t len)
{
	return (struct segment){
		.region = &efa_mr_get(r->efa, buf->key)->region,
		.addr = buf->addr + off, .len = len,
	};
}

static void test_unaligned(void **state)
{
	struct rig *r = *state;
	struct segment src = segment(r, &r->src, 4000, 20000);
	struct segment dst = segment(r, &r->dst, 77, 20000);
	struct copy_result moved;

	rig_pattern(r, r->src.dma + 4000, 20000, 5);
	fixture_fill(r->f, r->dst.dma, 0xee, RIG_BUF);
	moved = verbs_copy(&r->f->nic, &dst, 1, &src, 1, 0, 20000);
	assert_int_equal(moved.moved, 20000);
	assert_false(moved.src_fault || moved.dst_fault);
	rig_check(r, r->dst.dma + 77, 20000, 5);
	rig_check_fill(r, r->dst.dma, 77, 0xee);
	rig_check_fill(r, r->dst.dma + 20077, RIG_BUF - 20077, 0xee);
	assert_int_equal(stray_total(&r->f->nic.stray), 0);
}

/* Lists whose segments differ on both sides, some of them empty, copied from an offset on. */
static void test_lists(void **state)
{
	struct rig *r = *state;
	const struct segment src[] = {
		segment(r, &r->src, 0, 100), { .len = 0 }, segment(r, &r->src, 100, 5000),
		segment(r, &r->src, 5100, 1),
	};
	const struct segment dst[] = {
		{ .len = 0 }, segment(r, &r->dst, 0, 1), segment(r, &r->dst, 1, 4500),
		{ .len = 0 }, segment(r, &r->dst, 4501, 600),
	};
	struct copy_result moved;

	rig_pattern(r, r->src.dma, 5101, 6);
	moved = verbs_copy(&r->f->nic, dst, 5, src, 4, 0, 99);
	assert_int_equal(moved.moved, 99);
	rig_check_fill(r, r->dst.dma + 99, 5002, 0);
	moved = verbs_copy(&r->f->nic, dst, 5, src, 4, 99, 5002);
	assert_int_equal(moved.moved, 5002);
	rig_check(r, r->dst.dma, 5101, 6);
	moved = verbs_copy(&r->f->nic, dst, 5, src, 4, 5101, 10);	/* at the end of both */
	assert_int_equal(moved.moved, 0);
	assert_false(moved.src_fault || moved.dst_fault);
}

static void test_inline(void **state)
{
	struct rig *r = *state;
	const uint8_t bytes[32] = "thirty-two bytes are inline data";
	const struct segment src = { .bytes = bytes, .len = sizeof(bytes) };
	struct segment dst = segment(r, &r->dst, 4096 - 7, sizeof(bytes));
	uint8_t got[32];

	assert_int_equal(verbs_copy(&r->f->nic, &dst, 1, &src, 1, 0, 32).moved, 32);
	fixture_get(r->f, r->dst.dma + 4096 - 7, got, sizeof(got));
	assert_memory_equal(got, bytes, sizeof(bytes));
}

/* Two IOVAs of the same memory that overlap: the target gets the source as it was before. */
static void test_overlap(void **state)
{
	struct rig *r = *state;
	struct segment src = segment(r, &r->src, 0, 1000);
	struct segment dst = segment(r, &r->src, 100, 1000);

	rig_pattern(r, r->src.dma, 1000, 7);
	assert_int_equal(verbs_copy(&r->f->nic, &dst, 1, &src, 1, 0, 1000).moved, 1000);
	rig_check(r, r->src.dma + 100, 1000, 7);
}

/* One large page of the MR, which the IOMMU maps in pieces that are nowhere contiguous. */
static void test_big_page(void **state)
{
	struct rig *r = *state;
	uint64_t page = r->src.dma;
	struct region region = {
		.pd = r->pd, .access = RIG_ALL, .shift = 21,
		.iova = 0x40000000, .len = RIG_BUF, .page = &page, .nr_pages = 1,
	};
	struct segment src = { .region = &region, .addr = 0x40000000 + 5, .len = 40000 };
	struct segment dst = segment(r, &r->dst, 0, 40000);

	rig_pattern(r, r->src.dma + 5, 40000, 8);
	assert_int_equal(verbs_copy(&r->f->nic, &dst, 1, &src, 1, 0, 40000).moved, 40000);
	rig_check(r, r->dst.dma, 40000, 8);
}

/* The MR's pages are in reverse order in a BAR that the IOMMU maps in one piece. */
static void test_scattered_pages(void **state)
{
	struct rig *r = *state;
	struct segment src = segment(r, &r->src, 0, 3 * 4096);
	struct segment dst = segment(r, &r->dst, 0, 3 * 4096);
	uint8_t got[3 * 4096];

	for (unsigned int i = 0; i < 3; i++)
		dst.region->page[i] = FIXTURE_BAR_IOVA + (2 - i) * 4096;
	assert_int_equal(verbs_copy(&r->f->nic, &dst, 1, &src, 1, 0, 3 * 4096).moved, 3 * 4096);
	for (unsigned int i = 0; i < 3; i++)
		memcpy(got + i * 4096, r->f->bar.base + (2 - i) * 4096, 4096);
	fixture_put(r->f, r->src.dma, got, sizeof(got));
	rig_check(r, r->src.dma, sizeof(got), 1);
	for (unsigned int i = 3 * 4096; i < 8 * 4096; i++)
		assert_int_equal(r->f->bar.base[i], 0);
}

static void test_src_refused(void **state)
{
	struct rig *r = *state;
	struct segment src = segment(r, &r->src, 100, 10000);
	struct segment dst = segment(r, &r->dst, 0, 10000);
	const struct stray *stray = &r->f->nic.stray;
	struct copy_result moved;

	fixture_unmap(r->f, r->src.dma + 4096, 4096);
	moved = verbs_copy(&r->f->nic, &dst, 1, &src, 1, 0, 10000);
	assert_true(moved.src_fault);
	assert_false(moved.dst_fault);
	assert_int_equal(moved.moved, 3996);
	assert_int_equal(stray_total(stray), 1);
	assert_int_equal(stray->count[STRAY_UNMAPPED].reads, 1);
	assert_int_equal(stray->record[0].key, r->src.key);
	assert_int_equal(stray->record[0].addr, r->src.dma + 4096);
	rig_check_fill(r, r->dst.dma + 3996, 10000 - 3996, 0);
}

static void test_dst_refused(void **state)
{
	struct rig *r = *state;
	struct segment src = segment(r, &r->src, 0, 10000);
	struct segment dst = segment(r, &r->dst, 0, 10000);
	const struct stray *stray = &r->f->nic.stray;
	struct copy_result moved;

	/* the second page becomes read-only */
	fixture_unmap(r->f, r->dst.dma + 4096, 4096);
	fixture_map(r->f, r->dst.dma + 4096, 4096, DMA_PROT_READ, &r->f->ram, 0);
	moved = verbs_copy(&r->f->nic, &dst, 1, &src, 1, 0, 10000);
	assert_true(moved.dst_fault);
	assert_false(moved.src_fault);
	assert_int_equal(moved.moved, 4096);
	assert_int_equal(stray_total(stray), 1);
	assert_int_equal(stray->count[STRAY_UNMAPPED].writes, 1);
	assert_int_equal(stray->record[0].key, r->dst.key);
}

static void test_zombies(void **state)
{
	struct rig *r = *state;
	struct segment src = segment(r, &r->src, 0, 6000);
	struct segment dst = segment(r, &r->dst, 0, 6000);
	const struct stray *stray = &r->f->nic.stray;
	const struct stray_count *count = &stray->count[STRAY_DEREGISTERED];

	dst.region->gone = true;
	dst.region->gone_ns = clock_now_ns() - 1000000;
	assert_int_equal(verbs_copy(&r->f->nic, &dst, 1, &src, 1, 0, 6000).moved, 6000);
	rig_check(r, r->dst.dma, 6000, 1);	/* the bytes did move */
	assert_int_equal(count->writes, 2);	/* two pages */
	assert_int_equal(count->reads, 0);
	assert_int_equal(count->bytes, 6000);
	assert_int_equal(stray->record[0].kind, STRAY_DEREGISTERED);
	assert_true(stray->record[0].write);
	assert_int_equal(stray->record[0].key, r->dst.key);
	assert_int_equal(stray->record[0].addr, r->dst.dma);
	assert_int_equal(stray->record[0].len, 4096);
	assert_true(stray->record[0].age_ns >= 1000000);

	/* A read through it counts, too. If the IOMMU refuses it, it counts as unmapped only. */
	assert_int_equal(verbs_copy(&r->f->nic, &src, 1, &dst, 1, 0, 100).moved, 100);
	assert_int_equal(count->reads, 1);
	fixture_unmap(r->f, r->dst.dma, 4096);
	assert_true(verbs_copy(&r->f->nic, &dst, 1, &src, 1, 0, 100).dst_fault);
	assert_int_equal(count->writes, 2);
	assert_int_equal(stray->count[STRAY_UNMAPPED].writes, 1);
}

static void test_no_master(void **state)
{
	struct rig *r = *state;
	struct segment src = segment(r, &r->src, 0, 100);
	struct segment dst = segment(r, &r->dst, 0, 100);
	const uint16_t off = 0;

	assert_int_equal(pci_cfg_write(&r->f->nic.pci, 4, &off, sizeof(off)), 0);
	assert_true(verbs_copy(&r->f->nic, &dst, 1, &src, 1, 0, 100).src_fault);
	assert_int_equal(r->f->nic.stray.count[STRAY_NO_MASTER].reads, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(test_unaligned),
		rig_test(test_lists),
		rig_test(test_inline),
		rig_test(test_overlap),
		rig_test(test_big_page),
		rig_test(test_scattered_pages),
		rig_test(test_src_refused),
		rig_test(test_dst_refused),
		rig_test(test_zombies),
		rig_test(test_no_master),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
