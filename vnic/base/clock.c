// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The clock that the whole device uses: see clock.h. */
#include <time.h>

#include "clock.h"

uint64_t clock_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}
