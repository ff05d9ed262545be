// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Hot unplug: the card leaves its slot while the NIC reads and writes its BAR. Everything that
 * was mapped of the card must be gone for good, and another card in the slot must work.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "lib/census.h"
#include "lib/importer_bench.h"
#include "lib/nicctl.h"
#include "lib/pci.h"
#include "lib/qmp.h"
#include "lib/slot.h"
#include "lib/stream.h"
#include "lib/tap.h"
#include "lib/vfio.h"
#include "lib/watchdog.h"
#include "revoke_paths.h"

#define LIMIT_S 120u
#define WARM_UP 60u
#define AFTERMATH 100u
#define TIMEOUT_MS 30000u

struct unplug {
	const char *name;
	enum slot_way way;
	bool ours;		/* is the exporter peerbar-vfio-pci? */
	uint64_t bar_size;
	char driver[64];
	int importer_fd;
	uint32_t dynamic, pinned;
};

static struct stream stream;

static void check(const struct unplug *u, bool good, const char *what)
{
	char text[IMPORTER_TITLE];

	tap_check(good, importer_title(text, u->name, what), "it is not so");
}

/* An importer beside the NIC's own MR, attached and mapped. */
static uint32_t import(struct unplug *u, int dmabuf, enum pti_mode mode)
{
	uint32_t handle;

	if (importer_attach(u->importer_fd, dmabuf, rig_nic(), mode, PTI_UNMAP_AT_ONCE,
			    &handle) || importer_map(u->importer_fd, handle))
		tap_die(u->name, "%s does not map", mode_name(mode));
	return handle;
}

static void check_importer(struct unplug *u, uint32_t handle, enum pti_mode mode,
			   const char *when)
{
	char what[64], text[IMPORTER_TITLE];
	struct pti_query q;
	int ret = importer_query_soon(u->importer_fd, handle, &q);

	snprintf(what, sizeof(what), "%s has lost it %s", mode_name(mode), when);
	tap_check(!ret && q.revokes == 1 && !(q.state & PTI_MAPPED),
		  importer_title(text, u->name, what), "query %d, %u revokes, state %#x",
		  ret, q.revokes, q.state);
}

static void check_importers(struct unplug *u, const char *when)
{
	check_importer(u, u->dynamic, PTI_DYNAMIC, when);
	check_importer(u, u->pinned, PTI_PINNED, when);
}

static void check_stream(struct unplug *u)
{
	check(u, stream_wait(&stream, &stream.bar_bad, AFTERMATH, TIMEOUT_MS),
	      "requests go on failing");
	stream_stop(&stream);
	check(u, !stream.hung && !stream.post_failed, "every request completes");
	check(u, !stream.late_ok, "later requests fail");
	check(u, stream_errors_fit(&stream), "errors are access errors");
	check(u, !stream.host_bad && !stream.corrupt, "host memory is untouched");
}

static void *pull(void *arg)
{
	slot_pull(*(enum slot_way *)arg);
	return NULL;
}

/* Like a real program, close the device when VFIO asks for that, and not before. */
static void lose(struct unplug *u, struct rig *rig)
{
	int asked = vfio_eventfd(rig->dev->fd, VFIO_PCI_REQ_IRQ_INDEX);
	pthread_t thread;

	if (pthread_create(&thread, NULL, pull, &u->way))
		tap_die(u->name, "cannot start a thread");
	check(u, vfio_signalled(asked, TIMEOUT_MS), "the owner is asked to close the device");
	if (u->ours)
		check_importers(u, "before that");
	peerbar_close(rig->dev);
	rig->dev = NULL;
	pthread_join(thread, NULL);
	check(u, slot_wait(false, TIMEOUT_MS), "the device is gone");
	stream_fence(&stream);
	close(asked);
}

static void lose_under_load(struct unplug *u, struct rig *rig)
{
	struct window w;

	u->importer_fd = importer_open();
	window_open(&w, rig, 1);
	u->dynamic = import(u, w.fd, PTI_DYNAMIC);
	u->pinned = import(u, w.fd, PTI_PINNED);
	stream_start(&stream, rig, &w, false);
	check(u, stream_wait(&stream, &stream.bar_ok, WARM_UP, TIMEOUT_MS), "traffic flows");
	rig_unmap_bar(rig);
	lose(u, rig);
	check_importers(u, "for good");
	check_stream(u);
	close(u->importer_fd);
	check(u, window_close(&w), "the dead MR deregisters");
}

static void check_new_card(struct unplug *u)
{
	struct window w;
	struct rig rig;

	slot_plug(u->bar_size);
	if (!slot_wait(true, TIMEOUT_MS) || !pci_bind_new(rig_gpu(), u->driver, TIMEOUT_MS))
		tap_die(u->name, "the new card does not come");
	rig_open(&rig, 4 * MIB, 4 * MIB, 8);
	window_open(&w, &rig, 1);
	check(u, !window_verify(&rig, &w, 4096 + 5, MIB + 77), "another card in the slot works");
	check(u, window_close(&w), "its MR deregisters");
	rig_close(&rig);
}

/*
 * What the NIC has accessed without a right to. A card that is gone before anybody was told
 * has taken its memory with it: what the NIC then sends there goes nowhere. An IOMMU that
 * guards the BAR hides that, because QEMU keeps memory that the IOMMU has mapped.
 */
static uint64_t stray(const struct unplug *u)
{
	bool lands_nowhere = u->way == SLOT_SURPRISE && !rig_is_guarded();

	return lands_nowhere ? nicctl_landings() : rig_stray();
}

static void unplug(struct unplug *u)
{
	struct census before, after;
	uint64_t stray_before;
	struct rig rig;

	watchdog_set(LIMIT_S, u->name);
	qmp_open();
	stray_before = stray(u);
	census_take(&before, rig_ibdev());
	rig_open(&rig, STREAM_SPAN, STREAM_HOST, STREAM_DEPTH);
	u->bar_size = vfio_region_size(rig.dev->fd, rig_bar());
	lose_under_load(u, &rig);
	rig_close(&rig);
	check_new_card(u);
	census_take(&after, rig_ibdev());
	census_check(&before, &after, u->name);
	check(u, stray(u) == stray_before, "no stray DMA");
	watchdog_clear();
}

void revoke_unplug(void)
{
	for (int way = 0; way < SLOT_WAYS; way++) {
		const char *reason = slot_why_not((enum slot_way)way);
		struct unplug u = {
			.name = slot_way_name((enum slot_way)way),
			.way = (enum slot_way)way, .ours = rig_exporter_is_ours(),
		};

		if (reason) {
			tap_skip(u.name, "%s", reason);
			continue;
		}
		if (pci_driver(rig_gpu(), u.driver, sizeof(u.driver)))
			tap_die(u.name, "%s has no driver", rig_gpu());
		unplug(&u);
	}
}
