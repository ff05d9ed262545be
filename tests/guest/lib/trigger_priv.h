/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the table of triggers has for each of them. */
#ifndef GUEST_TRIGGER_PRIV_H
#define GUEST_TRIGGER_PRIV_H

#include "trigger.h"

struct trigger_kind {
	const char *name;
	const char *(*why_not)(struct rig *rig);	/* NULL: works for every device */
	int (*pull)(struct rig *rig);			/* 0 or a negative errno */
	int (*recover)(struct rig *rig);		/* NULL: nothing to do */
	bool usable;		/* trigger_leaves_usable() */
	bool back;		/* trigger_comes_back() */
};

/* Done by a write to configuration space or an ioctl (trigger_vfio.c). */
extern const struct trigger_kind trigger_flr, trigger_af_flr, trigger_hot_reset,
	trigger_sibling, trigger_d3hot, trigger_low_power;

/* Done by somebody else than the owner (trigger_sysfs.c). */
extern const struct trigger_kind trigger_sysfs, trigger_kill, trigger_unbind, trigger_remove;

/* Done by the hardware (trigger_error.c). */
extern const struct trigger_kind trigger_error;

#endif /* GUEST_TRIGGER_PRIV_H */
