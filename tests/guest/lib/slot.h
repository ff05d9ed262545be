/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The hot-plug slot that a GPU sits in: removing its card, and plugging in another. A step
 * that fails ends the test.
 */
#ifndef GUEST_SLOT_H
#define GUEST_SLOT_H

#include <stdbool.h>
#include <stdint.h>

enum slot_way {
	SLOT_DEVICE_DEL,	/* QEMU's device_del: as if somebody pressed the button */
	SLOT_SURPRISE,		/* the card is gone before the kernel hears of it */
	SLOT_POWER,		/* an administrator turns the slot's power off in sysfs */
	SLOT_WAYS,
};

const char *slot_way_name(enum slot_way way);

/* Use the slot of GPU 1 or 2 from now on. Without this call it is that of GPU 1. */
void slot_select(unsigned int gpu);

/* Why this machine cannot remove a card that way and plug in another; NULL: it can. */
const char *slot_why_not(enum slot_way way);

/*
 * Start the removal. With SLOT_POWER this returns when the kernel has released the card, for
 * which it waits until nobody has the device open. The other ways return before the kernel has
 * begun.
 */
void slot_pull(enum slot_way way);

/* Plug in another card of the same kind. No driver may have the previous one any more. */
void slot_plug(uint64_t bar_size);

/* Wait until the kernel sees a card, or none. Return: false after @timeout_ms. */
bool slot_wait(bool card, unsigned int timeout_ms);

#endif /* GUEST_SLOT_H */
