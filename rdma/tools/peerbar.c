// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar: inspect, bind and test PCI devices whose BARs an RDMA NIC is to reach.
 * The grammar is that of iproute2's rdma: options, an object, a command.
 */
#include <getopt.h>
#include <stdio.h>

#include "peerbar.h"
#include "tool.h"

static const char usage[] =
	"Usage: peerbar [OPTION]... OBJECT COMMAND [ARGUMENT]...\n"
	"\n"
	"  OBJECT   dev     PCI devices and their BARs\n"
	"           export  dma-bufs made of BARs, and who has them\n"
	"           mr      memory regions made of BARs\n"
	"           path    the path from a NIC to a device's BAR\n"
	"           doctor  what is wrong with this machine, and what to do\n"
	"  OPTION   -j, --json      JSON output\n"
	"           -p, --pretty    JSON output, indented\n"
	"           -d, --details   exact sizes, and more about each object\n"
	"           -V, --Version   print the version\n"
	"           -h, --help      print this help\n"
	"\n"
	"\"peerbar OBJECT help\" lists the commands of an object.\n";

static const struct verb objects[] = {
	{ "dev", cmd_dev },
	{ "export", cmd_export },
	{ "mr", cmd_mr },
	{ "path", cmd_path },
	{ "doctor", cmd_doctor },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'p' },
		{ "details", no_argument, NULL, 'd' },
		{ "Version", no_argument, NULL, 'V' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "+jpdVh", longopts, NULL)) != -1) {
		switch (opt) {
		case 'p':
			tool_options.pretty = true;
			tool_options.json = true;
			break;
		case 'j':
			tool_options.json = true;
			break;
		case 'd':
			tool_options.details = true;
			break;
		case 'V':
			printf("peerbar %s\n", PEERBAR_VERSION);
			return TOOL_OK;
		case 'h':
			fputs(usage, stdout);
			return TOOL_OK;
		default:
			fputs(usage, stderr);
			return TOOL_USAGE;
		}
	}
	return tool_run_verb(objects, NULL, usage, argc - optind, argv + optind);
}
