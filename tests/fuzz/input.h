/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The bytes of an input, taken one after the other; behind its end all are 0. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct input {
	const uint8_t *at;
	size_t left;
};

static inline void take(struct input *in, void *dst, size_t len)
{
	size_t n = len < in->left ? len : in->left;

	memset(dst, 0, len);
	if (n == 0)
		return;
	memcpy(dst, in->at, n);
	in->at += n;
	in->left -= n;
}

static inline uint8_t take8(struct input *in)
{
	uint8_t value;

	take(in, &value, sizeof(value));
	return value;
}

static inline uint16_t take16(struct input *in)
{
	uint16_t value;

	take(in, &value, sizeof(value));
	return value;
}

static inline uint32_t take32(struct input *in)
{
	uint32_t value;

	take(in, &value, sizeof(value));
	return value;
}

static inline uint64_t take64(struct input *in)
{
	uint64_t value;

	take(in, &value, sizeof(value));
	return value;
}

/* Overwrite up to 8 bytes somewhere in the first 64 KiB of @size bytes, which are at least 1. */
static inline void spoil(struct input *in, uint8_t *bytes, size_t size)
{
	size_t first = take16(in) % size, len = 1u << take8(in) % 4;

	take(in, bytes + first, len < size - first ? len : size - first);
}

#endif /* FUZZ_INPUT_H */
