// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * An importer that promised to unmap and does not. The kernel's own exporter waits for it
 * without limit; peerbar-vfio-pci waits for revoke_timeout_ms and then closes the mapping
 * itself.
 */
#include <stdio.h>

#include "importer.h"
#include "lib/clock.h"
#include "lib/exporter.h"
#include "lib/nicctl.h"
#include "lib/resetter.h"
#include "lib/tap.h"

#define TIMEOUT_MS 1000u
#define SLACK_MS 2000u		/* for the reset itself, and for slow emulation */
#define HELD_MS 300u

/* Returns when the importer has been notified. */
static void start_reset(struct resetter *r, struct bench *b, uint32_t handle)
{
	resetter_start(r, b->rig.dev);
	while (!query(b, handle).revokes)
		sleep_us(2000);
}

static void end_reset(struct resetter *r, const char *name)
{
	expect(resetter_join(r), 0, name, "the reset works");
}

/* The reset waits. When the test makes the importer unmap, the reset ends. */
static void holds(struct bench *b, uint32_t handle, const char *name)
{
	char text[IMPORTER_TITLE];
	struct resetter r;
	uint32_t state;

	start_reset(&r, b, handle);
	sleep_us(HELD_MS * 1000);
	state = query(b, handle).state;
	tap_check(!r.done && state & PTI_UNMAPPING,
		  importer_title(text, name, "the reset waits for it"),
		  "it did not; state %#x", state);
	expect(importer_unmap(b->fd, handle), 0, name, "unmap by hand");
	end_reset(&r, name);
}

/* The reset ends in time, the NIC is cut off, and what the importer does is harmless. */
static void is_cut_off(struct bench *b, uint32_t handle, uint64_t before, const char *name)
{
	unsigned int old = exporter_set_timeout(TIMEOUT_MS);
	char text[IMPORTER_TITLE];
	struct resetter r;

	start_reset(&r, b, handle);
	end_reset(&r, name);
	exporter_set_timeout(old);
	tap_check(r.took_us >= TIMEOUT_MS * 1000 / 2 &&
		  r.took_us <= (TIMEOUT_MS + SLACK_MS) * 1000,
		  importer_title(text, name, "the reset waits for the time that is set"),
		  "it took %.3f ms", us_to_ms(r.took_us));
	check_reachable(before, name, "the NIC is cut off");
	tap_check(query(b, handle).state & PTI_UNMAPPING,
		  importer_title(text, name, "and does not know"),
		  "state %#x", query(b, handle).state);
	expect(importer_unmap(b->fd, handle), 0, name, "unmap by hand");
}

void importer_stubborn(enum pti_mode mode)
{
	uint32_t handle, next;
	uint64_t before;
	struct bench b;
	char name[64];

	snprintf(name, sizeof(name), "%s, never unmaps", mode_name(mode));
	bench_open(&b, name);
	before = nicctl_reachable();
	handle = attach_and_map(&b, mode, PTI_UNMAP_NEVER);
	if (rig_exporter_is_ours())
		is_cut_off(&b, handle, before, name);
	else
		holds(&b, handle, name);
	next = attach_and_map(&b, mode, PTI_UNMAP_AT_ONCE);
	check_reachable(before + SPAN, name, "another importer maps afterwards");
	expect(importer_detach(b.fd, next), 0, name, "the other detaches");
	expect(importer_detach(b.fd, handle), 0, name, "detach");
	check_reachable(before, name, "nothing is left");
	bench_close(&b);
}
