// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The device as a whole: DMA with its stray accounting, and which part of the device an
 * access to a region reaches.
 */
#include "base/clock.h"
#include "fixture.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "efa/efa.h"
#include "fits.h"

#define RW (DMA_PROT_READ | DMA_PROT_WRITE)

static void master(struct fixture *f, bool on)
{
	const uint16_t command = on ? PCI_COMMAND_MASTER : 0;

	assert_int_equal(nic_vfu_ops.region_write(&f->nic, VFIO_PCI_CONFIG_REGION_INDEX,
						  PCI_COMMAND, &command, 2), 0);
}

static const struct stray_record *newest(const struct fixture *f)
{
	return &f->nic.stray.record[(f->nic.stray.noted - 1) % STRAY_RECORDS];
}

/* ---- DMA ---- */

static void test_dma_across_pages(void **state)
{
	struct fixture *f = *state;
	uint64_t iova = fixture_alloc(f, 5 * FIXTURE_PAGE);
	uint8_t out[3 * FIXTURE_PAGE], in[sizeof(out)], seen[sizeof(out)];

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7 + i / 256);
	assert_int_equal(nic_dma_write(&f->nic, iova + 100, out, sizeof(out), 0), 0);
	fixture_get(f, iova + 100, seen, sizeof(seen));
	assert_memory_equal(seen, out, sizeof(out));
	assert_int_equal(nic_dma_read(&f->nic, iova + 100, in, sizeof(in), 0), 0);
	assert_memory_equal(in, out, sizeof(out));
	assert_int_equal(nic_dma_read(&f->nic, iova, in, 0, 0), 0);
	assert_int_equal(stray_total(&f->nic.stray), 0);
}

static void test_stray_ends_a_copy(void **state)
{
	struct fixture *f = *state;
	uint64_t iova = fixture_alloc(f, 2 * FIXTURE_PAGE);
	uint64_t edge = iova + 2 * FIXTURE_PAGE;
	uint8_t bytes[64] = { 0 }, seen[32];

	memset(bytes, 0xee, sizeof(bytes));
	assert_int_equal(nic_dma_write(&f->nic, edge - 32, bytes, 64, 0x123), -EFAULT);
	fixture_get(f, edge - 32, seen, sizeof(seen));
	assert_memory_equal(seen, bytes, sizeof(seen));
	assert_int_equal(f->nic.stray.count[STRAY_UNMAPPED].writes, 1);
	assert_int_equal(f->nic.stray.count[STRAY_UNMAPPED].bytes, 32);
	assert_int_equal(newest(f)->addr, edge);
	assert_int_equal(newest(f)->len, 32);
	assert_int_equal(newest(f)->key, 0x123);
	assert_int_equal(newest(f)->age_ns, 0);		/* it was never mapped */
	assert_true(newest(f)->write);
	assert_int_equal(nic_dma_read(&f->nic, edge, bytes, 4, 7), -EFAULT);
	assert_int_equal(f->nic.stray.count[STRAY_UNMAPPED].reads, 1);
	assert_false(newest(f)->write);
}

static void test_stray_age(void **state)
{
	struct fixture *f = *state;
	uint64_t iova = fixture_alloc(f, FIXTURE_PAGE), byte = 0, before, after;

	before = clock_now_ns();
	assert_int_equal(nic_vfu_ops.dma_unmap(&f->nic, iova, FIXTURE_PAGE, 0), 0);
	assert_int_equal(nic_dma_write(&f->nic, iova + 8, &byte, 1, 1), -EFAULT);
	after = clock_now_ns();
	assert_in_range(newest(f)->age_ns, 1, after - before);
	assert_int_equal(newest(f)->kind, STRAY_UNMAPPED);
}

static void test_protection_is_honoured(void **state)
{
	struct fixture *f = *state;
	uint32_t word = 1;

	fixture_map(f, 0x1000, FIXTURE_PAGE, DMA_PROT_READ, &f->ram, 0);
	assert_int_equal(nic_dma_read(&f->nic, 0x1000, &word, 4, 0), 0);
	assert_int_equal(nic_dma_write(&f->nic, 0x1000, &word, 4, 0), -EFAULT);
	assert_int_equal(nic_dma_publish(&f->nic, 0x1000, &word, 4), -EFAULT);
	assert_int_equal(f->nic.stray.count[STRAY_UNMAPPED].writes, 2);
}

static void test_bus_master_off(void **state)
{
	struct fixture *f = *state;
	uint64_t iova = fixture_alloc(f, FIXTURE_PAGE), word = 5, seen;

	master(f, false);
	assert_int_equal(nic_dma_write(&f->nic, iova, &word, 8, 9), -EFAULT);
	assert_int_equal(nic_dma_read(&f->nic, iova, &word, 8, 9), -EFAULT);
	assert_int_equal(nic_dma_publish(&f->nic, iova, &word, 8), -EFAULT);
	assert_int_equal(f->nic.stray.count[STRAY_NO_MASTER].writes, 2);
	assert_int_equal(f->nic.stray.count[STRAY_NO_MASTER].reads, 1);
	assert_int_equal(f->nic.stray.count[STRAY_UNMAPPED].writes, 0);
	fixture_get(f, iova, &seen, sizeof(seen));
	assert_int_equal(seen, 0);
	master(f, true);
	assert_int_equal(nic_dma_write(&f->nic, iova, &word, 8, 9), 0);
}

static void test_publish(void **state)
{
	struct fixture *f = *state;
	uint64_t iova = fixture_alloc(f, FIXTURE_PAGE);
	uint8_t entry[64], seen[64];

	for (size_t i = 0; i < sizeof(entry); i++)
		entry[i] = (uint8_t)(i + 1);
	assert_int_equal(nic_dma_publish(&f->nic, iova + 0xfc0, entry, 64), 0);
	fixture_get(f, iova + 0xfc0, seen, 64);
	assert_memory_equal(seen, entry, 64);
	assert_int_equal(nic_dma_publish(&f->nic, iova, entry, 4), 0);
	fixture_get(f, iova, seen, 8);
	assert_memory_equal(seen, entry, 4);
	assert_int_equal(seen[4], 0);
}

static void test_window_is_clipped(void **state)
{
	struct fixture *f = *state;
	uint64_t iova = fixture_alloc(f, 2 * FIXTURE_PAGE), len = 2 * FIXTURE_PAGE;

	assert_non_null(nic_dma_window(&f->nic, iova + 16, &len, DMA_PROT_READ, 0));
	assert_int_equal(len, FIXTURE_PAGE - 16);
	len = FIXTURE_BAR_SIZE;
	assert_ptr_not_equal(nic_dma_window(&f->nic, FIXTURE_BAR_IOVA, &len, RW, 0), NULL);
	assert_int_equal(len, FIXTURE_BAR_SIZE);
}

/* ---- regions ---- */

static int rd(struct fixture *f, unsigned int region, uint64_t off, uint32_t len)
{
	uint8_t buf[16];

	return nic_vfu_ops.region_read(&f->nic, region, off, buf, len);
}

static int wr(struct fixture *f, unsigned int region, uint64_t off, uint32_t len)
{
	const uint8_t zero[16] = { 0 };

	return nic_vfu_ops.region_write(&f->nic, region, off, zero, len);
}

static void test_regions(void **state)
{
	static const uint64_t sizes[9] = {
		[0] = 0x10000, [2] = 64u << 20, [4] = 0x200000, [7] = 4096,
	};
	struct fixture *f = *state;
	struct vfu_region info;

	for (unsigned int i = 0; i < 9; i++) {
		nic_vfu_ops.region_info(&f->nic, i, &info);
		assert_int_equal(info.size, sizes[i]);
		assert_int_equal(info.mmap_fd, i == 2 ? fixture_efa(f)->llq_fd : -1);
		if (!sizes[i]) {
			assert_int_equal(rd(f, i, 0, 4), -EINVAL);
			assert_int_equal(wr(f, i, 0, 4), -EINVAL);
		}
	}
}

static void test_access_sizes(void **state)
{
	static const unsigned int dword_bars[2] = { EFA_REG_BAR, EFA_DB_BAR };
	struct fixture *f = *state;

	for (unsigned int i = 0; i < 2; i++) {
		unsigned int bar = dword_bars[i];

		for (uint32_t len = 1; len <= 16; len++) {
			int want = len == 4 || len == 8 ? 0 : -EINVAL;

			assert_int_equal(rd(f, bar, 0x10, len), want);
			assert_int_equal(wr(f, bar, 0x10, len), want);
		}
		assert_int_equal(rd(f, bar, 0x12, 4), -EINVAL);
		assert_int_equal(wr(f, bar, 0x14, 8), -EINVAL);
	}
	assert_int_equal(rd(f, EFA_REG_BAR, EFA_REG_SIZE - 4, 8), -EINVAL);
	assert_int_equal(rd(f, EFA_DB_BAR, EFA_DB_SIZE, 4), -EINVAL);
	assert_int_equal(wr(f, EFA_LLQ_BAR, UINT64_MAX, 4), -EINVAL);
	assert_int_equal(rd(f, EFA_LLQ_BAR, EFA_LLQ_SIZE - 1, 1), 0);
}

/* The low and high half of AQ_BASE, written by one access of 8 bytes. */
static void test_wide_register_write(void **state)
{
	const uint64_t base = 0x123456789000;
	struct fixture *f = *state;

	assert_int_equal(nic_vfu_ops.region_write(&f->nic, EFA_REG_BAR, 0x10, &base, 8), 0);
	assert_int_equal(fixture_efa(f)->regs.aq_base, base);
}

static void test_msix_area_is_inert(void **state)
{
	struct fixture *f = *state;
	uint64_t pba = ~0ull, before = fixture_efa(f)->count.doorbells;

	assert_int_equal(nic_vfu_ops.region_read(&f->nic, EFA_REG_BAR, EFA_MSIX_PBA, &pba, 8),
			 0);
	assert_int_equal(pba, 0);
	assert_int_equal(wr(f, EFA_REG_BAR, EFA_MSIX_TABLE, 4), 0);
	assert_int_equal(fixture_efa(f)->count.doorbells, before);
}

static void test_llq_is_memory(void **state)
{
	const char text[] = "not a work request";
	struct fixture *f = *state;
	char seen[sizeof(text)];

	assert_int_equal(nic_vfu_ops.region_write(&f->nic, EFA_LLQ_BAR, 0x40003, text,
						  sizeof(text)), 0);
	assert_memory_equal(fixture_efa(f)->llq + 0x40003, text, sizeof(text));
	assert_int_equal(nic_vfu_ops.region_read(&f->nic, EFA_LLQ_BAR, 0x40003, seen,
						 sizeof(seen)), 0);
	assert_string_equal(seen, text);
}

static void test_reset(void **state)
{
	struct fixture *f = *state;
	uint64_t iova = fixture_alloc(f, FIXTURE_PAGE), word = 1;

	fixture_efa(f)->regs.aq_base = 0x1000;
	nic_vfu_ops.reset(&f->nic);
	assert_false(pci_bus_master(&f->nic.pci));
	assert_int_equal(fixture_efa(f)->regs.aq_base, 0);
	master(f, true);
	assert_int_equal(nic_dma_write(&f->nic, iova, &word, 8, 0), 0);	/* maps stay */
	pci_raise(&f->nic.pci, 0);
	assert_int_equal(fixture_irqs(f, 0), 1);			/* eventfds too */
}

static void test_unmap_all(void **state)
{
	struct fixture *f = *state;
	uint64_t word = 0;

	assert_int_equal(nic_vfu_ops.dma_unmap(&f->nic, 0, 0, 1), 0);
	assert_int_equal(nic_dma_read(&f->nic, FIXTURE_BAR_IOVA, &word, 8, 0), -EFAULT);
	assert_int_equal(nic_vfu_ops.dma_unmap(&f->nic, 0, UINT64_MAX, 0), 0);
}

/* ---- report ---- */

static struct json_object *at(struct json_object *o, const char *name)
{
	struct json_object *found = NULL;

	assert_true(json_object_object_get_ex(o, name, &found));
	return found;
}

static void test_report(void **state)
{
	struct fixture *f = *state;
	struct json_object *report, *stray, *record;
	uint8_t byte = 0;

	for (unsigned int i = 0; i < STRAY_RECORDS + 6; i++)
		nic_dma_write(&f->nic, 0xdead000 + i, &byte, 1, i);
	report = nic_report(&f->nic);
	assert_fits("peerbar-vnic", json_object_to_json_string(report));
	stray = at(report, "stray");
	assert_int_equal(json_object_get_int64(at(stray, "total")), STRAY_RECORDS + 6);
	assert_int_equal(json_object_get_int64(at(at(stray, "unmapped"), "writes")),
			 STRAY_RECORDS + 6);
	assert_int_equal(json_object_get_int64(at(at(stray, "no_master"), "writes")), 0);
	assert_int_equal(json_object_array_length(at(stray, "records")), STRAY_RECORDS);
	record = json_object_array_get_idx(at(stray, "records"), 0);
	assert_int_equal(json_object_get_int64(at(record, "addr")), 0xdead000 + 6);
	assert_string_equal(json_object_get_string(at(record, "kind")), "unmapped");
	assert_string_equal(json_object_get_string(at(at(report, "device"), "part")), "efa2");
	assert_string_equal(json_object_get_string(at(at(report, "device"), "gid")),
			    "fe80::200:ff:fe00:1");
	assert_int_equal(json_object_get_int64(at(at(report, "dma"), "live")), 1);
	assert_int_equal(json_object_get_int64(at(at(report, "pci"), "lost")), 0);
	assert_false(json_object_get_boolean(at(at(report, "faults"), "stall-aq")));
	assert_int_equal(json_object_get_type(at(report, "efa")), json_type_object);
	json_object_put(report);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_dma_across_pages),
		TEST(test_stray_ends_a_copy),
		TEST(test_stray_age),
		TEST(test_protection_is_honoured),
		TEST(test_bus_master_off),
		TEST(test_publish),
		TEST(test_window_is_clipped),
		TEST(test_regions),
		TEST(test_access_sizes),
		TEST(test_wide_register_write),
		TEST(test_msix_area_is_inert),
		TEST(test_llq_is_memory),
		TEST(test_reset),
		TEST(test_unmap_all),
		TEST(test_report),
	};

	return cmocka_run_group_tests_name("nic", tests, NULL, NULL);
}
