/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A fence that nobody signals for ten seconds, in the reservation object of a dma-buf:
 * whoever may open a dma-buf can put one there. The kernel's vgem driver makes it.
 */
#ifndef GUEST_SLOW_FENCE_H
#define GUEST_SLOW_FENCE_H

#include <stdbool.h>

/*
 * A descriptor of the driver's device, as root; -1: this kernel has no such driver. Closing
 * it signals all fences. Failure ends the test, here and below.
 */
int slow_fence_open(void);

/* A fence in @dmabuf, which says that somebody writes to it. Return: its descriptor. */
int slow_fence_put(int device, int dmabuf);

bool slow_fence_pending(int fence);

#endif /* GUEST_SLOW_FENCE_H */
