// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar dev: the object "PCI device".
 */
#include <stddef.h>

#include "tool.h"

static const char usage[] =
	"Usage: peerbar dev show [ADDRESS]\n"
	"       peerbar dev bind ADDRESS [driver NAME] [exporter peerbar|core] [force]\n"
	"       peerbar dev unbind ADDRESS\n";

static const struct verb verbs[] = {
	{ "show", dev_show },
	{ "list", dev_show },
	{ "bind", dev_bind },
	{ "unbind", dev_unbind },
	{ NULL, NULL },
};

int cmd_dev(int argc, char **argv)
{
	return tool_run_verb(verbs, "show", usage, argc, argv);
}
