/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The three ways in which the owner of a device takes access to it away. */
#ifndef GUEST_TRIGGER_H
#define GUEST_TRIGGER_H

#include "rig.h"

enum trigger { TRIGGER_RESET, TRIGGER_MEMORY, TRIGGER_CLOSE, TRIGGERS };

const char *trigger_name(enum trigger trigger);		/* "reset", "memory", "close" */
int trigger_by_name(const char *name);			/* -1: unknown */

/*
 * Takes access away: everything is revoked when this returns. The CPU's mapping
 * must be gone before (it would keep the device open, and a load from it with
 * memory decode off is a SIGBUS). Failure ends the test.
 */
void trigger_pull(struct rig *rig, enum trigger trigger);

/* Makes the device usable again and maps the BAR. */
void trigger_recover(struct rig *rig, enum trigger trigger);

#endif /* GUEST_TRIGGER_H */
