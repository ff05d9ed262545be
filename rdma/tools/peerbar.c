// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar: inspect, bind and test PCI devices whose BARs an RDMA NIC is to reach.
 * The grammar is that of iproute2's rdma: options, an object, a command.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "peerbar.h"
#include "tool.h"

static const char usage[] =
	"Usage: peerbar [OPTION]... OBJECT COMMAND [ARGUMENT]...\n"
	"\n"
	"  OBJECT   dev     PCI devices and their BARs\n"
	"           export  dma-bufs made of BARs, who has them, what happens to them\n"
	"           mr      memory regions made of BARs\n"
	"           path    the path from a NIC to a device's BAR\n"
	"           doctor  what is wrong with this machine, and what to do\n"
	"  OPTION   -j, --json      JSON output\n"
	"           -p, --pretty    JSON output, indented\n"
	"           -d, --details   exact sizes, and more about each object\n"
	"           -V, --Version   print the version\n"
	"           -h, --help      print this help\n"
	"\n"
	"Options may stand anywhere. \"peerbar OBJECT help\" lists the commands of an object.\n";

static const struct verb objects[] = {
	{ "dev", cmd_dev },
	{ "export", cmd_export },
	{ "mr", cmd_mr },
	{ "path", cmd_path },
	{ "doctor", cmd_doctor },
	{ NULL, NULL },
};

/*
 * A standard stream that is closed stays unusable, but its number must not become that of the
 * device: what a library prints would be written into a BAR.
 */
static void occupy_standard_streams(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

static int run(int argc, char **argv)
{
	int words = tool_parse_options(argc, argv);
	const struct verb *object;

	if (words < 0) {
		fputs(usage, stderr);
		return TOOL_USAGE;
	}
	if (tool_options.version) {
		printf("peerbar %s\n", PEERBAR_VERSION);
		return TOOL_OK;
	}
	object = tool_find_verb(objects, words < argc ? argv[words] : "");
	if (tool_options.errno_name && object && object->run != cmd_doctor)
		return tool_misuse(usage, "--errno is an option of \"peerbar doctor\"");
	return tool_run_verb(objects, NULL, usage, argc - words, argv + words);
}

int main(int argc, char **argv)
{
	int ret;

	occupy_standard_streams();
	signal(SIGPIPE, SIG_IGN);	/* a reader that goes away is an exit status, too */
	ret = run(argc, argv);
	return tool_flush() && !ret ? TOOL_FAILURE : ret;
}
