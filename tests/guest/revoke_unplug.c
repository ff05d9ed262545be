// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Hot unplug: the slot's power goes off while the NIC reads and writes the BAR. The
 * device is then gone for good, and so is everything that was mapped of it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "importer.h"
#include "lib/census.h"
#include "lib/pci.h"
#include "lib/stream.h"
#include "lib/tap.h"
#include "lib/watchdog.h"
#include "revoke_paths.h"

#define LIMIT_S 60u
#define WARM_UP 60u
#define AFTERMATH 100u

static const char name[] = "unplug";
static struct stream stream;

/* One importer of each kind beside the NIC's own MR. */
static void import(int fd, int dmabuf, enum pti_mode mode, uint32_t *handle)
{
	if (importer_attach(fd, dmabuf, rig_nic(), mode, PTI_UNMAP_AT_ONCE, handle) ||
	    importer_map(fd, *handle))
		tap_die(name, "%s does not map", mode_name(mode));
}

static void check_importer(int fd, uint32_t handle, enum pti_mode mode)
{
	struct pti_query q;
	char text[IMPORTER_TITLE];
	int ret = importer_query(fd, handle, &q, NULL, 0);

	tap_check(!ret && q.revokes == 1 && !(q.state & PTI_MAPPED),
		  importer_title(text, name, mode_name(mode)), "query %d, %u revokes, state %#x",
		  ret, q.revokes, q.state);
}

static void check_stream(void)
{
	tap_check(stream_wait(&stream, &stream.bar_bad, AFTERMATH, 30000),
		  "unplug: requests go on failing", "too few failed");
	stream_stop(&stream);
	tap_check(!stream.hung && !stream.post_failed, "unplug: every request completes",
		  "some did not");
	tap_check(!stream.late_ok, "unplug: later requests fail", "%" PRIu64 " succeeded",
		  stream.late_ok);
	tap_check(stream_errors_fit(&stream), "unplug: errors are access errors",
		  "there are others");
	tap_check(!stream.host_bad && !stream.corrupt, "unplug: host memory is untouched",
		  "it is not");
}

static void pull_out(struct rig *rig, const char *slot)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/power", slot);
	trigger_take_driver(rig, "0", path, NULL, NULL);
	stream_fence(&stream);
	tap_check(!pci_exists(rig_gpu()), "unplug: the device is gone", "it is still there");
}

static void unplug_under_load(struct rig *rig, const char *slot)
{
	int fd = importer_open();
	uint32_t dynamic, pinned;
	struct window w;

	window_open(&w, rig, 1);
	import(fd, w.fd, PTI_DYNAMIC, &dynamic);
	import(fd, w.fd, PTI_PINNED, &pinned);
	stream_start(&stream, rig, &w, false);
	tap_check(stream_wait(&stream, &stream.bar_ok, WARM_UP, 30000), "unplug: traffic flows",
		  "too few requests succeeded");
	rig_unmap_bar(rig);
	pull_out(rig, slot);
	check_importer(fd, dynamic, PTI_DYNAMIC);
	check_importer(fd, pinned, PTI_PINNED);
	check_stream();
	close(fd);
	tap_check(window_close(&w), "unplug: dead MRs deregister", "shown above");
}

void revoke_unplug(void)
{
	struct census before, after;
	uint64_t stray = rig_stray();
	struct rig rig;
	char slot[128];

	if (pci_slot(rig_gpu(), slot, sizeof(slot))) {
		tap_skip(name, "the GPU sits in no hotplug slot");
		return;
	}
	watchdog_set(LIMIT_S, name);
	census_take(&before, rig_ibdev());
	rig_open(&rig, STREAM_SPAN, STREAM_HOST, STREAM_DEPTH);
	unplug_under_load(&rig, slot);
	rig_close(&rig);
	census_take(&after, rig_ibdev());
	census_check(&before, &after, "unplug: nothing is left");
	tap_check(rig_stray() == stray, "unplug: no stray DMA", "the NIC counted some");
	watchdog_clear();
}
