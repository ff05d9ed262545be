// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * An importer that sits in its callback, and so holds the lock of its buffer. While it does,
 * no further importer of that buffer can be told, but those of the other buffers are. If an
 * IOMMU translates, the buffer's mappings are closed there after the timeout. The importer that
 * sits is blamed; the one that could not be told is not.
 */
#include <stdio.h>
#include <unistd.h>

#include "lib/blame.h"
#include "lib/clock.h"
#include "lib/importer_bench.h"
#include "lib/kmsg.h"
#include "lib/nicctl.h"
#include "lib/resetter.h"
#include "lib/tap.h"
#include "revoke_patience.h"

#define SLACK_MS 2000u		/* for the event itself, and for slow emulation */
#define LATE_MS 300u

struct crowd {
	struct bench b;
	char name[64];
	int dmabuf[3];
	uint32_t sitter;		/* an importer of the first buffer */
	uint32_t beside[2];		/* of that, too: attached before and after it */
	uint32_t other[2];		/* one of each of the other two buffers */
	bool translated;
	uint64_t reachable;		/* before all this; everything if no IOMMU translates */
	struct blame blame;
	struct resetter r;
};

static uint32_t attach_sitter(struct bench *b, enum pti_mode mode, uint32_t callback_ms)
{
	struct pti_attach how = {
		.dmabuf_fd = b->dmabuf, .mode = mode, .callback_ms = callback_ms,
	};

	if (importer_attach_as(b->fd, &how, importing_device()) ||
	    importer_map(b->fd, how.handle))
		tap_die("sitter", "it does not map");
	return how.handle;
}

static void assemble(struct crowd *c, enum pti_mode mode, bool translated,
		     uint32_t callback_ms)
{
	bench_open(&c->b, c->name);
	c->translated = translated;
	c->reachable = nicctl_reachable();
	c->dmabuf[0] = c->b.dmabuf;
	c->beside[0] = attach_and_map(&c->b, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE);
	c->sitter = attach_sitter(&c->b, mode, callback_ms);
	c->beside[1] = attach_and_map(&c->b, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE);
	for (unsigned int i = 0; i < 2; i++) {
		c->dmabuf[i + 1] = rig_export(&c->b.rig);
		c->b.dmabuf = c->dmabuf[i + 1];
		c->other[i] = attach_and_map(&c->b, i ? PTI_PINNED : PTI_DYNAMIC,
					     PTI_UNMAP_AT_ONCE);
	}
	blame_begin(&c->blame);
}

static void dissolve(struct crowd *c)
{
	const uint32_t handle[] = {
		c->sitter, c->beside[0], c->beside[1], c->other[0], c->other[1],
	};
	unsigned int detached = 0;
	char text[IMPORTER_TITLE];

	for (unsigned int i = 0; i < 5; i++)
		detached += !importer_detach(c->b.fd, handle[i]);
	tap_check(detached == 5, importer_title(text, c->name, "all detach"), "%u of 5 do",
		  detached);
	check_reachable(c->reachable, c->name, "nothing is left");
	expect(peerbar_reset(c->b.rig.dev), 0, c->name, "the next reset works");
	for (unsigned int i = 0; i < 2; i++)
		close(c->dmabuf[i]);
	bench_close(&c->b);
}

/* If the callback is never called, the watchdog ends the test. */
static void wait_until_it_sits(struct crowd *c)
{
	while (importer_sitting(c->b.fd) < 1)
		sleep_us(1000);
}

static void wait_until_told(struct crowd *c, uint32_t handle)
{
	while (!query(&c->b, handle).revokes && !c->r.done)
		sleep_us(1000);
}

/* The others must let go before the timeout of the one that sits. */
static void check_others(struct crowd *c)
{
	static const char *const what[2] = {
		"the dynamic importer of the second buffer lets go at once",
		"the pinned importer of the third buffer lets go at once",
	};
	char text[IMPORTER_TITLE];
	struct pti_query q;
	uint64_t after_ms;

	for (unsigned int i = 0; i < 2; i++) {
		wait_until_told(c, c->other[i]);
		q = query(&c->b, c->other[i]);
		after_ms = (q.unmapped_at / 1000 - c->r.start_us) / 1000;
		tap_check(q.revokes == 1 && !(q.state & PTI_MAPPED) &&
			  after_ms < PATIENCE_TIMEOUT_MS,
			  importer_title(text, c->name, what[i]),
			  "%u revokes, state %#x, %.1f ms after the reset began", q.revokes,
			  q.state, (double)after_ms);
	}
}

/* The sitter holds its buffer's lock, so no importer of that buffer can be queried. */
static void check_closed(struct crowd *c)
{
	char text[IMPORTER_TITLE];

	expect(resetter_join(&c->r), 0, c->name, "the reset works");
	tap_note("%s: the reset took %.1f ms of %u", c->name, us_to_ms(c->r.took_us),
		 PATIENCE_TIMEOUT_MS);
	tap_check(c->r.took_us <= (PATIENCE_TIMEOUT_MS + SLACK_MS) * 1000ull,
		  importer_title(text, c->name, "the reset ends in time"), "it took %.1f ms",
		  us_to_ms(c->r.took_us));
	tap_check(importer_sitting(c->b.fd) == 1,
		  importer_title(text, c->name, "while the callback sits on"), "it does not");
	check_reachable(c->reachable, c->name, "the NIC reaches nothing of its buffer");
	blame_check(&c->blame, 1, 1, c->name);
	expect(importer_map(c->b.fd, c->other[0]), 0, c->name,
	       "the dynamic importer of the second buffer maps again");
	expect(importer_unmap(c->b.fd, c->other[0]), 0, c->name, "and unmaps");
}

/* No IOMMU translates: the reset waits for the sitter as long as it takes. */
static void check_waits(struct crowd *c)
{
	char text[IMPORTER_TITLE];

	tap_check(patience_wait_for_name(c->blame.log),
		  importer_title(text, c->name, "the log says for whom the reset waits"),
		  "it does not");
	tap_check(!c->r.done, importer_title(text, c->name, "the reset waits"), "it does not");
}

static void wake(struct crowd *c)
{
	char text[IMPORTER_TITLE];
	unsigned int told = 0;

	expect(importer_wake(c->b.fd), 0, c->name, "wake it");
	for (unsigned int i = 0; i < 2; i++) {
		struct pti_query q = query(&c->b, c->beside[i]);

		told += q.revokes == 1 && !(q.state & PTI_MAPPED);
	}
	tap_check(told == 2, importer_title(text, c->name,
					    "those beside it are told then, and unmap"),
		  "%u of 2 are", told);
}

static void map_beside(struct crowd *c)
{
	for (unsigned int i = 0; i < 2; i++)
		expect(importer_map(c->b.fd, c->beside[i]), 0, c->name,
		       i ? "the one behind it maps again" : "the one before it maps again");
}

static void check_afterwards(struct crowd *c, int sitter_maps)
{
	char text[IMPORTER_TITLE];
	struct pti_query q = query(&c->b, c->sitter);

	tap_check(!(q.state & PTI_MAPPED),
		  importer_title(text, c->name, "the one that sat unmaps, too"), "state %#x",
		  q.state);
	map_beside(c);
	check_reachable(c->reachable + (c->translated ? 2 * SPAN : 0), c->name,
			"and the NIC reaches the BAR");
	expect(importer_map(c->b.fd, c->sitter), sitter_maps, c->name,
	       sitter_maps ? "the one that sat maps no more" : "the one that sat maps again");
}

static void sits(enum pti_mode mode, bool translated)
{
	int again = mode == PTI_PINNED ? -ESTALE : translated ? -ENODEV : 0;
	struct crowd c;

	snprintf(c.name, sizeof(c.name), "callback sits, %s", mode_name(mode));
	assemble(&c, mode, translated, PTI_SIT);
	resetter_start(&c.r, c.b.rig.dev);
	wait_until_it_sits(&c);
	check_others(&c);
	if (translated)
		check_closed(&c);
	else
		check_waits(&c);
	wake(&c);
	if (!translated) {
		expect(resetter_join(&c.r), 0, c.name, "the reset ends");
		blame_check(&c.blame, 0, 0, c.name);
	}
	check_afterwards(&c, again);
	dissolve(&c);
}

/* A callback that returns before the timeout: nobody of its buffer has done anything wrong. */
static void is_late(enum pti_mode mode, bool translated)
{
	struct crowd c;

	snprintf(c.name, sizeof(c.name), "callback takes its time, %s", mode_name(mode));
	assemble(&c, mode, translated, LATE_MS);
	resetter_start(&c.r, c.b.rig.dev);
	check_others(&c);
	expect(resetter_join(&c.r), 0, c.name, "the reset works");
	check_reachable(c.reachable, c.name, "all have let go");
	blame_check(&c.blame, 0, 0, c.name);
	map_beside(&c);
	dissolve(&c);
}

void patience_sitter(enum pti_mode mode, bool translated)
{
	sits(mode, translated);
	is_late(mode, translated);
}
