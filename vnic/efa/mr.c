// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Memory regions: registration and keys.
 *
 * DEREG_MR is executed and answered with the gate held, and the engine looks up keys again
 * in every slice. So once DEREG_MR is answered, no copy uses the region.
 *
 * Zombies. While the fault ignore-dereg is set, a deregistered region becomes a zombie: its
 * key still works in the data path, but to the guest it is gone; its PD is released, and a
 * second DEREG_MR is refused. A zombie is freed at reset, when its slot is the only one
 * left, or, after the fault was cleared, when its key is next looked up. Clearing the fault
 * need not free zombies, because one that nobody looks up does nothing.
 */
#include <stdlib.h>

#include "admin_defs.h"
#include "base/clock.h"
#include "efa.h"
#include "pbl.h"

/* region.access is a copy of the access byte of REG_MR. */
_Static_assert(REGION_LOCAL_WRITE == 1 && REGION_REMOTE_WRITE == 2 && REGION_REMOTE_READ == 4,
	       "REGION_* are the access bits of REG_MR");

#define MR_ALL_ACCESS	(REGION_LOCAL_WRITE | REGION_REMOTE_WRITE | REGION_REMOTE_READ)
#define MR_FLAGS	(EFA_MR_SHIFT | EFA_MR_PHYS_MODE)

uint32_t efa_mr_key(const struct efa *efa, const struct efa_mr *mr)
{
	return (uint32_t)(mr - efa->mr) << 8 | mr->generation;
}

void efa_mr_release(struct efa *efa, struct efa_mr *mr)
{
	uint8_t generation = mr->generation + 1;	/* makes the old key invalid */

	efa->mr_pages -= mr->region.nr_pages;
	free(mr->region.page);
	*mr = (struct efa_mr){ .generation = generation };
}

struct efa_mr *efa_mr_get(struct efa *efa, uint32_t key)
{
	struct efa_mr *mr = &efa->mr[(key >> 8) % EFA_MAX_MR];

	if (efa_mr_key(efa, mr) != key)
		return NULL;
	if (mr->region.gone && !efa_fault(&efa->nic->fault)->ignore_dereg)
		efa_mr_release(efa, mr);
	return mr->used || mr->region.gone ? mr : NULL;
}

bool efa_segment_find(struct efa *efa, struct segment *seg, uint32_t key, uint16_t pd,
		      uint8_t access)
{
	struct efa_mr *mr;

	if (seg->len == 0)
		return true;
	mr = efa_mr_get(efa, key);
	if (!mr || !region_allows(&mr->region, pd, seg->addr, seg->len, access))
		return false;
	seg->region = &mr->region;
	return true;
}

/*
 * Slots are allocated round robin, so that a key is not soon used again. Index 0 is never
 * used. A zombie's slot is taken only if no other is free.
 */
static struct efa_mr *find_slot(struct efa *efa)
{
	struct efa_mr *zombie = NULL;

	for (unsigned int i = 0; i < EFA_MAX_MR - 1; i++) {
		struct efa_mr *mr = &efa->mr[1 + (efa->next_mr + i) % (EFA_MAX_MR - 1)];

		if (mr->used)
			continue;
		if (!mr->region.gone)
			return mr;
		if (!zombie)
			zombie = mr;
	}
	if (zombie)
		efa_mr_release(efa, zombie);
	return zombie;
}

static uint8_t check_command(struct efa *efa, const struct efa_reg_mr_cmd *cmd)
{
	uint8_t shift = cmd->flags & EFA_MR_SHIFT;

	if (cmd->flags & ~MR_FLAGS)
		return EFA_ADMIN_ILLEGAL;
	if (cmd->flags & EFA_MR_PHYS_MODE)
		return EFA_ADMIN_UNSUPPORTED;
	if (!efa_pd_get(efa, cmd->pd) || cmd->access & ~MR_ALL_ACCESS)
		return EFA_ADMIN_ILLEGAL;
	if (!(efa_config(&efa->nic->config)->page_sizes & EFA_MR_PAGE_SIZES & 1ull << shift))
		return EFA_ADMIN_ILLEGAL;
	if (cmd->length == 0 || cmd->length > EFA_MAX_MR_SIZE ||
	    cmd->length > UINT64_MAX - cmd->iova)
		return EFA_ADMIN_ILLEGAL;
	return EFA_ADMIN_OK;
}

static uint64_t count_pages(const struct efa_reg_mr_cmd *cmd)
{
	uint8_t shift = cmd->flags & EFA_MR_SHIFT;
	uint64_t mask = (1ull << shift) - 1;

	return ((cmd->iova & mask) + cmd->length + mask) >> shift;
}

/* Allocate *@table and copy the @n entries of the page table of @cmd into it. */
static uint8_t copy_table(struct efa *efa, const struct efa_reg_mr_cmd *cmd, uint64_t n,
			  uint64_t **table)
{
	uint8_t status;

	if (cmd->page_num && cmd->page_num != n)
		return EFA_ADMIN_ILLEGAL;
	if (n > EFA_MAX_MR_PAGES || n > EFA_MAX_ALL_PAGES - efa->mr_pages)
		return EFA_ADMIN_NO_RESOURCE;
	*table = malloc(n * sizeof(**table));
	if (!*table)
		return EFA_ADMIN_NO_RESOURCE;
	status = efa_pbl_read(efa, cmd, *table, n);
	if (status)
		free(*table);
	return status;
}

uint8_t efa_cmd_reg_mr(struct efa *efa, const void *cmd_buf, void *rsp_buf)
{
	const struct efa_reg_mr_cmd *cmd = cmd_buf;
	struct efa_reg_mr_rsp *rsp = rsp_buf;
	uint8_t status = check_command(efa, cmd);
	uint64_t n, *table;
	struct efa_mr *mr;

	if (status)
		return status;
	n = count_pages(cmd);
	status = copy_table(efa, cmd, n, &table);
	if (status)
		return status;
	mr = find_slot(efa);
	if (!mr) {
		free(table);
		return EFA_ADMIN_NO_RESOURCE;
	}
	*mr = (struct efa_mr){
		.used = true, .generation = mr->generation,
		.region = {
			.pd = cmd->pd, .access = cmd->access,
			.shift = cmd->flags & EFA_MR_SHIFT, .iova = cmd->iova,
			.len = cmd->length, .page = table, .nr_pages = n,
		},
	};
	mr->region.key = efa_mr_key(efa, mr);
	efa->next_mr = mr - efa->mr;
	efa->mr_pages += n;
	efa->pd[cmd->pd].users++;
	rsp->rkey = mr->region.key;
	rsp->lkey = rsp->rkey;
	return EFA_ADMIN_OK;
}

uint8_t efa_cmd_dereg_mr(struct efa *efa, const void *cmd_buf, void *rsp)
{
	const struct efa_handle_cmd *cmd = cmd_buf;
	struct efa_mr *mr = efa_mr_get(efa, cmd->handle);

	(void)rsp;
	if (!mr || !mr->used)
		return EFA_ADMIN_ILLEGAL;
	efa->pd[mr->region.pd].users--;
	if (efa_fault(&efa->nic->fault)->ignore_dereg) {
		mr->used = false;
		mr->region.gone = true;
		mr->region.gone_ns = clock_now_ns();
	} else {
		efa_mr_release(efa, mr);
	}
	return EFA_ADMIN_OK;
}
