/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The slots of a BAR, as its owner sees them through the CPU; see stress.h. */
#ifndef STRESS_SLOTS_H
#define STRESS_SLOTS_H

#include <stdbool.h>

#include "stress.h"

struct slots {
	uint8_t *bar;		/* all units; NULL: not mapped */
	uint64_t unit;
};

/* Return 0 or a negative errno, with a sentence. */
int slots_map(struct slots *slots, struct peerbar_device *dev, const struct stress_device *what);
void slots_unmap(struct slots *slots);

/*
 * Read all of them, or set all of them to zero. Return: false if the device's memory could not be
 * reached all the time, as in a reset by others. Another process may run into that at any time,
 * so this survives the SIGBUS.
 */
bool slots_read(const struct slots *slots, uint64_t stamp[NR_SLOTS]);
bool slots_clear(const struct slots *slots);

/* Turn the device's memory on, if config.enable says how. */
void slots_enable(struct peerbar_device *dev);

/* Does the BAR keep what is written to it? Return: NULL, or why not. */
const char *slots_not_memory(const struct slots *slots);

#endif /* STRESS_SLOTS_H */
