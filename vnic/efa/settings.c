// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The options and fault switches of this model: see settings.h and peerbar-vnic(1). */
#include <stddef.h>
#include <string.h>

#include "base/number.h"
#include "settings.h"

#define PAGE_4K		0x1000u
#define ALL_PAGES	0xfffff000u	/* 4 KiB to 2 GiB: the page shift of an MR has 5 bits */
#define MIN_DMA_BITS	32u		/* the driver does not accept fewer */
#define MAX_DMA_BITS	64u
#define ADMIN_STEP	100u		/* ms: the unit of a 4-bit field in register CAPS */

const struct efa_config efa_defaults = {
	.page_sizes = ALL_PAGES,
	.dma_bits = 48,
	.part = 0xefa2,
};

static struct efa_config *settings(union nic_own *own)
{
	return NIC_OWN(struct efa_config, own);
}

static const char *parse_part(const char *text, union nic_own *own)
{
	if (strlen(text) != 4 || strncmp(text, "efa", 3) || text[3] < '0' || text[3] > '3')
		return "efa0, efa1, efa2 or efa3";
	settings(own)->part = (uint16_t)(0xefa0 + text[3] - '0');
	return NULL;
}

static const char *parse_page_sizes(const char *text, union nic_own *own)
{
	uint64_t mask;

	if (number_parse(text, PAGE_4K, ALL_PAGES, &mask) || !(mask & PAGE_4K) ||
	    mask & ~(uint64_t)ALL_PAGES)
		return "4 KiB (0x1000) and larger powers of two, up to 2 GiB";
	settings(own)->page_sizes = mask;
	return NULL;
}

static const char *parse_dma_bits(const char *text, union nic_own *own)
{
	uint64_t bits;

	if (number_parse(text, MIN_DMA_BITS, MAX_DMA_BITS, &bits))
		return "a number from 32 to 64";
	settings(own)->dma_bits = (uint32_t)bits;
	return NULL;
}

static const char *parse_admin_timeout(const char *text, union nic_own *own)
{
	uint64_t ms;

	if (number_parse(text, ADMIN_STEP, 15 * ADMIN_STEP, &ms) || ms % ADMIN_STEP)
		return "a multiple of 100 from 100 to 1500";
	settings(own)->admin_timeout_ms = (uint32_t)ms;
	return NULL;
}

const struct nic_option efa_options[] = {
	{ "part", "efa0..efa3", "device to emulate (efa2)", parse_part },
	{ "page-sizes", "MASK", "page sizes of memory regions, bit 12 set (0xfffff000)",
	  parse_page_sizes },
	{ "dma-bits", "N", "width of DMA addresses reported to the driver, 32 to 64 (48)",
	  parse_dma_bits },
	{ "admin-timeout", "MS", "admin queue timeout reported to the driver, 100 to 1500",
	  parse_admin_timeout },
	{ .name = NULL },
};

const struct fault_desc efa_faults[] = {
	FAULT_SWITCH(FAULT_BOOL, struct efa_fault, ignore_dereg, "ignore-dereg",
		     "answer DEREG_MR with success, but go on accepting the key"),
	FAULT_SWITCH(FAULT_U32, struct efa_fault, drop_acq, "drop-acq",
		     "lose the next N admin completions"),
	FAULT_SWITCH(FAULT_U32, struct efa_fault, delay_acq_us, "delay-acq-us",
		     "delay every admin completion by N microseconds"),
	FAULT_SWITCH(FAULT_U32, struct efa_fault, fail_opcode, "fail-opcode",
		     "fail admin commands with opcode N"),
	FAULT_SWITCH(FAULT_U32, struct efa_fault, fail_status, "fail-status",
		     "the status that they fail with"),
	FAULT_SWITCH(FAULT_U32, struct efa_fault, fail_count, "fail-count",
		     "how many of them fail"),
	FAULT_SWITCH(FAULT_BOOL, struct efa_fault, stall_aq, "stall-aq",
		     "do not execute admin commands"),
	{ .name = NULL },
};
