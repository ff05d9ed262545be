/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Memory regions with made-up pages, and REG_MR of them in each form of page table. */
#ifndef REGION_H
#define REGION_H

#include "driver.h"

#define REGION_ALL	7u	/* local write, remote write, remote read */

struct region {
	uint64_t iova, len;
	uint8_t shift;
};

uint32_t region_pages(const struct region *r);

/* The DMA address of page @i: no two alike, aligned to the page size. */
uint64_t region_page(const struct region *r, uint32_t i);

/* @quirk: the length of a full last chunk is 12, as with drivers up to 6.12 */
struct cmd region_inline(uint16_t pd, const struct region *r);
struct cmd region_direct(struct driver *d, uint16_t pd, const struct region *r);
struct cmd region_indirect(struct driver *d, uint16_t pd, const struct region *r, bool quirk);

struct efa_mr *region_register(struct driver *d, struct cmd cmd);	/* must succeed */
void region_check(const struct efa_mr *mr, const struct region *r);	/* its pages */
uint8_t region_dereg(struct driver *d, uint32_t key);

#endif /* REGION_H */
