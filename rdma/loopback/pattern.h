/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Bytes of the data check: made, copied and compared by the CPU. One side of each
 * call may be a BAR: it is only touched by aligned loads and stores, 64 bits wide
 * where they fit, as an uncached mapping wants it.
 */
#ifndef PEERBAR_PATTERN_H
#define PEERBAR_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* The next number of a sequence that its seed determines. */
uint64_t pattern_random(uint64_t *state);

/* A number from 0 to @limit - 1. */
uint64_t pattern_below(uint64_t *state, uint64_t limit);

/* @word repeated, in step with the address: overlapping fills agree. */
void pattern_fill(void *bar, size_t size, uint64_t word);

void pattern_copy(void *bar, const void *host, size_t size);

struct mismatch {
	size_t count;		/* wrong bytes */
	size_t first;		/* offset of the first, if there is one */
	uint8_t expected;
	uint8_t found;
};

/* Compare @bar with @host, or with what pattern_fill() would put there. */
struct mismatch pattern_compare(const void *bar, const void *host, size_t size);
struct mismatch pattern_compare_fill(const void *bar, size_t size, uint64_t word);

#endif /* PEERBAR_PATTERN_H */
