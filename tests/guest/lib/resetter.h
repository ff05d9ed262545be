/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A thread that resets the GPU, so that a test can watch others while the reset waits. */
#ifndef GUEST_RESETTER_H
#define GUEST_RESETTER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct peerbar_device;

struct resetter {
	struct peerbar_device *dev;
	pthread_t thread;
	atomic_bool done;
	uint64_t start_us, took_us;
	int ret;		/* of peerbar_reset() */
};

/* If the thread cannot be started, the test ends. */
void resetter_start(struct resetter *r, struct peerbar_device *dev);

/* Wait until the reset is over. Return: its result. */
int resetter_join(struct resetter *r);

#endif /* GUEST_RESETTER_H */
