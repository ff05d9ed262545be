/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The ways in which access to a device is taken away. */
#ifndef GUEST_TRIGGER_H
#define GUEST_TRIGGER_H

#include <stdbool.h>

#include "rig.h"

enum trigger {
	/* What libpeerbar offers, on every device. */
	TRIGGER_RESET, TRIGGER_MEMORY, TRIGGER_CLOSE,
	TRIGGERS,
	/* What a device may have beyond, and what others do to it. */
	TRIGGER_FLR = TRIGGERS, TRIGGER_AF_FLR,	/* by a write to configuration space */
	TRIGGER_HOT_RESET,			/* of the bus, through the device */
	TRIGGER_SIBLING,			/* of the bus, through another function */
	TRIGGER_SYSFS,				/* its reset file */
	TRIGGER_D3HOT, TRIGGER_LOW_POWER,
	TRIGGER_KILL,				/* -9, of the process that owns the device */
	TRIGGER_UNBIND, TRIGGER_REMOVE,		/* through sysfs, with the device open */
	TRIGGER_ERROR,				/* fatal, of the link to it */
	TRIGGER_PATHS,
};

const char *trigger_name(enum trigger trigger);		/* "reset", "memory", "close" */
int trigger_by_name(const char *name);			/* of the first three; -1: unknown */

/* Why this device cannot be treated so, or NULL. The device must be open. */
const char *trigger_why_not(struct rig *rig, enum trigger trigger);

/* Can a buffer from before be mapped when trigger_pull() returns? And after recovery? */
bool trigger_leaves_usable(enum trigger trigger);
bool trigger_comes_back(enum trigger trigger);

/*
 * To be called before the buffer is made, with the device open: another process must own
 * it if that is to be killed. The CPU has no mapping of the BAR then.
 */
void trigger_prepare(struct rig *rig, enum trigger trigger);

/*
 * Takes access away: everything is revoked when this returns. The CPU's mapping
 * must be gone before (it would keep the device open, and a load from it with
 * memory decode off is a SIGBUS). Failure ends the test.
 */
void trigger_pull(struct rig *rig, enum trigger trigger);

/* Makes the device usable again and maps the BAR. */
void trigger_recover(struct rig *rig, enum trigger trigger);

/*
 * An error as QEMU names it ("COMP_TIME", not fatal), found by the port above. Returns when
 * the owner has been told, by the eventfd, and the kernel has recovered: 0 or -ETIMEDOUT.
 */
int trigger_inject(struct rig *rig, const char *error);

/* The same for any device of VFIO's, open as @fd, below the port of that name in QEMU. */
int trigger_inject_at(const char *port, int fd, const char *error);

/* Why it cannot be done to this device, or NULL. */
const char *trigger_no_errors(struct rig *rig);

/* Why this machine does not recover from a fatal one, or NULL. */
const char *trigger_no_recovery(void);

/*
 * Write @text to the sysfs file @path, which takes the device's driver away and waits for
 * who has the device open: that is us. @still_open, unless NULL, is called then; after it
 * the device is closed.
 */
void trigger_take_driver(struct rig *rig, const char *text, const char *path,
			 void (*still_open)(void *arg), void *arg);

#endif /* GUEST_TRIGGER_H */
