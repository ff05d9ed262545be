// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * An address handle is a GID and the protection domain that may use it. The data path
 * checks whether the GID can be reached. Drivers up to Linux 6.12 create a handle for each
 * ibv_create_ah(), so several handles may have the same GID.
 */
#include <string.h>

#include "admin_defs.h"
#include "efa.h"

struct efa_ah *efa_ah_get(struct efa *efa, uint32_t id)
{
	return id < EFA_MAX_AH && efa->ah[id].used ? &efa->ah[id] : NULL;
}

uint8_t efa_cmd_create_ah(struct efa *efa, const void *cmd_buf, void *rsp_buf)
{
	const struct efa_create_ah_cmd *cmd = cmd_buf;
	struct efa_pd *pd = efa_pd_get(efa, cmd->pd);
	struct efa_id_rsp *rsp = rsp_buf;

	if (!pd)
		return EFA_ADMIN_ILLEGAL;
	for (uint16_t id = 1; id < EFA_MAX_AH; id++) {
		struct efa_ah *ah = &efa->ah[id];

		if (ah->used)
			continue;
		*ah = (struct efa_ah){ .used = true, .pd = cmd->pd };
		memcpy(ah->gid, cmd->gid, sizeof(ah->gid));
		pd->users++;
		rsp->id = id;
		return EFA_ADMIN_OK;
	}
	return EFA_ADMIN_NO_RESOURCE;
}

uint8_t efa_cmd_destroy_ah(struct efa *efa, const void *cmd_buf, void *rsp)
{
	const struct efa_destroy_ah_cmd *cmd = cmd_buf;
	struct efa_ah *ah = efa_ah_get(efa, cmd->ah);

	(void)rsp;
	if (!ah || ah->pd != cmd->pd)
		return EFA_ADMIN_ILLEGAL;
	ah->used = false;
	efa->pd[ah->pd].users--;
	return EFA_ADMIN_OK;
}
