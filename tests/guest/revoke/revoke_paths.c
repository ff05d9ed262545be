// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * revoke_paths: every way in which a BAR is taken away, with these importers: EFA, which is
 * pinned and revocable, with traffic in flight; and a dynamic, a pinned and an unrevocable
 * importer of tests/kmod that map the BAR for the NIC. Ways that this machine's device does
 * not have are skipped.
 *
 *	revoke_paths			all ways that leave the device in the machine
 *	revoke_paths --unplug		the card leaves its slot; needs --qmp
 */
#include <stdio.h>
#include <string.h>

#include "importer/importer.h"
#include "lib/kmsg.h"
#include "lib/stream.h"
#include "lib/tap.h"
#include "revoke.h"
#include "revoke_paths.h"

/* Find out once, with the device open, which paths can be tested. */
static bool select_paths(struct rig *rig, bool *selected)
{
	bool any = false;

	for (int t = 0; t < TRIGGER_PATHS; t++) {
		const char *reason = trigger_why_not(rig, (enum trigger)t);

		selected[t] = !reason;
		any |= selected[t];
		if (reason)
			tap_skip(trigger_name((enum trigger)t), "%s", reason);
	}
	return any;
}

static void run_traffic(bool *selected)
{
	struct revoke_result result;
	struct rig rig;

	rig_open(&rig, STREAM_SPAN, STREAM_HOST, STREAM_DEPTH);
	if (!select_paths(&rig, selected))
		tap_die("paths", "this device has none");
	for (int t = 0; t < TRIGGER_PATHS; t++)
		if (selected[t])
			revoke_traffic(&rig, (enum trigger)t, 1, &result);
	rig_close(&rig);
}

static void run_importers(const bool *selected)
{
	for (int t = 0; t < TRIGGER_PATHS; t++) {
		if (!selected[t])
			continue;
		importer_revoke(PTI_DYNAMIC, (enum trigger)t, PTI_UNMAP_AT_ONCE);
		importer_revoke(PTI_PINNED, (enum trigger)t, PTI_UNMAP_AT_ONCE);
		importer_fenced((enum trigger)t);
	}
}

int main(int argc, char **argv)
{
	bool unplug = argc == 2 && !strcmp(argv[1], "--unplug");
	bool selected[TRIGGER_PATHS];
	uint64_t log = kmsg_position();

	if (argc > 1 && !unplug) {
		fprintf(stderr, "usage: %s [--unplug]\n", argv[0]);
		return 2;
	}
	if (unplug) {
		revoke_unplug();
	} else {
		run_traffic(selected);
		run_importers(selected);
		revoke_error();
		revoke_removal();
		revoke_late();
		revoke_unload();
	}
	kmsg_check(log);
	return tap_exit_status();
}
