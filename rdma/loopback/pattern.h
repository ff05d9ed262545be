/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Generating, copying and comparing the bytes of the data check with the CPU. The
 * argument named bar may be an uncached mapping of a BAR. It is therefore accessed only
 * with aligned loads and stores, which are 64 bits wide where they fit.
 */
#ifndef PEERBAR_PATTERN_H
#define PEERBAR_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* Return the next number of a pseudo-random sequence. The initial @state is its seed. */
uint64_t pattern_random(uint64_t *state);

/* Return the next number, reduced to the range from 0 to @limit - 1. */
uint64_t pattern_below(uint64_t *state, uint64_t limit);

/*
 * Fill with repetitions of @word. Which byte of @word is written depends on the address, not
 * on where the fill starts, so overlapping fills with one word write the same bytes.
 */
void pattern_fill(void *bar, size_t size, uint64_t word);

/* Copy from host memory. */
void pattern_copy(void *bar, const void *host, size_t size);

struct mismatch {
	size_t count;		/* how many bytes are wrong */
	size_t first;		/* offset of the first wrong byte; not set if count is 0 */
	uint8_t expected;	/* what that byte should be */
	uint8_t found;		/* and what it is */
};

/* Compare @bar with @host, or with what pattern_fill() would write there. */
struct mismatch pattern_compare(const void *bar, const void *host, size_t size);
struct mismatch pattern_compare_fill(const void *bar, size_t size, uint64_t word);

#endif /* PEERBAR_PATTERN_H */
