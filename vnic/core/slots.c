// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Tables of objects: see slots.h. */
#include "slots.h"

static bool is_used(const bool *used, size_t stride, size_t slot)
{
	return *(const bool *)((const char *)used + slot * stride);
}

unsigned int slots_count(const bool *used, size_t stride, size_t n)
{
	unsigned int count = 0;

	for (size_t i = 0; i < n; i++)
		count += is_used(used, stride, i);
	return count;
}

uint32_t slots_find(const bool *used, size_t stride, uint32_t first, uint32_t end,
		    uint32_t *last)
{
	const uint32_t count = end - first;

	for (uint32_t i = 1; i <= count; i++) {
		uint32_t at = (*last + i) % count;

		if (is_used(used, stride, first + at))
			continue;
		*last = at;
		return first + at;
	}
	return 0;
}
