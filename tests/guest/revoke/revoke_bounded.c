// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * revoke_bounded: importers and a NIC that do not keep their promise. Several importers on
 * several buffers never unmap. Each way to take the BAR away must end within a single
 * revoke_timeout_ms for all of them together, must log who did not let go, and must leave
 * the NIC no access to the BAR. revoke_contained.c has a NIC that ignores DEREG_MR.
 *
 * peerbar-vfio-pci promises this. The kernel's exporter does not, and waits for ever: with
 * it the first part is skipped, and the NIC's figures of the second are shown and not judged.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/exporter.h"
#include "lib/importer_bench.h"
#include "lib/kmsg.h"
#include "lib/nicctl.h"
#include "lib/tap.h"
#include "revoke_bounded.h"

#define TIMEOUT_MS 600u
#define SLACK_MS 2000u		/* for the event itself, and for slow emulation */
#define BUFFERS 3u
#define HOLDERS (2 * BUFFERS)	/* a dynamic and a pinned one for each buffer */

struct holders {
	struct bench bench;		/* its dmabuf is the first buffer */
	int dmabuf[BUFFERS];
	uint32_t handle[HOLDERS];	/* even: dynamic, odd: pinned */
};

static void hold(struct holders *h, enum trigger trigger, const char *name)
{
	bench_open_for(&h->bench, trigger, name);
	h->dmabuf[0] = h->bench.dmabuf;
	for (unsigned int i = 0; i < BUFFERS; i++) {
		if (i)
			h->dmabuf[i] = rig_export(&h->bench.rig);
		h->bench.dmabuf = h->dmabuf[i];
		h->handle[2 * i] = attach_and_map(&h->bench, PTI_DYNAMIC, PTI_UNMAP_NEVER);
		h->handle[2 * i + 1] = attach_and_map(&h->bench, PTI_PINNED, PTI_UNMAP_NEVER);
	}
}

/* The importers still believe that they have the BAR. Unmapping is harmless, mapping fails. */
static void let_go(struct holders *h, const char *name)
{
	unsigned int unaware = 0, unmapped = 0, refused = 0;
	char text[IMPORTER_TITLE];

	for (unsigned int i = 0; i < HOLDERS; i++) {
		unaware += query(&h->bench, h->handle[i]).state & PTI_UNMAPPING ? 1 : 0;
		unmapped += !importer_unmap(h->bench.fd, h->handle[i]);
		refused += importer_map(h->bench.fd, h->handle[i]) ==
			   (i % 2 ? -ESTALE : -ENODEV);
	}
	tap_check(unaware == HOLDERS && unmapped == HOLDERS && refused == HOLDERS,
		  importer_title(text, name, "each can unmap afterwards, and not map again"),
		  "of %u: %u still mapped, %u unmapped, %u refused", HOLDERS, unaware, unmapped,
		  refused);
}

static void release(struct holders *h)
{
	for (unsigned int i = 0; i < HOLDERS; i++)
		importer_detach(h->bench.fd, h->handle[i]);
	for (unsigned int i = 1; i < BUFFERS; i++)
		close(h->dmabuf[i]);
	h->bench.dmabuf = h->dmabuf[0];
	bench_close(&h->bench);
}

/*
 * @waits is false for an unbind, which does not wait for importers. It waits for the owner to
 * close the device, and by then everything is revoked.
 */
static void check_time(uint64_t took_us, bool waits, const char *name)
{
	char text[IMPORTER_TITLE];

	tap_note("%s: %u holders, %u ms allowed, took %.1f ms", name, HOLDERS, TIMEOUT_MS,
		 us_to_ms(took_us));
	/* closing the mappings is part of the timeout, so the wait may be shorter than that */
	tap_check((!waits || took_us >= TIMEOUT_MS * 1000ull / 2) &&
		  took_us <= (TIMEOUT_MS + SLACK_MS) * 1000ull,
		  importer_title(text, name, "bounded"), "it took %.1f ms", us_to_ms(took_us));
}

/*
 * The log has one line per event, because a single importing device holds all mappings. An
 * unbind is two events, each of which may close some of the mappings.
 */
static void check_log(uint64_t since, const char *name)
{
	char text[IMPORTER_TITLE];
	int lines = kmsg_count(since, "did not let go");

	tap_check(lines >= 1 && lines <= 2, importer_title(text, name, "logged"),
		  "%d lines for %u importers", lines, HOLDERS);
}

static void check_life(struct holders *h, uint64_t before, const char *name)
{
	struct bench *b = &h->bench;
	uint32_t handle;

	b->dmabuf = rig_export(&b->rig);
	handle = attach_and_map(b, PTI_PINNED, PTI_UNMAP_AT_ONCE);
	check_reachable(before + SPAN, name, "a new buffer can be imported");
	expect(importer_detach(b->fd, handle), 0, name, "and let go of");
	close(b->dmabuf);
}

static void never_unmap(enum trigger trigger)
{
	uint64_t before = nicctl_reachable(), log, took;
	struct holders h;
	char name[64];

	snprintf(name, sizeof(name), "never unmap, %s", trigger_name(trigger));
	hold(&h, trigger, name);
	log = kmsg_position();
	took = now_us();
	trigger_pull(&h.bench.rig, trigger);
	took = now_us() - took;
	check_reachable(before, name, "the NIC is cut off");
	check_time(took, trigger != TRIGGER_UNBIND, name);
	check_log(log, name);
	trigger_recover(&h.bench.rig, trigger);
	let_go(&h, name);
	check_life(&h, before, name);
	rig_unmap_bar(&h.bench.rig);
	release(&h);
	check_reachable(before, name, "nothing is left");
}

int main(void)
{
	static const enum trigger triggers[] = {
		TRIGGER_RESET, TRIGGER_MEMORY, TRIGGER_CLOSE, TRIGGER_SYSFS, TRIGGER_LOW_POWER,
		TRIGGER_UNBIND,
	};
	uint64_t log = kmsg_position();
	unsigned int old;

	if (rig_exporter_is_ours()) {
		old = exporter_set_timeout(TIMEOUT_MS);
		for (unsigned int i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++)
			never_unmap(triggers[i]);
		exporter_set_timeout(old);
	} else {
		tap_skip("never unmap", "the kernel's exporter waits for ever");
	}
	revoke_contained();
	kmsg_check(log);
	return tap_exit_status();
}
