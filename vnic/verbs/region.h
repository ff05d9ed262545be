/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A memory region as the data path of every NIC sees it: a range of addresses of its own,
 * the pages of the bus behind it, and who may do what to it. How a key names one, and how
 * it is registered, only the model knows.
 */
#ifndef VNIC_REGION_H
#define VNIC_REGION_H

#include <stdbool.h>
#include <stdint.h>

/* What a request may do; reading for one's own queue pair needs no right. */
#define REGION_LOCAL_WRITE	1u
#define REGION_REMOTE_WRITE	2u
#define REGION_REMOTE_READ	4u

struct region {
	uint32_t key;		/* names it in stray records */
	uint32_t pd;
	uint8_t access;		/* REGION_* */
	uint8_t shift;		/* log2 of the page size */
	uint64_t iova, len;
	uint64_t *page;		/* DMA addresses, nr_pages of them */
	uint32_t nr_pages;
	bool gone;		/* deregistered, and honoured because of a fault switch */
	uint64_t gone_ns;	/* since then, clock_now_ns() time */
};

/* May @pd do @access (REGION_* bits, 0: local read) to [@addr, @addr + @len)? */
bool region_allows(const struct region *region, uint32_t pd, uint64_t addr, uint64_t len,
		   uint8_t access);

/*
 * DMA address of @addr, which must lie inside the region, and in *@len the bytes up
 * to the end of its page (or the region).
 */
uint64_t region_dma(const struct region *region, uint64_t addr, uint64_t *len);

#endif /* VNIC_REGION_H */
