/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Memory regions with invented page addresses, and REG_MR with each form of page table. */
#ifndef REG_MR_H
#define REG_MR_H

#include "efa_driver.h"

#define REGION_ALL	7u	/* local write, remote write, remote read */

struct reg_mr {
	uint64_t iova, len;
	uint8_t shift;
};

uint32_t reg_mr_pages(const struct reg_mr *r);

/* The DMA address of page @i: aligned to the page size, and different for each page. */
uint64_t reg_mr_page(const struct reg_mr *r, uint32_t i);

/* @quirk: give a full last chunk the length 12, as drivers up to Linux 6.12 do */
struct cmd reg_mr_inline(uint16_t pd, const struct reg_mr *r);
struct cmd reg_mr_direct(struct driver *d, uint16_t pd, const struct reg_mr *r);
struct cmd reg_mr_indirect(struct driver *d, uint16_t pd, const struct reg_mr *r, bool quirk);

struct efa_mr *reg_mr_register(struct driver *d, struct cmd cmd);	/* must succeed */
void reg_mr_check(const struct efa_mr *mr, const struct reg_mr *r);	/* compares all pages */
uint8_t reg_mr_dereg(struct driver *d, uint32_t key);

#endif /* REG_MR_H */
