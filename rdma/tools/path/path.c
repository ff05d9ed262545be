// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar path: the object "path from a NIC to a device's BAR".
 */
#include <stddef.h>

#include "tool.h"

static const char usage[] = "Usage: peerbar path show NIC DEV [bar N]\n";

static const struct verb verbs[] = {
	{ "show", path_show },
	{ NULL, NULL },
};

int cmd_path(int argc, char **argv)
{
	return tool_run_verb(verbs, NULL, usage, argc, argv);
}
