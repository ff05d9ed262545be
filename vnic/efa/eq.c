// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Event queues: creation and destruction. The device offers as many as it has MSI-X vectors,
 * less one for the admin queue. efa_eq_push() in event.c writes events.
 */
#include "admin_defs.h"
#include "efa.h"
#include "ring.h"

_Static_assert(EFA_MAX_EQ >= EFA_VECTORS, "efa->eq has room for ids 1 to EFA_VECTORS - 1");

struct efa_eq *efa_eq_get(struct efa *efa, uint32_t id)
{
	return id < EFA_MAX_EQ && efa->eq[id].used ? &efa->eq[id] : NULL;
}

static bool command_ok(const struct efa_create_eq_cmd *cmd)
{
	return cmd->caps == EFA_EQ_ENTRY / 4 && cmd->vector < EFA_VECTORS &&
	       cmd->event_mask == EFA_EQ_COMPLETIONS &&
	       efa_ring_ok(cmd->base, cmd->depth, EFA_MAX_EQ_DEPTH, EFA_EQ_ENTRY);
}

uint8_t efa_cmd_create_eq(struct efa *efa, const void *cmd_buf, void *rsp_buf)
{
	const struct efa_create_eq_cmd *cmd = cmd_buf;
	struct efa_id_rsp *rsp = rsp_buf;

	if (!command_ok(cmd))
		return EFA_ADMIN_ILLEGAL;
	for (uint16_t id = 1; id < EFA_VECTORS; id++) {
		if (efa->eq[id].used)
			continue;
		efa->eq[id] = (struct efa_eq){
			.used = true, .vector = cmd->vector, .depth = cmd->depth,
			.base = cmd->base,
		};
		rsp->id = id;
		return EFA_ADMIN_OK;
	}
	return EFA_ADMIN_NO_RESOURCE;
}

uint8_t efa_cmd_destroy_eq(struct efa *efa, const void *cmd_buf, void *rsp)
{
	const struct efa_id_cmd *cmd = cmd_buf;
	struct efa_eq *eq = efa_eq_get(efa, cmd->id);

	(void)rsp;
	if (!eq)
		return EFA_ADMIN_ILLEGAL;
	if (eq->users)
		return EFA_ADMIN_BUSY;
	eq->used = false;
	return EFA_ADMIN_OK;
}
