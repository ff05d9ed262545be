// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The commands that the device knows, and the least that they and their answers hold. */
#include <string.h>

#include "mlx5.h"

/* Nothing happens, and the answer is empty. */
static enum mlx5_status do_nothing(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	(void)mlx5;
	(void)cmd;
	return ST_OK;
}

static enum mlx5_status enable(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	(void)cmd;
	mlx5_forget(mlx5);
	mlx5->enabled = true;
	return ST_OK;
}

static enum mlx5_status disable(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	(void)cmd;
	mlx5_forget(mlx5);
	mlx5->enabled = false;
	return ST_OK;
}

/* Objects go with the driver that made them; the pages that it lent it takes back next. */
static enum mlx5_status teardown(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	(void)cmd;
	mlx5_forget(mlx5);
	return ST_OK;
}

/* Interface steps 0 and 1, as a bit map that ends at byte 0x70. */
static enum mlx5_status query_issi(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	(void)mlx5;
	mlx5_put32(cmd->out + 0x6c, 0x3);
	return ST_OK;
}

/* The objects that are a number only: a command that makes one, and one that ends it. */
static const struct {
	uint16_t alloc, release;
	enum mlx5_number kind;
} numbered[] = {
	{ OP_ALLOC_PD, OP_DEALLOC_PD, NUMBER_PD },
	{ OP_ALLOC_UAR, OP_DEALLOC_UAR, NUMBER_UAR },
	{ OP_ALLOC_XRCD, OP_DEALLOC_XRCD, NUMBER_XRCD },
	{ OP_ALLOC_TRANSPORT_DOMAIN, OP_DEALLOC_TRANSPORT_DOMAIN, NUMBER_TD },
	{ OP_ALLOC_Q_COUNTER, OP_DEALLOC_Q_COUNTER, NUMBER_COUNTER },
};

static enum mlx5_status number(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	enum mlx5_status status;
	unsigned int i = 0;
	uint32_t got;

	while (numbered[i].alloc != cmd->opcode && numbered[i].release != cmd->opcode)
		i++;
	if (numbered[i].release == cmd->opcode)
		return mlx5_number_free(mlx5, numbered[i].kind,
					(uint32_t)mlx5_get(cmd->in, IN_OBJECT));
	status = mlx5_number_alloc(mlx5, numbered[i].kind, &got);
	if (!status)
		mlx5_set(cmd->out, OUT_OBJECT, got);
	return status;
}

static const struct command {
	uint16_t opcode;
	uint16_t in, out;	/* bytes, at least */
	enum mlx5_status (*fn)(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
} commands[] = {
	{ OP_QUERY_HCA_CAP, 0xc, 0x1010, mlx5_query_hca_cap },
	{ OP_QUERY_ADAPTER, 0xc, 0x110, mlx5_query_adapter },
	{ OP_INIT_HCA, 0xc, 0xc, do_nothing },
	{ OP_TEARDOWN_HCA, 0xc, 0xc, teardown },
	{ OP_ENABLE_HCA, 0xc, 0xc, enable },
	{ OP_DISABLE_HCA, 0xc, 0xc, disable },
	{ OP_QUERY_PAGES, 0xc, 0x10, mlx5_query_pages },
	{ OP_MANAGE_PAGES, 0x10, 0x10, mlx5_manage_pages },
	{ OP_SET_HCA_CAP, 0x1010, 0xc, mlx5_set_hca_cap },
	{ OP_QUERY_ISSI, 0xc, 0x70, query_issi },
	{ OP_SET_ISSI, 0xc, 0xc, do_nothing },
	{ OP_SET_DRIVER_VERSION, 0xc, 0x8, do_nothing },
	{ OP_CREATE_MKEY, IN_PAGES, 0xc, mlx5_create_mkey },
	{ OP_QUERY_MKEY, 0xc, MKC + MKC_SIZE, mlx5_query_mkey },
	{ OP_DESTROY_MKEY, 0xc, 0xc, mlx5_destroy_mkey },
	{ OP_PAGE_FAULT_RESUME, 0x10, 0xc, mlx5_pagefault_resume },
	{ OP_QUERY_SPECIAL_CONTEXTS, 0xc, 0x18, mlx5_query_special },
	{ OP_CREATE_EQ, IN_PAGES, 0xc, mlx5_create_eq },
	{ OP_DESTROY_EQ, 0xc, 0xc, mlx5_destroy_eq },
	{ OP_CREATE_CQ, IN_PAGES, 0xc, mlx5_create_cq },
	{ OP_DESTROY_CQ, 0xc, 0xc, mlx5_destroy_cq },
	{ OP_QUERY_CQ, 0xc, CQC + CQC_SIZE, mlx5_query_cq },
	{ OP_MODIFY_CQ, 0xc, 0xc, mlx5_modify_cq },
	{ OP_CREATE_QP, IN_PAGES, 0xc, mlx5_create_qp },
	{ OP_DESTROY_QP, 0xc, 0xc, mlx5_destroy_qp },
	{ OP_RST2INIT_QP, QPC_IN + QPC_SIZE, 0xc, mlx5_modify_qp },
	{ OP_INIT2RTR_QP, QPC_IN + QPC_SIZE, 0xc, mlx5_modify_qp },
	{ OP_RTR2RTS_QP, QPC_IN + QPC_SIZE, 0xc, mlx5_modify_qp },
	{ OP_RTS2RTS_QP, QPC_IN + QPC_SIZE, 0xc, mlx5_modify_qp },
	{ OP_SQERR2RTS_QP, QPC_IN + QPC_SIZE, 0xc, mlx5_modify_qp },
	{ OP_2ERR_QP, 0xc, 0xc, mlx5_modify_qp },
	{ OP_2RST_QP, 0xc, 0xc, mlx5_modify_qp },
	{ OP_INIT2INIT_QP, QPC_IN + QPC_SIZE, 0xc, mlx5_modify_qp },
	{ OP_QUERY_QP, 0xc, QPC_IN + QPC_SIZE, mlx5_query_qp },
	{ OP_CREATE_XRC_SRQ, IN_PAGES, 0xc, mlx5_create_xrc_srq },
	{ OP_DESTROY_XRC_SRQ, 0xc, 0xc, mlx5_destroy_srq },
	{ OP_QUERY_XRC_SRQ, 0xc, XRC_SRQ_IN + XRC_SRQC_SIZE, mlx5_query_xrc_srq },
	{ OP_ARM_XRC_SRQ, 0x10, 0x8, mlx5_arm_xrc_srq },
	{ OP_QUERY_HCA_VPORT_CONTEXT, 0xc, 0x110, mlx5_query_vport },
	{ OP_QUERY_HCA_VPORT_GID, 0x10, 0x10, mlx5_query_gid },
	{ OP_QUERY_HCA_VPORT_PKEY, 0x10, 0x10, mlx5_query_pkey },
	{ OP_QUERY_VPORT_COUNTER, 0xc, 0xc, do_nothing },	/* all are 0 */
	{ OP_ALLOC_Q_COUNTER, 0xc, 0xc, number },
	{ OP_DEALLOC_Q_COUNTER, 0xc, 0xc, number },
	{ OP_QUERY_Q_COUNTER, 0xc, 0xc, do_nothing },
	{ OP_ALLOC_PD, 0xc, 0xc, number },
	{ OP_DEALLOC_PD, 0xc, 0xc, number },
	{ OP_ALLOC_UAR, 0xc, 0xc, number },
	{ OP_DEALLOC_UAR, 0xc, 0xc, number },
	{ OP_ACCESS_REG, 0x10, 0x10, mlx5_access_register },
	{ OP_ALLOC_XRCD, 0xc, 0xc, number },
	{ OP_DEALLOC_XRCD, 0xc, 0xc, number },
	{ OP_ALLOC_TRANSPORT_DOMAIN, 0xc, 0xc, number },
	{ OP_DEALLOC_TRANSPORT_DOMAIN, 0xc, 0xc, number },
	{ OP_CREATE_RMP, IN_PAGES, 0xc, mlx5_create_rmp },
	{ OP_MODIFY_RMP, RMP_IN + RMPC_SIZE, 0xc, mlx5_modify_rmp },
	{ OP_DESTROY_RMP, 0xc, 0xc, mlx5_destroy_srq },
	{ OP_QUERY_RMP, 0xc, RMP_IN + RMPC_SIZE, mlx5_query_rmp },
};

static const struct command *find(uint16_t opcode)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].opcode == opcode)
			return &commands[i];
	return NULL;
}

enum mlx5_status mlx5_dispatch(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const struct command *command = find(cmd->opcode);

	if (!command)
		return ST_BAD_OP;
	if (cmd->in_len < command->in)
		return ST_BAD_INPUT_LENGTH;
	if (cmd->out_len < command->out)
		return ST_BAD_OUTPUT_LENGTH;
	if (!mlx5->enabled && cmd->opcode != OP_ENABLE_HCA && cmd->opcode != OP_MANAGE_PAGES)
		return ST_BAD_SYS_STATE;
	return command->fn(mlx5, cmd);
}
