// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Completion queues: creation and destruction. efa_cq_push() in completion.c writes
 * completions.
 *
 * Only a CQ with interrupts gets a doorbell. libefa rings the doorbell of a CQ that has
 * one on every poll, and each of these stores would trap.
 */
#include "admin_defs.h"
#include "efa.h"
#include "ring.h"

struct efa_cq *efa_cq_get(struct efa *efa, uint32_t id)
{
	return id < EFA_MAX_CQ && efa->cq[id].used ? &efa->cq[id] : NULL;
}

static uint8_t check_command(struct efa *efa, const struct efa_create_cq_cmd *cmd)
{
	const uint8_t caps1 = EFA_CQ_INTERRUPT | EFA_CQ_VIRT;
	const uint8_t caps2 = EFA_CQ_WORDS | EFA_CQ_SRC_ADDR | EFA_CQ_REQ_ID_64;

	if (cmd->caps1 & ~caps1 || cmd->caps2 & ~caps2)
		return EFA_ADMIN_ILLEGAL;
	if (cmd->caps1 & EFA_CQ_VIRT || cmd->caps2 & EFA_CQ_REQ_ID_64)
		return EFA_ADMIN_UNSUPPORTED;
	if ((cmd->caps2 & EFA_CQ_WORDS) != EFA_CQ_ENTRY / 4 || cmd->sub_cqs != 1)
		return EFA_ADMIN_ILLEGAL;
	if (!efa_ring_ok(cmd->base, cmd->depth, EFA_MAX_CQ_DEPTH, EFA_CQ_ENTRY))
		return EFA_ADMIN_ILLEGAL;
	if (!efa_uar_live(efa, cmd->uar))
		return EFA_ADMIN_ILLEGAL;
	if (cmd->caps1 & EFA_CQ_INTERRUPT && !efa_eq_get(efa, cmd->eq))
		return EFA_ADMIN_ILLEGAL;
	return EFA_ADMIN_OK;
}

static void fill_response(struct efa_create_cq_rsp *rsp, uint16_t id,
			  const struct efa_cq *cq)
{
	rsp->cq = id;
	rsp->depth = cq->depth;
	if (cq->interrupt) {
		rsp->db = EFA_DB_CQ + 8u * id;
		rsp->flags = EFA_CQ_DB_VALID;
	}
}

uint8_t efa_cmd_create_cq(struct efa *efa, const void *cmd_buf, void *rsp)
{
	const struct efa_create_cq_cmd *cmd = cmd_buf;
	uint8_t status = check_command(efa, cmd);

	if (status)
		return status;
	for (uint16_t id = 1; id < EFA_MAX_CQ; id++) {
		struct efa_cq *cq = &efa->cq[id];

		if (cq->used)
			continue;
		*cq = (struct efa_cq){
			.used = true, .interrupt = cmd->caps1 & EFA_CQ_INTERRUPT,
			.depth = cmd->depth, .uar = cmd->uar, .base = cmd->base,
			.entry_size = EFA_CQ_ENTRY,
		};
		if (cq->interrupt) {
			cq->eq = cmd->eq;
			efa->eq[cq->eq].users++;
		}
		fill_response(rsp, id, cq);
		return EFA_ADMIN_OK;
	}
	return EFA_ADMIN_NO_RESOURCE;
}

uint8_t efa_cmd_destroy_cq(struct efa *efa, const void *cmd_buf, void *rsp)
{
	const struct efa_id_cmd *cmd = cmd_buf;
	struct efa_cq *cq = efa_cq_get(efa, cmd->id);

	(void)rsp;
	if (!cq)
		return EFA_ADMIN_ILLEGAL;
	if (cq->users)
		return EFA_ADMIN_BUSY;
	cq->used = false;
	if (cq->interrupt)
		efa->eq[cq->eq].users--;
	return EFA_ADMIN_OK;
}
