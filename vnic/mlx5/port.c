// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The port: InfiniBand, always up, its own subnet manager, one GID and one P_Key. It is
 * asked as the vport of a virtualized device, so that no management datagram is needed.
 */
#include <string.h>

#include "mlx5.h"

#define INDEX		14u	/* u16 in a query of a table */
#define ALL		0xffffu
#define DEFAULT_PKEY	0xffffu
#define GID_COUNT	12u	/* u16 in the answer */
#define GID_OUT		16u
#define GID_SIZE	16u
#define PKEY_OUT	16u	/* each is the low half of a dword */
#define TIMEOUT		18u	/* of the subnet, 4.096 us << that */

enum mlx5_status mlx5_query_vport(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const struct nic_config *config = &mlx5->nic->config;
	uint16_t lid = mlx5_config(config)->lid;
	uint8_t *ctx = cmd->out + VPORT_OUT;

	mlx5_set(ctx, VPORT_PHYS, PORT_LINK_UP);
	mlx5_set(ctx, VPORT_STATE, PORT_ACTIVE);
	memcpy(ctx + VPORT_SYS_GUID, config->gid + 8, 8);
	memcpy(ctx + VPORT_PORT_GUID, config->gid + 8, 8);
	memcpy(ctx + VPORT_NODE_GUID, config->gid + 8, 8);
	mlx5_set(ctx, VPORT_LID, lid);
	mlx5_set(ctx, VPORT_SM_LID, lid);
	mlx5_set(ctx, VPORT_TIMEOUT, TIMEOUT);
	return ST_OK;
}

enum mlx5_status mlx5_query_gid(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	mlx5_put16(cmd->out + GID_COUNT, 1);
	if (!mlx5_get16(cmd->in + INDEX) && cmd->out_len >= GID_OUT + GID_SIZE)
		memcpy(cmd->out + GID_OUT, mlx5->nic->config.gid, GID_SIZE);
	return ST_OK;
}

enum mlx5_status mlx5_query_pkey(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	uint16_t index = mlx5_get16(cmd->in + INDEX);

	(void)mlx5;
	if ((!index || index == ALL) && cmd->out_len >= PKEY_OUT + 4)
		mlx5_put32(cmd->out + PKEY_OUT, DEFAULT_PKEY);
	return ST_OK;
}

/* ---- registers ---- */

#define REG_ID		10u	/* u16 */
#define REG_DATA	16u
#define REG_READ	1u	/* op_mod */

/* Bytes of the largest that is known. */
#define REG_MAX		0x40u

static bool read_register(const struct mlx5 *mlx5, uint16_t id, uint8_t *data)
{
	static const char name[] = "peerbar virtual ConnectX";

	switch (id) {
	case REG_PMTU:		/* largest and current */
		mlx5_put16(data + 4, 4096);
		mlx5_put16(data + 12, 4096);
		return true;
	case REG_PTYS:		/* 4X EDR */
		mlx5_set(data, FIELD(0x140, 16), 4);
		mlx5_set(data, FIELD(0x150, 16), 0x20);
		return true;
	case REG_PVLC:		/* one virtual lane */
		mlx5_set(data, FIELD(0x3c, 4), 1);
		return true;
	case REG_NODE_DESC:
		memcpy(data, name, sizeof(name));
		return true;
	}
	(void)mlx5;
	return false;
}

static bool may_write(uint16_t id)
{
	return id == REG_HOST_ENDIANNESS || id == REG_NODE_DESC;
}

enum mlx5_status mlx5_access_register(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	uint16_t id = mlx5_get16(cmd->in + REG_ID);
	uint8_t data[REG_MAX] = { 0 };
	uint32_t room = cmd->out_len - REG_DATA;

	if (cmd->op_mod != REG_READ)
		return may_write(id) ? ST_OK : ST_BAD_PARAM;
	if (!read_register(mlx5, id, data))
		return ST_BAD_PARAM;
	memcpy(cmd->out + REG_DATA, data, room < REG_MAX ? room : REG_MAX);
	return ST_OK;
}
