/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Checks of a dma-buf that a caller wants to have imported. The kernel makes them, too, but for
 * each it has only an errno that means other things as well.
 */
#ifndef PEERBAR_DMABUF_H
#define PEERBAR_DMABUF_H

#include <stdbool.h>
#include <stdint.h>

/* Return 0, or with a sentence -EBADF (not open) or -EINVAL (not a dma-buf). */
int pb_dmabuf_check(int fd);

/* Return 0, or with a sentence -EINVAL if the bytes are none, or not inside the dma-buf. */
int pb_dmabuf_range(int fd, uint64_t offset, uint64_t length);

/* Was it exported O_RDONLY? */
bool pb_dmabuf_read_only(int fd);

#endif /* PEERBAR_DMABUF_H */
