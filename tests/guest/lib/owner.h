/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Another process that owns the GPU. It opens the device and exports dma-bufs on request
 * until it is killed. The test imports these dma-bufs, which outlive that process.
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
 * This process must not have the device open. The first @span bytes of the BAR are zero
 * when this returns. Failure ends the test, here and below.
 */
void owner_start(struct owner *owner, size_t span);

/* A dma-buf of those @span bytes. Return: its descriptor in this process. */
int owner_export(struct owner *owner);

/* kill -9, and wait until it is gone. */
void owner_kill(struct owner *owner);

#endif /* GUEST_OWNER_H */
