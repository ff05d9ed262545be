// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The options, which may stand anywhere on the command line.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "tool.h"

struct tool_options tool_options;

static const struct option longopts[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "pretty", no_argument, NULL, 'p' },
	{ "details", no_argument, NULL, 'd' },
	{ "errno", required_argument, NULL, 'e' },
	{ "Version", no_argument, NULL, 'V' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static bool take(int opt)
{
	switch (opt) {
	case 'p':
		tool_options.pretty = true;
		tool_options.json = true;
		return true;
	case 'j':
		tool_options.json = true;
		return true;
	case 'd':
		tool_options.details = true;
		return true;
	case 'e':
		tool_options.errno_name = optarg;
		return true;
	case 'V':
		tool_options.version = true;
		return true;
	case 'h':
		tool_options.help = true;
		return true;
	default:
		return false;
	}
}

/* getopt_long() moves the options before the words. */
int tool_parse_options(int argc, char **argv)
{
	int opt;

	memset(&tool_options, 0, sizeof(tool_options));
	optind = 0;	/* start anew, also if it has run before */
	while ((opt = getopt_long(argc, argv, "jpdVh", longopts, NULL)) != -1)
		if (!take(opt))
			return -1;
	return optind;
}
