/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Memory regions with made-up pages, and REG_MR of them in each form of page table. */
#ifndef REG_MR_H
#define REG_MR_H

#include "driver.h"

#define REGION_ALL	7u	/* local write, remote write, remote read */

struct reg_mr {
	uint64_t iova, len;
	uint8_t shift;
};

uint32_t reg_mr_pages(const struct reg_mr *r);

/* The DMA address of page @i: no two alike, aligned to the page size. */
uint64_t reg_mr_page(const struct reg_mr *r, uint32_t i);

/* @quirk: the length of a full last chunk is 12, as with drivers up to 6.12 */
struct cmd reg_mr_inline(uint16_t pd, const struct reg_mr *r);
struct cmd reg_mr_direct(struct driver *d, uint16_t pd, const struct reg_mr *r);
struct cmd reg_mr_indirect(struct driver *d, uint16_t pd, const struct reg_mr *r, bool quirk);

struct efa_mr *reg_mr_register(struct driver *d, struct cmd cmd);	/* must succeed */
void reg_mr_check(const struct efa_mr *mr, const struct reg_mr *r);	/* its pages */
uint8_t reg_mr_dereg(struct driver *d, uint32_t key);

#endif /* REG_MR_H */
