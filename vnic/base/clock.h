/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The clock that the whole device uses. Times of it are in nanoseconds; 0 means "none". */
#ifndef VNIC_CLOCK_H
#define VNIC_CLOCK_H

#include <stdint.h>

uint64_t clock_now_ns(void);	/* CLOCK_MONOTONIC */

#endif /* VNIC_CLOCK_H */
