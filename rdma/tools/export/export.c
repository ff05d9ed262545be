// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar export: the object "dma-buf exported from a BAR".
 */
#include <stddef.h>

#include "tool.h"

static const char usage[] = "Usage: peerbar export show [DEV]\n"
	"       peerbar export monitor [DEV]\n";

static const struct verb verbs[] = {
	{ "show", export_show },
	{ "list", export_show },
	{ "monitor", export_monitor },
	{ NULL, NULL },
};

int cmd_export(int argc, char **argv)
{
	return tool_run_verb(verbs, "show", usage, argc, argv);
}
