// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the hostile tests leave to chance: see hostile_random.h. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "hostile_random.h"
#include "lib/tap.h"

void hostile_parse(int argc, char **argv, unsigned int *rounds)
{
	static const struct option options[] = {
		{ "rounds", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int seed = 1;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'r' && atoi(optarg) > 0) {
			*rounds = (unsigned int)atoi(optarg);
		} else if (c == 's') {
			seed = (unsigned int)strtoul(optarg, NULL, 0);
		} else {
			fprintf(stderr, "usage: %s [--seed N] [--rounds N]\n", argv[0]);
			exit(2);
		}
	}
	srandom(seed);
	tap_note("seed %u, %u rounds by chance", seed, *rounds);
}

void hostile_store(volatile uint8_t *at, unsigned int i)
{
	switch (i % 4) {
	case 0:
		*at = (uint8_t)random();
		break;
	case 1:
		*(volatile uint16_t *)at = (uint16_t)random();
		break;
	case 2:
		*(volatile uint32_t *)at = (uint32_t)random();
		break;
	case 3:
		*(volatile uint64_t *)at = (uint64_t)random() << 32;
		break;
	}
}
