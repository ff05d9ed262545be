// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* One way to take the BAR away, as one importer that can revoke sees it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "importer.h"
#include "lib/clock.h"
#include "lib/nicctl.h"
#include "lib/tap.h"

/* What the importer reports just after access was taken away. */
static void check_revoked(const struct pti_query *q, enum pti_mode mode, uint32_t delay_ms,
			  const char *name)
{
	uint64_t held_ns = q->unmapped_at - q->notified_at;
	uint32_t state = mode == PTI_PINNED ? PTI_DEAD : 0;
	char text[IMPORTER_TITLE];

	tap_note("%s: %u notifications, unmapped %.3f ms after", name, q->notifies,
		 (double)held_ns / 1e6);
	tap_check(q->state == state && q->revokes == 1 && q->notified_at >= q->mapped_at &&
		  q->unmapped_at >= q->notified_at && held_ns >= delay_ms * 1000000ull,
		  importer_title(text, name, "notified once while mapped, and unmapped"),
		  "state %#x, %u revokes, held for %" PRIu64 " ns", q->state, q->revokes,
		  held_ns);
}

/* A pinned importer can never map again. For others it depends on the trigger. */
static void check_remap(struct bench *b, uint32_t handle, enum trigger trigger,
			enum pti_mode mode, const char *name)
{
	int away = trigger_leaves_usable(trigger) ? 0 : -ENODEV;
	int back = trigger_comes_back(trigger) ? 0 : -ENODEV;
	int ret;

	if (mode == PTI_PINNED) {
		away = -ESTALE;
		back = -ESTALE;
	}
	ret = importer_map(b->fd, handle);
	expect(ret, away, name, "mapping again, as the device is left");
	if (!ret)
		importer_unmap(b->fd, handle);
	trigger_recover(&b->rig, trigger);
	expect(importer_map(b->fd, handle), back, name, "mapping again, with the device back");
	rig_unmap_bar(&b->rig);
}

void importer_revoke(enum pti_mode mode, enum trigger trigger, uint32_t delay_ms)
{
	char name[64], text[IMPORTER_TITLE];
	uint64_t before, took_us;
	struct pti_query q;
	struct bench b;
	uint32_t handle;

	snprintf(name, sizeof(name), "%s, %s%s", mode_name(mode), trigger_name(trigger),
		 delay_ms ? ", late" : "");
	bench_open_for(&b, trigger, name);
	before = nicctl_reachable();
	handle = attach_and_map(&b, mode, delay_ms);
	took_us = now_us();
	trigger_pull(&b.rig, trigger);
	took_us = now_us() - took_us;
	check_reachable(before, name, "the NIC does not reach what is revoked");
	q = query(&b, handle);
	check_revoked(&q, mode, delay_ms, name);
	tap_check(took_us >= delay_ms * 1000, importer_title(text, name, "waited for the importer"),
		  "it took %.3f ms", us_to_ms(took_us));
	check_remap(&b, handle, trigger, mode, name);
	expect(importer_detach(b.fd, handle), 0, name, "detach");
	bench_close(&b);
}
