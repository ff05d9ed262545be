// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What the device says that it can do. Everything that is not named here is 0, and what
 * would pull a whole subsystem of the driver in (Ethernet, flow steering, RoCE, DEVX,
 * register masks) is left so.
 *
 * What the driver sets by SET_HCA_CAP is what it finds as the current value already, so
 * that it need not be kept.
 */
#include <string.h>

#include "mlx5.h"

#define CAP_OUT		0x10u	/* the page, in the answer */
#define CAP_SIZE	0x1000u

enum cap_type { CAP_GENERAL = 0, CAP_ODP = 2, CAP_ATOMIC = 3 };

struct cap {
	unsigned int bit, width;	/* of the page */
	uint64_t value;
};

static const struct cap general[] = {
	{ 0x006, 1, 1 },			/* no event for requests of pages */
	{ 0x080, 8, LOG_MAX_SRQ_SIZE },
	{ 0x088, 8, LOG_MAX_QP_SIZE },
	{ 0x09b, 5, LOG_MAX_QP },
	{ 0x0ab, 5, LOG_MAX_SRQ },
	{ 0x0c8, 8, LOG_MAX_CQ_SIZE },
	{ 0x0db, 5, LOG_MAX_CQ },
	{ 0x0e0, 8, LOG_MAX_EQ_SIZE },
	{ 0x0ea, 6, LOG_MAX_MKEY },
	{ 0x0fc, 4, LOG_MAX_EQ },
	{ 0x108, 1, 1 },			/* keys of fixed buffer size */
	{ 0x119, 1, 1 },			/* a key of which nothing is present */
	{ 0x118, 1, 1 },			/* UMR of more than 64 Ki octowords */
	{ 0x14a, 6, 4 },			/* RDMA reads and atomics in flight, log2 */
	{ 0x15a, 6, 4 },
	{ 0x170, 16, 0 },			/* 8 GIDs */
	{ 0x181, 1, 1 },			/* counters of the vport */
	{ 0x190, 16, 0 },			/* 128 P_Keys */
	{ 0x1a2, 1, 1 },			/* the port is asked as a vport, not by MADs */
	{ 0x1b6, 2, 0 },			/* InfiniBand */
	{ 0x1b8, 8, 1 },			/* ports */
	{ 0x1c3, 5, LOG_MAX_MSG },
	{ 0x1fc, 4, 1 },			/* completions carry the user's index */
	{ 0x20a, 2, 2 },			/* UMR wants no fence */
	{ 0x21e, 1, 1 },			/* atomics */
	{ 0x221, 1, 1 },			/* completion queues get another ring */
	{ 0x227, 1, 1 },			/* page faults */
	{ 0x231, 1, 1 },			/* memory windows */
	{ 0x23c, 1, 1 },			/* XRC: without it the driver does not start */
	{ 0x23d, 1, 1 },			/* UD */
	{ 0x23f, 1, 1 },			/* RC */
	{ 0x258, 8, 12 },			/* smallest page */
	{ 0x26b, 5, 9 },			/* doorbell registers, log2 of their distance */
	{ 0x290, 16, 1024 },			/* bytes of a send request */
	{ 0x2b0, 16, 512 },			/* and of a receive request */
	{ 0x2e7, 25, 8 },			/* QPs in a multicast group */
	{ 0x318, 8, 8 },			/* multicast groups */
	{ 0x323, 5, LOG_MAX_TD },
	{ 0x32b, 5, LOG_MAX_PD },
	{ 0x33b, 5, LOG_MAX_XRCD },
	{ 0x470, 16, 1u << LOG_MAX_EQ },
	{ 0x4e0, 32, 1000000 },			/* the clock counts nanoseconds */
	{ 0x520, 32, 1 },			/* UARs in a page */
};

/* Send, receive, write, read, atomic, shared receive queue of RC; send of UD. */
static const struct cap odp[] = {
	{ 0x080, 6, 0x3f },
	{ 0x0c0, 1, 1 },
};

/* Compare-and-swap and fetch-and-add of 8 bytes, in the host's byte order. */
static const struct cap atomic[] = {
	{ 0x040, 2, 1 },
	{ 0x046, 1, 1 },
	{ 0x090, 16, 3 },
	{ 0x0b0, 16, 8 },
};

static void fill(uint8_t *page, const struct cap *table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mlx5_set(page, FIELD(table[i].bit, table[i].width), table[i].value);
}

#define FILL(page, table) fill(page, table, sizeof(table) / sizeof((table)[0]))

/* The lowest bit of op_mod chooses between what is possible and what is set: the same. */
enum mlx5_status mlx5_query_hca_cap(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	uint8_t *page = cmd->out + CAP_OUT;

	(void)mlx5;
	switch (cmd->op_mod >> 1) {
	case CAP_GENERAL:
		FILL(page, general);
		break;
	case CAP_ODP:
		FILL(page, odp);
		break;
	case CAP_ATOMIC:
		FILL(page, atomic);
		break;
	}
	return ST_OK;
}

enum mlx5_status mlx5_set_hca_cap(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	(void)mlx5;
	switch (cmd->op_mod >> 1) {
	case CAP_GENERAL:
	case CAP_ODP:
	case CAP_ATOMIC:
		return ST_OK;
	default:
		return ST_BAD_PARAM;
	}
}

enum mlx5_status mlx5_query_adapter(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	static const char board[] = "PBR0000000001";

	(void)mlx5;
	mlx5_set(cmd->out, FIELD(0x148, 24), 0x2c9);	/* the IEEE number of the vendor */
	memcpy(cmd->out + 0x100, board, sizeof(board) - 1);
	return ST_OK;
}

enum mlx5_status mlx5_query_special(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	(void)mlx5;
	mlx5_put32(cmd->out + 0x0c, SCATTER_END);	/* the reserved lkey: not offered */
	mlx5_put32(cmd->out + 0x10, NULL_MKEY);
	mlx5_put32(cmd->out + 0x14, SCATTER_END);
	return ST_OK;
}
