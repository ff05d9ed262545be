// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Memory regions: registration, keys, and translation of addresses inside them.
 *
 * A page table names whole pages, and the first and last page of a region may
 * reach beyond it into memory that is not even mapped; so nothing outside
 * [iova, iova + len) is ever translated.
 *
 * DEREG_MR is answered with the gate held and the engine looks keys up anew in
 * each of its slices: once the answer is out, no copy uses the region.
 *
 * Zombies. With the fault ignore-dereg a deregistered region stays, marked, and its
 * key keeps working in the data path, while for the guest it is gone: its PD is
 * released, and a second DEREG_MR of it is refused. A zombie ends at reset, when
 * its slot is the only one left, or, once the fault was cleared, when its key is
 * next looked up; no hook in the fault switches is needed, because a zombie that
 * nobody looks up does nothing.
 */
#include <stdlib.h>

#include "admin_defs.h"
#include "base/clock.h"
#include "efa.h"
#include "pbl.h"

#define MR_ALL_ACCESS	(EFA_MR_LOCAL_WRITE | EFA_MR_REMOTE_WRITE | EFA_MR_REMOTE_READ)
#define MR_FLAGS	(EFA_MR_SHIFT | EFA_MR_PHYS_MODE)

uint32_t efa_mr_key(const struct efa *efa, const struct efa_mr *mr)
{
	return (uint32_t)(mr - efa->mr) << 8 | mr->generation;
}

void efa_mr_release(struct efa *efa, struct efa_mr *mr)
{
	uint8_t generation = mr->generation + 1;	/* the key is dead */

	efa->mr_pages -= mr->nr_pages;
	free(mr->page);
	*mr = (struct efa_mr){ .generation = generation };
}

struct efa_mr *efa_mr_get(struct efa *efa, uint32_t key)
{
	struct efa_mr *mr = &efa->mr[(key >> 8) % EFA_MAX_MR];

	if (efa_mr_key(efa, mr) != key)
		return NULL;
	if (mr->zombie && !efa_fault(&efa->nic->fault)->ignore_dereg)
		efa_mr_release(efa, mr);
	return mr->used || mr->zombie ? mr : NULL;
}

bool efa_mr_allows(const struct efa_mr *mr, uint16_t pd, uint64_t addr, uint64_t len,
		   uint8_t access)
{
	return mr->pd == pd && (access & ~mr->access) == 0 && addr >= mr->iova &&
	       addr - mr->iova <= mr->len && len <= mr->len - (addr - mr->iova);
}

uint64_t efa_mr_dma(const struct efa_mr *mr, uint64_t addr, uint64_t *len)
{
	uint64_t size = 1ull << mr->shift;
	uint64_t in_page = addr & (size - 1);
	uint64_t to_end = mr->len - (addr - mr->iova);

	*len = size - in_page < to_end ? size - in_page : to_end;
	return mr->page[(addr >> mr->shift) - (mr->iova >> mr->shift)] + in_page;
}

/*
 * Round robin, so that a key comes back only after all others; index 0 is not
 * used. A zombie's slot is taken only when no other is free.
 */
static struct efa_mr *find_slot(struct efa *efa)
{
	struct efa_mr *zombie = NULL;

	for (unsigned int i = 0; i < EFA_MAX_MR - 1; i++) {
		struct efa_mr *mr = &efa->mr[1 + (efa->next_mr + i) % (EFA_MAX_MR - 1)];

		if (mr->used)
			continue;
		if (!mr->zombie)
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

/* The page table of @cmd, @n entries, in memory of its own. */
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
		.used = true, .generation = mr->generation, .pd = cmd->pd,
		.access = cmd->access, .shift = cmd->flags & EFA_MR_SHIFT,
		.iova = cmd->iova, .len = cmd->length, .page = table, .nr_pages = n,
	};
	efa->next_mr = mr - efa->mr;
	efa->mr_pages += n;
	efa->pd[cmd->pd].users++;
	rsp->rkey = efa_mr_key(efa, mr);
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
	efa->pd[mr->pd].users--;
	if (efa_fault(&efa->nic->fault)->ignore_dereg) {
		mr->used = false;
		mr->zombie = true;
		mr->dereg_ns = clock_now_ns();
	} else {
		efa_mr_release(efa, mr);
	}
	return EFA_ADMIN_OK;
}
