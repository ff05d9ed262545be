/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The address space of a VFIO group, in which a program can put its memory.
 */
#ifndef PEERBAR_TYPE1_H
#define PEERBAR_TYPE1_H

#include <pthread.h>
#include <stdint.h>

struct pb_window;

struct pb_type1 {
	int container;
	pthread_mutex_t lock;		/* of windows */
	struct pb_window *windows;	/* what is mapped */
};

/*
 * Map @length bytes of memory at @addr, whole pages, and set *@iova to where the devices of the
 * group find them. Return 0, or a negative errno without a sentence.
 */
int pb_type1_map(struct pb_type1 *space, void *addr, uint64_t length, uint64_t *iova);

/* Undo one of these. Return 0, or a negative errno without a sentence. */
int pb_type1_unmap(struct pb_type1 *space, uint64_t iova, uint64_t length);

/* Forget all of them. The kernel undoes them when the container is closed. */
void pb_type1_free(struct pb_type1 *space);

#endif /* PEERBAR_TYPE1_H */
