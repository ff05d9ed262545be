// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Protection domains and UARs. A UAR is just a number here; the driver takes one per process. */
#include "admin_defs.h"
#include "efa.h"

struct efa_pd *efa_pd_get(struct efa *efa, uint32_t id)
{
	return id < EFA_MAX_PD && efa->pd[id].used ? &efa->pd[id] : NULL;
}

uint8_t efa_cmd_alloc_pd(struct efa *efa, const void *cmd, void *rsp_buf)
{
	struct efa_id_rsp *rsp = rsp_buf;

	(void)cmd;
	for (uint16_t id = 1; id < EFA_MAX_PD; id++) {
		if (efa->pd[id].used)
			continue;
		efa->pd[id] = (struct efa_pd){ .used = true };
		rsp->id = id;
		return EFA_ADMIN_OK;
	}
	return EFA_ADMIN_NO_RESOURCE;
}

uint8_t efa_cmd_dealloc_pd(struct efa *efa, const void *cmd_buf, void *rsp)
{
	const struct efa_id_cmd *cmd = cmd_buf;
	struct efa_pd *pd = efa_pd_get(efa, cmd->id);

	(void)rsp;
	if (!pd)
		return EFA_ADMIN_ILLEGAL;
	if (pd->users)
		return EFA_ADMIN_BUSY;
	pd->used = false;
	return EFA_ADMIN_OK;
}

bool efa_uar_live(const struct efa *efa, uint32_t id)
{
	return id < EFA_MAX_UAR && efa->uar[id];
}

uint8_t efa_cmd_alloc_uar(struct efa *efa, const void *cmd, void *rsp_buf)
{
	struct efa_id_rsp *rsp = rsp_buf;

	(void)cmd;
	for (uint16_t id = 1; id < EFA_MAX_UAR; id++) {
		if (efa->uar[id])
			continue;
		efa->uar[id] = true;
		rsp->id = id;
		return EFA_ADMIN_OK;
	}
	return EFA_ADMIN_NO_RESOURCE;
}

/* UARs are rarely freed, so this searches for users instead of keeping a count of them. */
static bool uar_in_use(const struct efa *efa, uint16_t id)
{
	for (unsigned int i = 0; i < EFA_MAX_QP; i++)
		if (efa->qp[i].used && efa->qp[i].uar == id)
			return true;
	for (unsigned int i = 0; i < EFA_MAX_CQ; i++)
		if (efa->cq[i].used && efa->cq[i].uar == id)
			return true;
	return false;
}

uint8_t efa_cmd_dealloc_uar(struct efa *efa, const void *cmd_buf, void *rsp)
{
	const struct efa_id_cmd *cmd = cmd_buf;

	(void)rsp;
	if (!efa_uar_live(efa, cmd->id))
		return EFA_ADMIN_ILLEGAL;
	if (uar_in_use(efa, cmd->id))
		return EFA_ADMIN_BUSY;
	efa->uar[cmd->id] = false;
	return EFA_ADMIN_OK;
}
