/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Why a NIC does not register a dma-buf.
 */
#ifndef PEERBAR_REFUSAL_H
#define PEERBAR_REFUSAL_H

#include <stdbool.h>

/*
 * Keep the sentence for ibv_reg_dmabuf_mr() of the RDMA device @nic and dma-buf @fd that
 * gave errno @err. NULL, with errno set: the same, or EOPNOTSUPP for others that mean it.
 */
void *pb_refusal(const char *nic, int fd, int err);

/*
 * origin.c: of which BAR a dma-buf was made, as far as this process made it, and not too
 * long ago. It makes sentences better, and is of no use for anything else.
 */
void pb_origin_add(int fd, const char *address, unsigned int bar);
/* False: not known. */
bool pb_origin_find(int fd, char *address, unsigned int *bar);

#endif /* PEERBAR_REFUSAL_H */
