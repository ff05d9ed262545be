/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Monotonic time and short sleeps. */
#ifndef GUEST_CLOCK_H
#define GUEST_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static inline void sleep_us(uint64_t us)
{
	struct timespec t = { (time_t)(us / 1000000), (long)(us % 1000000) * 1000 };

	nanosleep(&t, NULL);
}

static inline double us_to_ms(uint64_t us)
{
	return (double)us / 1000.0;
}

#endif /* GUEST_CLOCK_H */
