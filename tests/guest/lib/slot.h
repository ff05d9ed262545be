/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The hot-plug slot that a GPU sits in: how a card leaves it, and how another comes. A step
 * that cannot be taken ends the test.
 */
#ifndef GUEST_SLOT_H
#define GUEST_SLOT_H

#include <stdbool.h>
#include <stdint.h>

enum slot_way {
	SLOT_DEVICE_DEL,	/* QEMU's device_del: as if somebody pressed the button */
	SLOT_SURPRISE,		/* the card is gone, and the kernel hears of it later */
	SLOT_POWER,		/* an administrator turns the slot's power off in sysfs */
	SLOT_WAYS,
};

const char *slot_way_name(enum slot_way way);

/* From now on: the slot of GPU 1 or 2. The first, unless this is called. */
void slot_select(unsigned int gpu);

/* Why this machine cannot do so and have the card back, or NULL. */
const char *slot_why_not(enum slot_way way);

/*
 * Gives the order. SLOT_POWER returns when the kernel has let the card go, which waits for
 * who has it open; the others before the kernel has begun.
 */
void slot_pull(enum slot_way way);

/* Another card of the same kind; to be called when no driver has the last one. */
void slot_plug(uint64_t bar_size);

/* Wait until the kernel sees a card, or none. Return: false after @timeout_ms. */
bool slot_wait(bool card, unsigned int timeout_ms);

#endif /* GUEST_SLOT_H */
