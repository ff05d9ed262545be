/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the test of bounds. */
#ifndef GUEST_BOUNDS_H
#define GUEST_BOUNDS_H

#include "lib/vfio.h"

void bounds_memory(const struct vfio *vfio);	/* bounds_memory.c: kernel memory */
void bounds_iova(const struct vfio *vfio);	/* bounds_iova.c: the NIC's addresses */

#endif /* GUEST_BOUNDS_H */
