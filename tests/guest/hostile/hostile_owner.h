/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The owner of a device as the attacker: it tries to have the exporter wait for itself, to keep the
 * BAR's pages by other means than a dma-buf, and to stop others by being stopped.
 */
#ifndef GUEST_HOSTILE_OWNER_H
#define GUEST_HOSTILE_OWNER_H

#include <stdatomic.h>

#include "lib/rig.h"

#define OWNER_LIMIT_S 120u

/* A thread that takes the device away and gives it back, over and over. */
struct taker {
	struct rig *rig;
	pthread_t thread;
	atomic_bool stop;
	atomic_uint rounds;
};

void taker_start(struct taker *t, struct rig *rig);
/* Return: how many times it did. */
unsigned int taker_stop(struct taker *t);

/* hostile_owner_arguments.c: arguments of system calls that lie in the BAR itself */
void hostile_owner_arguments(struct rig *rig);

/* hostile_owner_pages.c: the BAR's pages, by all that takes user memory */
void hostile_owner_pages(struct rig *rig);

/* hostile_owner_buffers.c: its dma-bufs, by importers that are no PCI devices */
void hostile_owner_buffers(struct rig *rig);

/* hostile_owner_signals.c: signals at every moment, and an owner that is stopped */
void hostile_owner_signals(struct rig *rig);
void hostile_owner_stopped(void);

#endif /* GUEST_HOSTILE_OWNER_H */
