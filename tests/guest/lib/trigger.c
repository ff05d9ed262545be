// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Taking access away; see trigger.h. */
#include <string.h>

#include "tap.h"
#include "trigger.h"

static const char *const names[] = {
	[TRIGGER_RESET] = "reset", [TRIGGER_MEMORY] = "memory", [TRIGGER_CLOSE] = "close",
};

const char *trigger_name(enum trigger trigger)
{
	return names[trigger];
}

int trigger_by_name(const char *name)
{
	for (int i = 0; i < TRIGGERS; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

void trigger_pull(struct rig *rig, enum trigger trigger)
{
	int ret = 0;

	switch (trigger) {
	case TRIGGER_RESET:
		ret = peerbar_reset(rig->dev);
		break;
	case TRIGGER_MEMORY:
		ret = peerbar_set_memory(rig->dev, false);
		break;
	case TRIGGER_CLOSE:
		peerbar_close(rig->dev);
		rig->dev = NULL;
		break;
	case TRIGGERS:
		break;
	}
	if (ret)
		tap_die(names[trigger], "%s", peerbar_errmsg());
}

void trigger_recover(struct rig *rig, enum trigger trigger)
{
	if (trigger == TRIGGER_CLOSE)
		rig_open_device(rig);
	else if (trigger == TRIGGER_MEMORY && peerbar_set_memory(rig->dev, true))
		tap_die("memory on", "%s", peerbar_errmsg());
	rig_map_bar(rig);
}
