/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A memfd stands for a dma-buf: the file system that it says it is on is what the library asks. */
#ifndef FAKE_DMABUF_H
#define FAKE_DMABUF_H

#include <stdbool.h>

extern bool fake_is_dmabuf;	/* every descriptor that is open */

#endif /* FAKE_DMABUF_H */
