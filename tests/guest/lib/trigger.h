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
	/* What only some devices have, and what others do to the device. */
	TRIGGER_FLR = TRIGGERS, TRIGGER_AF_FLR,	/* by a write to configuration space */
	TRIGGER_HOT_RESET,			/* of the bus, through the device */
	TRIGGER_SIBLING,			/* of the bus, through another function */
	TRIGGER_SYSFS,				/* its reset file */
	TRIGGER_D3HOT, TRIGGER_LOW_POWER,
	TRIGGER_KILL,				/* kill -9 of the process that owns the device */
	TRIGGER_UNBIND, TRIGGER_REMOVE,		/* through sysfs, with the device open */
	TRIGGER_ERROR,				/* a fatal error of the link to the device */
	TRIGGER_PATHS,
};

const char *trigger_name(enum trigger trigger);		/* "reset", "memory", "close" */
int trigger_by_name(const char *name);			/* of the first three; -1: unknown */

/* Why @trigger cannot be used on this device, or NULL. The device must be open. */
const char *trigger_why_not(struct rig *rig, enum trigger trigger);

/* Can an older buffer be mapped when trigger_pull() has returned? And after recovery? */
bool trigger_leaves_usable(enum trigger trigger);
bool trigger_comes_back(enum trigger trigger);

/*
 * Call this before the buffer is exported, with the device open. For TRIGGER_KILL it hands the
 * device to another process, which can then be killed; the BAR is not mapped here after that.
 */
void trigger_prepare(struct rig *rig, enum trigger trigger);

/*
 * Takes access away: everything is revoked when this returns. Unmap the BAR first: a
 * mapping would keep the device open, and a load from it with memory decode off is a
 * SIGBUS. Failure ends the test.
 */
void trigger_pull(struct rig *rig, enum trigger trigger);

/* Makes the device usable again and maps the BAR. */
void trigger_recover(struct rig *rig, enum trigger trigger);

/*
 * Inject an error, by the name that QEMU has for it (such as "COMP_TIME", which is not fatal),
 * into the port above the device. Returns when VFIO has told the owner, by its eventfd, and the
 * kernel has recovered: 0 or -ETIMEDOUT.
 */
int trigger_inject(struct rig *rig, const char *error);

/* The same for any VFIO device, open as @fd, below the port that QEMU knows as @port. */
int trigger_inject_at(const char *port, int fd, const char *error);

/* Why no error can be injected for this device, or NULL. */
const char *trigger_no_errors(struct rig *rig);

/* Why this machine does not recover from a fatal error, or NULL. */
const char *trigger_no_recovery(void);

/*
 * Write @text to the sysfs file @path, which takes the driver from the device. The kernel waits
 * in that until the device is closed, and it is this process that has it open. Meanwhile call
 * @still_open, unless it is NULL, and then close the device.
 */
void trigger_take_driver(struct rig *rig, const char *text, const char *path,
			 void (*still_open)(void *arg), void *arg);

#endif /* GUEST_TRIGGER_H */
