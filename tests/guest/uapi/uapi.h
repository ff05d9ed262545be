/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the UAPI test, and what they share. */
#ifndef GUEST_UAPI_H
#define GUEST_UAPI_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/vfio.h"

#define PAGE 4096u
#define UAPI_RANGES 512u	/* the most that peerbar-vfio-pci accepts for one buffer */

/* A correct call for one page of the BAR, in which a test then makes one field wrong. */
struct vfio_dma_buf_call uapi_right_call(void);

/* Make the call. Return: a descriptor, 0 for a probe, or a negative errno. */
int uapi_call(int fd, void *call);

/* One check. @expected >= 0: @got must be >= 0. Otherwise @got must be that negative errno. */
bool uapi_expect(int got, int expected, const char *name, const char *what);

/*
 * Is @ret what the kernel's exporter gives when several ranges are mapped? It links each of
 * them at the same IOVA: docs/differences.md.
 */
bool uapi_no_ranges(int ret);

/* Attach the buffer for the NIC and map it, then undo both. Return: 0 or a negative errno. */
int uapi_import(int dmabuf);

void uapi_export(const struct vfio *vfio);	/* uapi_export.c: correct calls */
void uapi_wrong(const struct vfio *vfio);	/* uapi_wrong.c: wrong calls */
void uapi_wrong_io(void);			/* the same for an I/O BAR of another device */
void uapi_wrong_memory(const struct vfio *vfio);	/* uapi_memory.c: wrong pointers, files */
void uapi_limits(const struct vfio *vfio);	/* uapi_limits.c: how many ranges and bytes */
void uapi_lifetime(void);			/* uapi_lifetime.c: buffers outliving the device */

#endif /* GUEST_UAPI_H */
