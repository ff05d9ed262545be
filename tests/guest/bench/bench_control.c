// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * bench_control: times of the control path as lines of JSON, for scripts/lab.d/guest/bench.
 *
 *	bench_control [--cycles N] [--mib N] cycle|register|revoke|fence
 *
 * --mib is the size of the dma-buf (default 2); register and fence go through sizes of
 * their own.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "lib/rig.h"

static void usage(const char *name)
{
	fprintf(stderr, "usage: %s [--cycles N] [--mib N] cycle|register|revoke|fence\n", name);
	exit(2);
}

/* Parse a number from 1 to 65536. Return: 0 if it is none. */
static unsigned int number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	return *end || n > 65536 ? 0 : (unsigned int)n;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "cycles", required_argument, NULL, 'c' },
		{ "mib", required_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int cycles = 20, mib = 2;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'c')
			cycles = number(optarg);
		else if (c == 'm')
			mib = number(optarg);
		else
			usage(argv[0]);
	}
	if (!cycles || !mib || optind + 1 != argc)
		usage(argv[0]);

	if (!strcmp(argv[optind], "cycle"))
		bench_cycle(mib * MIB, cycles);
	else if (!strcmp(argv[optind], "register"))
		bench_register(cycles);
	else if (!strcmp(argv[optind], "revoke"))
		bench_revoke(mib * MIB, cycles);
	else if (!strcmp(argv[optind], "fence"))
		bench_fence(cycles);
	else
		usage(argv[0]);
	return EXIT_SUCCESS;
}
