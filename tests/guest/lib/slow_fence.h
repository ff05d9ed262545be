/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A fence that nobody signals for ten seconds, in the reservation object of a dma-buf. Anybody
 * who has the dma-buf's descriptor can put one there. The kernel's vgem driver makes the fence.
 */
#ifndef GUEST_SLOW_FENCE_H
#define GUEST_SLOW_FENCE_H

#include <stdbool.h>

/*
 * Open vgem's device, as root. Return: its descriptor; -1: this kernel has no such driver.
 * Closing it signals all its fences. Failure ends the test, here and below.
 */
int slow_fence_open(void);

/* Add a write fence to @dmabuf. Return: the descriptor of the fence (a sync_file). */
int slow_fence_put(int device, int dmabuf);

bool slow_fence_pending(int fence);

#endif /* GUEST_SLOW_FENCE_H */
