// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A PCI Express error that is not fatal: VFIO tells the owner, the link and the device go
 * on, and so do the importers. With the kernel's exporter, which does not revoke on a fatal
 * error either, the result of a fatal error is shown, too, and not judged.
 */
#include <stdio.h>

#include "lib/importer_bench.h"
#include "lib/tap.h"
#include "revoke_paths.h"

static const char name[] = "error that is not fatal";

/* Inject the error while a dynamic and a pinned importer have the BAR mapped. */
static void keep(struct bench *b, const char *error, bool judge)
{
	static const enum pti_mode modes[] = { PTI_DYNAMIC, PTI_PINNED };
	char text[IMPORTER_TITLE], what[64];
	uint32_t handle[2];
	struct pti_query q;

	for (int i = 0; i < 2; i++)
		handle[i] = attach_and_map(b, modes[i], PTI_UNMAP_AT_ONCE);
	importer_title(text, name, "the owner is told, and the kernel recovers");
	tap_check(!trigger_inject(&b->rig, error), text, "%s: it is not so", error);
	for (int i = 0; i < 2; i++) {
		q = query(b, handle[i]);
		snprintf(what, sizeof(what), "%s keeps the BAR", mode_name(modes[i]));
		importer_title(text, name, what);
		if (judge)
			tap_check(q.state == PTI_MAPPED && !q.revokes, text,
				  "state %#x, %u revokes", q.state, q.revokes);
		else
			tap_note("the kernel's exporter, fatal error: %s has state %#x, %u revokes",
				 mode_name(modes[i]), q.state, q.revokes);
		expect(importer_detach(b->fd, handle[i]), 0, name, "detach");
	}
}

void revoke_error(void)
{
	const char *reason;
	struct bench b;

	bench_open(&b, name);
	reason = trigger_no_errors(&b.rig);
	if (reason)
		tap_skip(name, "%s", reason);
	else
		keep(&b, "COMP_TIME", true);
	if (!reason && !rig_driver_is_ours())
		keep(&b, "DLP", false);
	bench_close(&b);
}
