// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar mr: the object "memory region made of a BAR".
 */
#include <stddef.h>

#include "tool.h"

static const char usage[] =
	"Usage: peerbar mr test NIC DEV [bar N] [offset N] [length N] [total SIZE]\n"
	"                       [seed N] [max-op SIZE]\n";

static const struct verb verbs[] = {
	{ "test", mr_test },
	{ NULL, NULL },
};

int cmd_mr(int argc, char **argv)
{
	return tool_run_verb(verbs, NULL, usage, argc, argv);
}
