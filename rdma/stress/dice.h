/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Numbers that look random and that a seed determines, on every machine (SplitMix64, by Steele,
 * Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
 */
#ifndef STRESS_DICE_H
#define STRESS_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

static inline uint64_t dice_roll(struct dice *dice)
{
	uint64_t z = dice->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* From 0 to @n - 1. */
static inline unsigned int dice_below(struct dice *dice, unsigned int n)
{
	return (unsigned int)(dice_roll(dice) % n);
}

static inline bool dice_chance(struct dice *dice, unsigned int percent)
{
	return dice_below(dice, 100) < percent;
}

#endif /* STRESS_DICE_H */
