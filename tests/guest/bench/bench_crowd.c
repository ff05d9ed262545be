// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Crowds of importers, made by tests/kmod; see bench_bounds.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bench_bounds.h"
#include "lib/tap.h"
#include "lib/test_importer.h"

#define PAGE 4096u

static const char *const names[BEHAVIOURS] = { "once", "never", "sit" };

const char *behaviour_name(enum behaviour behaviour)
{
	return names[behaviour];
}

int behaviour_by_name(const char *name)
{
	for (unsigned int i = 0; i < BEHAVIOURS; i++)
		if (!strcmp(name, names[i]))
			return (int)i;
	return -1;
}

static void must(int ret, const char *what)
{
	if (ret)
		tap_die(what, "%s", strerror(-ret));
}

/* Export pages with gaps between them, so that no two ranges can be merged. */
static int export(const struct crowd *c, struct rig *rig)
{
	struct peerbar_range range[CROWD_RANGES];
	int fd;

	for (unsigned int i = 0; i < c->ranges; i++)
		range[i] = (struct peerbar_range){ 2ull * i * PAGE, PAGE };
	fd = peerbar_export(rig->dev, rig_bar(), range, c->ranges, O_RDWR);
	if (fd < 0)
		tap_die("export", "%s", peerbar_errmsg());
	return fd;
}

static bool is_last(const struct crowd *c, unsigned int mr)
{
	return mr == c->mrs - 1;
}

/*
 * The dma-buf core tells the importer first that attached last. The one that sits is that one,
 * so no other importer of its buffer is told meanwhile.
 */
static void attach(struct crowd *c, unsigned int mr)
{
	struct pti_attach how = {
		.dmabuf_fd = c->dmabuf[mr % c->buffers], .mode = PTI_PINNED,
		.unmap_delay_ms = c->behaviour == NEVER ? PTI_UNMAP_NEVER : PTI_UNMAP_AT_ONCE,
		.callback_ms = c->behaviour == SIT && is_last(c, mr) ? PTI_SIT : 0,
	};

	must(importer_attach_as(c->importer, &how, c->device), "attach");
	c->handle[mr] = how.handle;
}

/*
 * Map in reverse order of attaching. If the exporter refuses some, the importer that attached
 * last (which sits, with SIT) is not among them.
 */
static void map_all(struct crowd *c)
{
	int ret = 0;

	for (c->mapped = 0; c->mapped < c->mrs; c->mapped++) {
		ret = importer_map(c->importer, c->handle[c->mrs - 1 - c->mapped]);
		if (ret)
			break;
	}
	if (ret != -ENOMEM)
		must(ret, "map");
}

void crowd_open(struct crowd *c, struct rig *rig)
{
	for (unsigned int i = 0; i < c->buffers; i++)
		c->dmabuf[i] = export(c, rig);
	for (unsigned int i = 0; i < c->mrs; i++)
		attach(c, i);
	map_all(c);
}

/*
 * A query waits for the buffer's reservation lock, which is held while its callbacks run. So the
 * queries return only when the callbacks are over.
 */
void crowd_finish(struct crowd *c)
{
	struct pti_query q;

	if (c->behaviour == SIT)
		must(importer_wake(c->importer), "wake");
	for (unsigned int i = 0; i < c->mrs; i++)
		must(importer_query(c->importer, c->handle[i], &q, NULL, 0), "query");
}

void crowd_detach_last(struct crowd *c)
{
	must(importer_detach(c->importer, c->handle[c->mrs - 1]), "detach");
}

void crowd_detach_others(struct crowd *c)
{
	for (unsigned int i = 0; !is_last(c, i); i++)
		must(importer_detach(c->importer, c->handle[i]), "detach");
}

void crowd_close(struct crowd *c)
{
	for (unsigned int i = 0; i < c->buffers; i++)
		close(c->dmabuf[i]);
}
