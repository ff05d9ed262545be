// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The operations and their names; see plan.h. */
#include <string.h>

#include "plan.h"

static const struct {
	const char *name;
	bool revokes;
} table[NR_OPS] = {
	[OP_OPEN] = { "open", false },
	[OP_CLOSE] = { "close", true },
	[OP_EXPORT] = { "export", false },
	[OP_SCATTER] = { "scattered-export", false },
	[OP_RESET] = { "reset", true },
	[OP_HOT_RESET] = { "hot-reset", true },
	[OP_MEMORY_OFF] = { "memory-off", true },
	[OP_MEMORY_ON] = { "memory-on", false },
	[OP_LOW_POWER] = { "low-power", true },
	[OP_FULL_POWER] = { "full-power", false },
	[OP_FLR] = { "flr", true },
	[OP_D3HOT] = { "d3hot", true },
	[OP_D0] = { "d0", false },
	[OP_WRONG] = { "wrong-export", false },
	[OP_STARVE] = { "starved-export", false },
	[OP_KILL_OWNER] = { "kill-owner", true },
	[OP_REGISTER] = { "register", false },
	[OP_DEREGISTER] = { "deregister", false },
	[OP_DEREGISTER_BUSY] = { "deregister-busy", false },
	[OP_TRAFFIC] = { "traffic", false },
	[OP_KILL_IMPORTER] = { "kill-importer", false },
	[OP_FORK] = { "fork", false },
	[OP_DROP] = { "drop", false },
	[OP_SYSFS_RESET] = { "sysfs-reset", true },
	[OP_UNBIND] = { "unbind", true },
	[OP_REMOVE] = { "remove", true },
	[OP_NIC_UNBIND] = { "nic-unbind", false },
	[OP_TIMEOUT] = { "timeout", false },
	[OP_COMMAND] = { "command", true },
};

const char *op_name(enum op op)
{
	return op < NR_OPS ? table[op].name : "check";
}

enum op op_by_name(const char *name)
{
	unsigned int op;

	for (op = 0; op < NR_OPS; op++)
		if (!strcmp(table[op].name, name))
			break;
	return (enum op)op;
}

bool op_revokes(enum op op)
{
	return op < NR_OPS && table[op].revokes;
}
