/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the test of writes to configuration space. */
#ifndef GUEST_CONFIG_RACE_H
#define GUEST_CONFIG_RACE_H

#include <stdint.h>

#include "lib/importer_bench.h"

/* A 16-bit register at a dword boundary. The BAR is gone when (value & mask) == away. */
struct config_register {
	const char *name;
	unsigned int pos;
	uint16_t mask, away;
	uint16_t on, off;	/* whole values */
};

/* config_race_fetch.c: bytes that change between two fetches of them. */
void config_race_fetch(struct bench *b, const struct config_register *reg);

/* config_race_price.c: writes that change nothing. */
void config_race_price(struct bench *b, const struct config_register *reg);

#endif /* GUEST_CONFIG_RACE_H */
