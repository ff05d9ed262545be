// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The options and fault switches of this model: see settings.h and peerbar-vnic(1). */
#include <stddef.h>
#include <string.h>

#include "base/number.h"
#include "settings.h"

#define PART_PF	0x1017
#define PART_VF	0x1018
#define MAX_LID	0xbfffu		/* unicast LIDs end there */

const struct mlx5_config mlx5_defaults = {
	.part = PART_PF,
	.lid = 1,
};

static const char *parse_part(const char *text, union nic_own *own)
{
	struct mlx5_config *config = NIC_OWN(struct mlx5_config, own);

	if (!strcmp(text, "cx5"))
		config->part = PART_PF;
	else if (!strcmp(text, "cx5vf"))
		config->part = PART_VF;
	else
		return "cx5 or cx5vf";
	return NULL;
}

static const char *parse_lid(const char *text, union nic_own *own)
{
	uint64_t lid;

	if (number_parse(text, 1, MAX_LID, &lid))
		return "a unicast LID, 1 to 0xbfff";
	NIC_OWN(struct mlx5_config, own)->lid = (uint16_t)lid;
	return NULL;
}

const struct nic_option mlx5_options[] = {
	{ "part", "cx5|cx5vf", "ConnectX-5, or its virtual function (cx5)", parse_part },
	{ "lid", "N", "LID of the port (1)", parse_lid },
	{ .name = NULL },
};

const struct fault_desc mlx5_faults[] = {
	FAULT_SWITCH(FAULT_U32, struct mlx5_fault, drop_command_eqe, "drop-command-eqe",
		     "lose that many events of commands"),
	FAULT_SWITCH(FAULT_U32, struct mlx5_fault, fail_opcode, "fail-opcode",
		     "command to fail"),
	FAULT_SWITCH(FAULT_U32, struct mlx5_fault, fail_status, "fail-status",
		     "the status to fail it with"),
	FAULT_SWITCH(FAULT_U32, struct mlx5_fault, fail_count, "fail-count",
		     "how many times to fail it"),
	FAULT_SWITCH(FAULT_U32, struct mlx5_fault, lose_opcode, "lose-opcode",
		     "command that gets no answer"),
	FAULT_SWITCH(FAULT_U32, struct mlx5_fault, lose_resume, "lose-resume",
		     "ignore the answers to the next N page faults"),
	FAULT_SWITCH(FAULT_BOOL, struct mlx5_fault, stall_umr, "stall-umr",
		     "do nothing that is posted to the queue for memory keys"),
	FAULT_SWITCH(FAULT_BOOL, struct mlx5_fault, ignore_zap, "ignore-zap",
		     "keep the pages of a key that the driver takes away"),
	FAULT_SWITCH(FAULT_BOOL, struct mlx5_fault, ignore_dereg, "ignore-dereg",
		     "honour a key that the driver makes free"),
	FAULT_SWITCH(FAULT_BOOL, struct mlx5_fault, internal_error, "internal-error",
		     "report that the firmware has failed, and do nothing"),
	{ .name = NULL },
};
