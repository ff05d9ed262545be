/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the hostile tests leave to chance, which a seed repeats. */
#ifndef GUEST_HOSTILE_RANDOM_H
#define GUEST_HOSTILE_RANDOM_H

#include <stdint.h>

/* Parse "[--seed N] [--rounds N]", and seed random(). Sets *@rounds only if it is given. */
void hostile_parse(int argc, char **argv, unsigned int *rounds);

/* Store something at @at, 1, 2, 4 or 8 bytes wide in turn: @i counts. */
void hostile_store(volatile uint8_t *at, unsigned int i);

#endif /* GUEST_HOSTILE_RANDOM_H */
