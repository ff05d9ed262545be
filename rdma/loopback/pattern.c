// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The bytes of the data check: see pattern.h. Every byte that the NIC moves is compared,
 * which takes longer than moving it, so the loops work on whole words.
 */
#include <stdbool.h>
#include <string.h>

#include "pattern.h"

#define WORD sizeof(uint64_t)

/* A Weyl sequence with a mixing function: good enough here, and its state is one word. */
uint64_t pattern_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t pattern_below(uint64_t *state, uint64_t limit)
{
	return pattern_random(state) % limit;
}

static uint64_t load(const void *unaligned)
{
	uint64_t word;

	memcpy(&word, unaligned, sizeof(word));
	return word;
}

/* The number of bytes before the first aligned word, but at most @size. */
static size_t head(const void *p, size_t size)
{
	size_t n = -(uintptr_t)p % WORD;

	return n < size ? n : size;
}

static uint8_t fill_byte(const void *p, uint64_t word)
{
	uint8_t bytes[WORD];

	memcpy(bytes, &word, sizeof(bytes));
	return bytes[(uintptr_t)p % WORD];
}

static uint8_t *fill_bytes(uint8_t *p, size_t size, uint64_t word)
{
	for (; size; size--, p++)
		*p = fill_byte(p, word);
	return p;
}

void pattern_fill(void *bar, size_t size, uint64_t word)
{
	size_t n = head(bar, size);
	uint8_t *p = fill_bytes(bar, n, word);

	for (size -= n; size >= WORD; size -= WORD, p += WORD)
		*(volatile uint64_t *)p = word;
	fill_bytes(p, size, word);
}

static void copy_bytes(uint8_t *to, const uint8_t *from, size_t size)
{
	while (size--)
		*(volatile uint8_t *)to++ = *from++;
}

void pattern_copy(void *bar, const void *host, size_t size)
{
	const uint8_t *from = host;
	uint8_t *to = bar;
	size_t n = head(bar, size);

	copy_bytes(to, from, n);
	to += n;
	from += n;
	for (size -= n; size >= WORD; size -= WORD, to += WORD, from += WORD)
		*(volatile uint64_t *)to = load(from);
	copy_bytes(to, from, size);
}

/* One comparison of a BAR with host memory or with a fill. */
struct comparison {
	const uint8_t *start;	/* where the compared part of the BAR begins */
	const uint8_t *host;	/* what is expected; NULL: a fill with word */
	uint64_t word;
	struct mismatch result;
};

static uint8_t expected_byte(const struct comparison *c, const uint8_t *p)
{
	return c->host ? c->host[p - c->start] : fill_byte(p, c->word);
}

static void compare_bytes(struct comparison *c, const uint8_t *p, size_t size)
{
	uint8_t found, expected;

	for (; size; size--, p++) {
		found = *(const volatile uint8_t *)p;
		expected = expected_byte(c, p);
		if (found == expected)
			continue;
		if (!c->result.count++) {
			c->result.first = p - c->start;
			c->result.expected = expected;
			c->result.found = found;
		}
	}
}

static bool same_words(const struct comparison *c, const uint8_t *p, size_t words)
{
	const volatile uint64_t *bar = (const volatile uint64_t *)p;
	uint64_t diff = 0;
	size_t i;

	if (c->host)
		for (i = 0; i < words; i++)
			diff |= bar[i] ^ load(c->host + (p - c->start) + i * WORD);
	else
		for (i = 0; i < words; i++)
			diff |= bar[i] ^ c->word;
	return !diff;
}

/* Compare blocks of words, and a block that differs byte by byte. */
static void compare(struct comparison *c, size_t size)
{
	const size_t block = 64 * WORD;
	const uint8_t *p = c->start;
	size_t n = head(p, size);

	compare_bytes(c, p, n);
	p += n;
	for (size -= n; size >= WORD; size -= n, p += n) {
		n = size < block ? size - size % WORD : block;
		if (!same_words(c, p, n / WORD))
			compare_bytes(c, p, n);
	}
	compare_bytes(c, p, size);
}

struct mismatch pattern_compare(const void *bar, const void *host, size_t size)
{
	struct comparison c = { .start = bar, .host = host };

	compare(&c, size);
	return c.result;
}

struct mismatch pattern_compare_fill(const void *bar, size_t size, uint64_t word)
{
	struct comparison c = { .start = bar, .word = word };

	compare(&c, size);
	return c.result;
}
