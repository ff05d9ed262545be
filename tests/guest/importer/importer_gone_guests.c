// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Importers that outlive their device's driver; see importer_gone.h. */
#include <errno.h>
#include <string.h>

#include "importer_gone.h"
#include "lib/tap.h"

static const struct {
	enum pti_mode mode;
	uint32_t delay_ms;	/* after it is told to let go */
	bool unmaps_first;	/* by itself, before the device goes */
} kinds[GUESTS] = {
	{ PTI_DYNAMIC, PTI_UNMAP_AT_ONCE, true },
	{ PTI_DYNAMIC, PTI_UNMAP_AT_ONCE, false },
	{ PTI_DYNAMIC, PTI_UNMAP_NEVER, false },
	{ PTI_PINNED, PTI_UNMAP_AT_ONCE, true },
	{ PTI_PINNED, PTI_UNMAP_AT_ONCE, false },
	{ PTI_PINNED, PTI_UNMAP_NEVER, false },
	{ PTI_UNREVOCABLE, PTI_UNMAP_AT_ONCE, true },
	{ PTI_UNREVOCABLE, PTI_UNMAP_AT_ONCE, false },
};

static bool holds_on(unsigned int i)
{
	return !kinds[i].unmaps_first &&
	       (kinds[i].mode == PTI_UNREVOCABLE || kinds[i].delay_ms == PTI_UNMAP_NEVER);
}

static bool is_told(unsigned int i)
{
	return !kinds[i].unmaps_first && kinds[i].mode != PTI_UNREVOCABLE;
}

static void come(struct guests *g, unsigned int i)
{
	struct pti_attach how = {
		.dmabuf_fd = g->b->dmabuf, .mode = kinds[i].mode,
		.unmap_delay_ms = kinds[i].delay_ms, .flags = PTI_STAYS,
	};
	struct pti_entry entry;
	struct pti_query q;

	if (importer_attach_as(g->b->fd, &how, g->device) ||
	    importer_map(g->b->fd, how.handle) ||
	    importer_query(g->b->fd, how.handle, &q, &entry, 1))
		tap_die(g->name, "a %s importer cannot map", mode_name(kinds[i].mode));
	g->handle[i] = how.handle;
	g->address[i] = entry.address;
	if (!kinds[i].unmaps_first)
		g->mapped += SPAN;
	else if (importer_unmap(g->b->fd, how.handle))
		tap_die(g->name, "a %s importer cannot unmap", mode_name(kinds[i].mode));
}

void guests_come(struct guests *g, struct bench *b, const char *device, const char *name)
{
	memset(g, 0, sizeof(*g));
	g->b = b;
	g->name = name;
	g->device = device;
	for (unsigned int i = 0; i < GUESTS; i++)
		come(g, i);
}

static bool as_expected(unsigned int i, const struct pti_query *q)
{
	return (q->revokes == 1) == is_told(i) && (q->state & PTI_MAPPED) == holds_on(i);
}

/* Guest @i, which has nothing mapped, must not map. Once told, a pinned one refuses itself. */
static bool maps_no_more(struct guests *g, unsigned int i)
{
	int expected = kinds[i].mode == PTI_PINNED && is_told(i) ? -ESTALE : -ENODEV;
	int ret = importer_map(g->b->fd, g->handle[i]);

	if (ret != expected)
		tap_note("%s importer %u: map gives %s", mode_name(kinds[i].mode), i,
			 strerror(-ret));
	return ret == expected;
}

void guests_check(struct guests *g)
{
	unsigned int good = 0, refused = 0;
	char text[IMPORTER_TITLE];

	for (unsigned int i = 0; i < GUESTS; i++) {
		struct pti_query q = query(g->b, g->handle[i]);

		if (!as_expected(i, &q))
			tap_note("%s importer %u: %u revokes, state %#x",
				 mode_name(kinds[i].mode), i, q.revokes, q.state);
		good += as_expected(i, &q);
		refused += holds_on(i) || maps_no_more(g, i);
	}
	tap_check(good == GUESTS,
		  importer_title(text, g->name, "those that can let go were told, and did"),
		  "not %u of %u", GUESTS - good, GUESTS);
	tap_check(refused == GUESTS, importer_title(text, g->name, "none maps any more"),
		  "not %u of %u", GUESTS - refused, GUESTS);
}

void guests_go(struct guests *g)
{
	unsigned int unmapped = 0, refused = 0, detached = 0;
	char text[IMPORTER_TITLE];

	for (unsigned int i = 0; i < GUESTS; i++) {
		unmapped += importer_unmap(g->b->fd, g->handle[i]) ==
			    (holds_on(i) ? 0 : -ENODATA);
		refused += maps_no_more(g, i);
		detached += !importer_detach(g->b->fd, g->handle[i]);
	}
	tap_check(unmapped == GUESTS && refused == GUESTS && detached == GUESTS,
		  importer_title(text, g->name, "what is left unmaps for good, and all detach"),
		  "%u, %u and %u of %u", unmapped, refused, detached, GUESTS);
}
