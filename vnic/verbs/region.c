// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Access checks and address translation in a memory region: see region.h.
 *
 * A page table names whole pages, but a region may begin and end inside a page, and the
 * rest of that page may not even be mapped in the IOMMU. So nothing outside
 * [iova, iova + len) is ever translated.
 */
#include "region.h"

bool region_allows(const struct region *region, uint32_t pd, uint64_t addr, uint64_t len,
		   uint8_t access)
{
	uint64_t off = addr - region->iova;

	return region->pd == pd && (access & ~region->access) == 0 && addr >= region->iova &&
	       off <= region->len && len <= region->len - off;
}

static const uint64_t *entry_at(const struct region *region, uint64_t addr)
{
	return &region->page[(addr >> region->shift) - (region->iova >> region->shift)];
}

static uint64_t entry(const struct region *region, uint64_t addr)
{
	return *entry_at(region, addr);
}

bool region_present(const struct region *region, uint64_t addr, bool write)
{
	uint8_t flag = write ? region->writable : region->readable;

	if (region->absent)
		return false;
	return !flag || entry(region, addr) & flag;
}

uint64_t region_dma(const struct region *region, uint64_t addr, uint64_t *len)
{
	uint64_t in_page = (1ull << region->shift) - 1;
	uint64_t flags = region->readable | region->writable;
	uint64_t to_end = region->len - (addr - region->iova);
	uint64_t left = in_page - (addr & in_page) + 1;

	*len = region->physical || left > to_end ? to_end : left;
	return region->physical ? addr :
				  (entry(region, addr) & ~flags) + (addr & in_page);
}

uint64_t region_run(const struct region *region, uint64_t addr, uint64_t *len)
{
	const uint64_t size = 1ull << region->shift;
	uint64_t to_end = region->len - (addr - region->iova);
	uint64_t want = *len < to_end ? *len : to_end;
	uint64_t run, dma = region_dma(region, addr, &run);

	if (run < want) {
		const uint64_t *page = entry_at(region, addr);

		/* Flags are part of an entry, so the next one has the same. */
		for (; run < want && page[1] == page[0] + size; page++)
			run += size;
	}
	*len = run < want ? run : want;
	return dma;
}
