/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A memory region as the data path of every NIC sees it: a range of virtual addresses (the
 * MR's IOVA), the DMA addresses of the pages behind it, and the access rights. How keys
 * name regions and how a region is registered is up to the model.
 */
#ifndef VNIC_REGION_H
#define VNIC_REGION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Access rights. A queue pair needs none of them to read a region of its own PD as the
 * source of a SEND or WRITE.
 */
#define REGION_LOCAL_WRITE	1u
#define REGION_REMOTE_WRITE	2u
#define REGION_REMOTE_READ	4u
#define REGION_REMOTE_ATOMIC	8u

struct region {
	uint32_t key;		/* identifies the region in stray records */
	uint32_t pd;
	uint8_t access;		/* REGION_* bits */
	uint8_t shift;		/* log2 of the page size */
	uint64_t iova, len;
	bool physical;		/* no page table: its addresses are DMA addresses */
	uint64_t *page;		/* nr_pages DMA addresses, with the flags below in them */
	uint32_t nr_pages;
	bool absent;		/* no page of it is present */
	uint8_t readable;	/* flag of a page that can be read from; 0: all can */
	uint8_t writable;	/* and of one that can be written to */
	bool gone;		/* it must not be used, but a fault switch keeps it working */
	bool zapped;		/* because its pages were taken away; else: deregistered */
	uint64_t gone_ns;	/* since when, in clock_now_ns() time */
};

/*
 * May a queue pair in @pd access all of [@addr, @addr + @len)? @access is the REGION_*
 * bits that this takes; 0: a local read.
 */
bool region_allows(const struct region *region, uint32_t pd, uint64_t addr, uint64_t len,
		   uint8_t access);

/*
 * Is the page of @addr, which must lie inside the region, there to be read or written? If
 * not, the access is permitted nevertheless: whoever owns the page has taken it away, and may
 * bring it back.
 */
bool region_present(const struct region *region, uint64_t addr, bool write);

/*
 * The DMA address of @addr, which must lie inside the region. Sets *@len to the number
 * of bytes from there to the end of the page or of the region, whichever is nearer.
 */
uint64_t region_dma(const struct region *region, uint64_t addr, uint64_t *len);

/*
 * The same, for a run of pages: *@len is the number of bytes wanted, and is set to how many of them
 * have consecutive DMA addresses, in pages that are as present as the first. Drivers often give
 * small pages for memory that is in one piece.
 */
uint64_t region_run(const struct region *region, uint64_t addr, uint64_t *len);

#endif /* VNIC_REGION_H */
