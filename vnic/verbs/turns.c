// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Round robin among queues, and deadlines: see turns.h. */
#include "base/clock.h"
#include "turns.h"

#define MAX_PAUSE_US	1000u

int turns_next(unsigned int *last, unsigned int nr,
	       bool (*ready)(const void *priv, unsigned int queue), const void *priv)
{
	for (unsigned int i = 1; i <= nr; i++) {
		unsigned int queue = (*last + i) % nr;

		if (ready(priv, queue)) {
			*last = queue;
			return (int)queue;
		}
	}
	return -1;
}

uint64_t turns_earlier(uint64_t a, uint64_t b)
{
	if (!a || !b)
		return a | b;
	return a < b ? a : b;
}

uint32_t turns_pause_us(uint64_t due)
{
	uint64_t now = clock_now_ns();
	uint64_t us = due > now ? (due - now + 999) / 1000 : 0;

	return us < MAX_PAUSE_US ? (uint32_t)us : MAX_PAUSE_US;
}
