// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The one clock of the device. */
#include <time.h>

#include "core/nic.h"

uint64_t nic_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}
