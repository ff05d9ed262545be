/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Another process that owns the GPU: it opens the device and exports of it on request,
 * until it is killed. What it exported is imported here, and outlives it.
 */
#ifndef GUEST_OWNER_H
#define GUEST_OWNER_H

#include <stddef.h>
#include <sys/types.h>

struct owner {
	pid_t pid;		/* 0: none */
	int pidfd, control;
};

/*
 * The device must be closed in this process. The first @span bytes of the BAR are zero
 * when this returns. Failure ends the test, here and below.
 */
void owner_start(struct owner *owner, size_t span);

/* A descriptor, in this process, of a dma-buf of those bytes. */
int owner_export(struct owner *owner);

/* kill -9, and wait until it is gone. */
void owner_kill(struct owner *owner);

#endif /* GUEST_OWNER_H */
