// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * check_kernel_log: the check of the kernel log, for shell tests.
 *
 *	since=$(check_kernel_log --position)
 *	...
 *	check_kernel_log --since "$since"	prints one TAP line; exit status 1 if it is "not ok"
 *	check_kernel_log --since N --but TEXT	warnings that contain TEXT are excused
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/kmsg.h"
#include "lib/tap.h"

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "position", no_argument, NULL, 'p' },
		{ "since", required_argument, NULL, 's' },
		{ "but", required_argument, NULL, 'b' },
		{ NULL, 0, NULL, 0 },
	};
	const char *excuse = NULL;
	uint64_t since = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'p') {
			printf("%" PRIu64 "\n", kmsg_position());
			return EXIT_SUCCESS;
		}
		if (c == 's') {
			since = strtoull(optarg, NULL, 10);
		} else if (c == 'b') {
			excuse = optarg;
		} else {
			fprintf(stderr, "usage: %s [--position | [--since N] [--but TEXT]]\n",
				argv[0]);
			return 2;
		}
	}
	kmsg_check_but(since, excuse);
	return tap_exit_status();
}
