/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the UAPI test, and what they share. */
#ifndef GUEST_UAPI_H
#define GUEST_UAPI_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/vfio.h"

#define PAGE 4096u
#define UAPI_RANGES 512u	/* as many as peerbar-vfio-pci takes for one buffer */

/* A right call for one page of the BAR that the lab's device has; to be spoilt. */
struct vfio_dma_buf_call uapi_right_call(void);

/* A descriptor, 0 of a probe, or a negative errno. */
int uapi_call(int fd, void *call);

/* One check: @got is @expected, which is 0 or more for "works", else a negative errno. */
bool uapi_expect(int got, int expected, const char *name, const char *what);

/*
 * Is this what the kernel's exporter gives for mapping several ranges? It links each at the
 * same IOVA: docs/differences.md.
 */
bool uapi_no_ranges(int ret);

/* Can the buffer be attached and mapped for the NIC? 0 or a negative errno. */
int uapi_import(int dmabuf);

void uapi_export(const struct vfio *vfio);	/* uapi_export.c: what works */
void uapi_wrong(const struct vfio *vfio);	/* uapi_wrong.c: what does not */
void uapi_wrong_io(void);			/* the same, of another device */
void uapi_wrong_memory(const struct vfio *vfio);	/* uapi_memory.c: pointers, files */
void uapi_limits(const struct vfio *vfio);	/* uapi_limits.c: how much of it */
void uapi_lifetime(void);			/* uapi_lifetime.c: buffers that outlive */

#endif /* GUEST_UAPI_H */
