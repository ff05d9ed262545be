// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * An address handle is a GID and the protection domain that may use it. The data path
 * checks whether the GID can be reached.
 *
 * There is one for a PD and a GID, however often it is created, and it lasts until it was
 * destroyed as often. Drivers up to Linux 6.12 send a command for each ibv_create_ah(), and
 * libfabric recognises senders by the number in its receive completions, so a second number
 * for the same peer would be a stranger to it.
 */
#include <string.h>

#include "admin_defs.h"
#include "efa.h"

struct efa_ah *efa_ah_get(struct efa *efa, uint32_t id)
{
	return id < EFA_MAX_AH && efa->ah[id].used ? &efa->ah[id] : NULL;
}

uint16_t efa_ah_find(const struct efa *efa, uint16_t pd, const uint8_t gid[16])
{
	for (uint16_t id = 1; id < EFA_MAX_AH; id++) {
		const struct efa_ah *ah = &efa->ah[id];

		if (ah->used && ah->pd == pd && memcmp(ah->gid, gid, sizeof(ah->gid)) == 0)
			return id;
	}
	return EFA_IO_AH_UNKNOWN;
}

/* Return: a handle that nobody has created yet, or EFA_IO_AH_UNKNOWN if there is no room. */
static uint16_t make(struct efa *efa, uint16_t pd, const uint8_t gid[16])
{
	for (uint16_t id = 1; id < EFA_MAX_AH; id++) {
		struct efa_ah *ah = &efa->ah[id];

		if (ah->used)
			continue;
		*ah = (struct efa_ah){ .used = true, .pd = pd };
		memcpy(ah->gid, gid, sizeof(ah->gid));
		efa->pd[pd].users++;
		return id;
	}
	return EFA_IO_AH_UNKNOWN;
}

uint8_t efa_cmd_create_ah(struct efa *efa, const void *cmd_buf, void *rsp_buf)
{
	const struct efa_create_ah_cmd *cmd = cmd_buf;
	struct efa_id_rsp *rsp = rsp_buf;
	uint16_t id;

	if (!efa_pd_get(efa, cmd->pd))
		return EFA_ADMIN_ILLEGAL;
	id = efa_ah_find(efa, cmd->pd, cmd->gid);
	if (id == EFA_IO_AH_UNKNOWN)
		id = make(efa, cmd->pd, cmd->gid);
	if (id == EFA_IO_AH_UNKNOWN || efa->ah[id].refs == UINT32_MAX)
		return EFA_ADMIN_NO_RESOURCE;
	efa->ah[id].refs++;
	rsp->id = id;
	return EFA_ADMIN_OK;
}

uint8_t efa_cmd_destroy_ah(struct efa *efa, const void *cmd_buf, void *rsp)
{
	const struct efa_destroy_ah_cmd *cmd = cmd_buf;
	struct efa_ah *ah = efa_ah_get(efa, cmd->ah);

	(void)rsp;
	if (!ah || ah->pd != cmd->pd)
		return EFA_ADMIN_ILLEGAL;
	if (--ah->refs > 0)
		return EFA_ADMIN_OK;
	ah->used = false;
	efa->pd[ah->pd].users--;
	return EFA_ADMIN_OK;
}
