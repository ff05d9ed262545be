// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The ways to take access away; see trigger.h. */
#include <string.h>

#include "tap.h"
#include "trigger_priv.h"

static int reset(struct rig *rig)
{
	return peerbar_reset(rig->dev);
}

static int memory_off(struct rig *rig)
{
	return peerbar_set_memory(rig->dev, false);
}

static int memory_on(struct rig *rig)
{
	return peerbar_set_memory(rig->dev, true);
}

static int close_device(struct rig *rig)
{
	peerbar_close(rig->dev);
	rig->dev = NULL;
	return 0;
}

static const struct trigger_kind trigger_reset = {
	.name = "reset", .pull = reset, .usable = true, .back = true,
};

static const struct trigger_kind trigger_memory = {
	.name = "memory", .pull = memory_off, .recover = memory_on, .back = true,
};

static const struct trigger_kind trigger_close = {
	.name = "close", .pull = close_device,
};

static const struct trigger_kind *const kinds[TRIGGER_PATHS] = {
	[TRIGGER_RESET] = &trigger_reset,
	[TRIGGER_MEMORY] = &trigger_memory,
	[TRIGGER_CLOSE] = &trigger_close,
	[TRIGGER_FLR] = &trigger_flr,
	[TRIGGER_AF_FLR] = &trigger_af_flr,
	[TRIGGER_HOT_RESET] = &trigger_hot_reset,
	[TRIGGER_SIBLING] = &trigger_sibling,
	[TRIGGER_SYSFS] = &trigger_sysfs,
	[TRIGGER_D3HOT] = &trigger_d3hot,
	[TRIGGER_LOW_POWER] = &trigger_low_power,
	[TRIGGER_KILL] = &trigger_kill,
	[TRIGGER_UNBIND] = &trigger_unbind,
	[TRIGGER_REMOVE] = &trigger_remove,
	[TRIGGER_ERROR] = &trigger_error,
};

const char *trigger_name(enum trigger trigger)
{
	return kinds[trigger]->name;
}

int trigger_by_name(const char *name)
{
	for (int i = 0; i < TRIGGERS; i++)
		if (!strcmp(kinds[i]->name, name))
			return i;
	return -1;
}

const char *trigger_why_not(struct rig *rig, enum trigger trigger)
{
	return kinds[trigger]->why_not ? kinds[trigger]->why_not(rig) : NULL;
}

bool trigger_leaves_usable(enum trigger trigger)
{
	return kinds[trigger]->usable;
}

bool trigger_comes_back(enum trigger trigger)
{
	return kinds[trigger]->back;
}

void trigger_prepare(struct rig *rig, enum trigger trigger)
{
	if (trigger != TRIGGER_KILL)
		return;
	rig_unmap_bar(rig);
	close_device(rig);
	owner_start(&rig->owner, rig->span);
}

void trigger_pull(struct rig *rig, enum trigger trigger)
{
	int ret = kinds[trigger]->pull(rig);

	if (ret)
		tap_die(kinds[trigger]->name, "%s (%s)", strerror(-ret), peerbar_errmsg());
}

void trigger_recover(struct rig *rig, enum trigger trigger)
{
	int ret = kinds[trigger]->recover ? kinds[trigger]->recover(rig) : 0;

	if (ret)
		tap_die(kinds[trigger]->name, "recovery: %s (%s)", strerror(-ret),
			peerbar_errmsg());
	if (!rig->dev)
		rig_open_device(rig);
	rig_map_bar(rig);
}
