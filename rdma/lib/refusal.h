/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Explaining why a NIC did not register a dma-buf.
 */
#ifndef PEERBAR_REFUSAL_H
#define PEERBAR_REFUSAL_H

#include <stdbool.h>

/* A registration that failed, and what was asked for. */
struct pb_attempt {
	const char *nic;	/* the RDMA device */
	int fd;			/* of the dma-buf */
	bool atomics;		/* the access asks for atomic operations, which the NIC has not */
	bool writes;		/* the access asks for remote writes */
};

/*
 * Keep the sentence that explains why the attempt failed with errno @err. Returns NULL and sets
 * errno to @err, or to EOPNOTSUPP if @err is another code that means the same, such as the
 * kernel's ENOTSUPP.
 */
void *pb_refusal(const struct pb_attempt *attempt, int err);

/*
 * origin.c: remember from which BAR a dma-buf was exported. Only the last ones that this
 * process exported are known, and an inode number may be used again: good enough to name the
 * device in a message, but do not use it for anything else.
 */
void pb_origin_add(int fd, const char *address, unsigned int bar);
/* Returns false if it is not known. */
bool pb_origin_find(int fd, char *address, unsigned int *bar);

#endif /* PEERBAR_REFUSAL_H */
