// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * An importer that cannot revoke. peerbar-vfio-pci lets it in and, when the BAR is taken away,
 * cuts it off in the IOMMU at once, without telling it. The kernel's exporter refuses it.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include "importer.h"
#include "lib/clock.h"
#include "lib/exporter.h"
#include "lib/kmsg.h"
#include "lib/nicctl.h"
#include "lib/tap.h"

#define LATE_MS 400u

static int try_attach(struct bench *b, uint32_t *handle)
{
	return importer_attach(b->fd, b->dmabuf, importing_device(), PTI_UNREVOCABLE,
			       PTI_UNMAP_AT_ONCE, handle);
}

/* It is cut off, still holds its mapping and was not told. Whatever it does is harmless. */
static void check_dead(struct bench *b, uint32_t handle, const char *name)
{
	struct pti_query q = query(b, handle);
	char text[IMPORTER_TITLE];

	tap_check(q.state == PTI_MAPPED && !q.notifies,
		  importer_title(text, name, "is not told"), "state %#x, told %u times",
		  q.state, q.notifies);
	expect(importer_unmap(b->fd, handle), 0, name, "unmaps later");
	expect(importer_map(b->fd, handle), -ENODEV, name, "does not map again");
}

/* When the device is back, the importer stays dead and is in nobody else's way. */
static void check_afterlife(struct bench *b, uint32_t handle, enum trigger trigger,
			    uint64_t before, const char *name)
{
	int back = trigger_comes_back(trigger) ? 0 : -ENODEV;
	uint32_t next;
	int ret;

	expect(importer_map(b->fd, handle), -ENODEV, name,
	       "does not map again, with the device back");
	ret = try_attach(b, &next);
	expect(ret, back, name, "another attaches");
	if (!ret) {
		expect(importer_map(b->fd, next), 0, name, "and maps");
		check_reachable(before + SPAN, name, "and reaches the BAR");
		expect(importer_detach(b->fd, next), 0, name, "and detaches");
	}
	expect(importer_detach(b->fd, handle), 0, name, "detach");
	check_reachable(before, name, "nothing is left");
}

static void fenced_by(enum trigger trigger)
{
	uint64_t before, log;
	char name[64], text[IMPORTER_TITLE];
	uint32_t handle;
	struct bench b;

	snprintf(name, sizeof(name), "%s, %s", mode_name(PTI_UNREVOCABLE),
		 trigger_name(trigger));
	bench_open_for(&b, trigger, name);
	before = nicctl_reachable();
	handle = attach_and_map(&b, PTI_UNREVOCABLE, PTI_UNMAP_AT_ONCE);
	check_reachable(before + SPAN, name, "the NIC reaches what is mapped");
	log = kmsg_position();
	trigger_pull(&b.rig, trigger);
	check_reachable(before, name, "the NIC is cut off");
	tap_check(!kmsg_count(log, "did not let go"),
		  importer_title(text, name, "is not blamed for it"), "the log does");
	/* without a driver the device has no folder in debugfs */
	if (trigger != TRIGGER_UNBIND && trigger != TRIGGER_REMOVE)
		tap_check(exporter_shows(rig_gpu(), "attachments", "stop=fence fenced=1") == 1,
			  importer_title(text, name, "debugfs shows the fence"), "it does not");
	check_dead(&b, handle, name);
	trigger_recover(&b.rig, trigger);
	rig_unmap_bar(&b.rig);
	check_afterlife(&b, handle, trigger, before, name);
	bench_close(&b);
}

static void *reset(void *arg)
{
	struct bench *b = arg;

	expect(peerbar_reset(b->rig.dev), 0, "unrevocable, beside a late one", "reset");
	return NULL;
}

static bool holds_mapping(struct bench *b, uint32_t handle)
{
	return query(b, handle).state & PTI_MAPPED;
}

/* The fence does not wait for other importers that unmap late. */
static void fenced_first(void)
{
	static const char name[] = "unrevocable, beside a late one";
	char text[IMPORTER_TITLE];
	uint32_t late, fenced;
	pthread_t thread;
	uint64_t before;
	struct bench b;

	bench_open(&b, name);
	before = nicctl_reachable();
	late = attach_and_map(&b, PTI_PINNED, LATE_MS);
	fenced = attach_and_map(&b, PTI_UNREVOCABLE, PTI_UNMAP_AT_ONCE);
	check_reachable(before + 2 * SPAN, name, "both map");
	if (pthread_create(&thread, NULL, reset, &b))
		tap_die(name, "cannot start a thread");
	while (!query(&b, late).revokes)
		sleep_us(2000);
	/* the late one is told first, so the fence may still be to come */
	while (holds_mapping(&b, late) && nicctl_reachable() == before + 2 * SPAN)
		sleep_us(2000);
	if (rig_is_guarded())
		tap_check(holds_mapping(&b, late),
			  importer_title(text, name, "cut off while the reset waits"),
			  "the late one unmapped first");
	pthread_join(thread, NULL);
	check_reachable(before, name, "the late one has let go at the end");
	expect(importer_detach(b.fd, late), 0, name, "the late one detaches");
	expect(importer_detach(b.fd, fenced), 0, name, "detach");
	bench_close(&b);
}

/* If it unmaps by itself before the revoke, it was not fenced and may map again. */
static void unmaps_itself(void)
{
	static const char name[] = "unrevocable, unmaps of its own";
	uint64_t before;
	uint32_t handle;
	struct bench b;

	bench_open(&b, name);
	before = nicctl_reachable();
	handle = attach_and_map(&b, PTI_UNREVOCABLE, PTI_UNMAP_AT_ONCE);
	expect(importer_unmap(b.fd, handle), 0, name, "unmap");
	check_reachable(before, name, "the NIC does not reach what is unmapped");
	expect(peerbar_reset(b.rig.dev), 0, name, "reset");
	expect(importer_map(b.fd, handle), 0, name, "map after a reset that took nothing");
	expect(importer_detach(b.fd, handle), 0, name, "detach while it is mapped");
	check_reachable(before, name, "the NIC does not reach what is detached");
	bench_close(&b);
}

/* The parameter is read at attach: an importer that is in stays, and is fenced. */
static void switched_off(void)
{
	static const char name[] = "unrevocable, fence switched off";
	uint64_t before, log;
	uint32_t handle, other;
	struct bench b;

	bench_open(&b, name);
	before = nicctl_reachable();
	handle = attach_and_map(&b, PTI_UNREVOCABLE, PTI_UNMAP_AT_ONCE);
	exporter_set_fence("");
	log = kmsg_position();
	expect(try_attach(&b, &other), -EOPNOTSUPP, name, "refused");
	expect(kmsg_count(log, "add it to the module parameter: fence=efa"), 1, name,
	       "the log says why");
	expect(peerbar_reset(b.rig.dev), 0, name, "reset");
	check_reachable(before, name, "who was let in before is fenced all the same");
	expect(importer_detach(b.fd, handle), 0, name, "detach");
	bench_close(&b);
}

/* Which drivers a list names; tests/unit/kernel tests more of that. */
static void named(void)
{
	static const struct {
		const char *list;
		int attach;
	} lists[] = {
		{ "efa", 0 }, { "bnxt_re,efa", 0 }, { "all", 0 }, { "", -EOPNOTSUPP },
		{ "efa2", -EOPNOTSUPP }, { "bnxt_re", -EOPNOTSUPP }, { "Y", -EOPNOTSUPP },
	};
	char name[64];
	uint32_t handle;
	struct bench b;
	int ret;

	bench_open(&b, "unrevocable, named or not");
	for (unsigned int i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		exporter_set_fence(lists[i].list);
		snprintf(name, sizeof(name), "unrevocable, fence=%s", lists[i].list);
		ret = try_attach(&b, &handle);
		expect(ret, lists[i].attach, name, ret ? "refused" : "let in");
		if (!ret)
			expect(importer_detach(b.fd, handle), 0, name, "detach");
	}
	bench_close(&b);
}

static void refused(void)
{
	const char *name = mode_name(PTI_UNREVOCABLE);
	struct bench b;
	uint32_t handle;

	bench_open(&b, name);
	expect(try_attach(&b, &handle), -EOPNOTSUPP, name, "refused");
	bench_close(&b);
}

/* Where no IOMMU guards the BAR nothing can be fenced off, not even a driver that is named. */
static void refused_unguarded(void)
{
	uint64_t log = kmsg_position();

	refused();
	expect(kmsg_count(log, "and the IOMMU cannot fence it off"), 1,
	       mode_name(PTI_UNREVOCABLE), "the log says why");
}

void importer_fenced(enum trigger trigger)
{
	if (!rig_exporter_is_ours())
		return;
	allow_fence();
	if (rig_is_guarded())
		fenced_by(trigger);
	else
		refused_unguarded();
	allow_no_more_fence();
}

void importer_unrevocable(void)
{
	if (!rig_exporter_is_ours()) {
		refused();
		return;
	}
	allow_fence();
	if (!rig_is_guarded()) {
		refused_unguarded();
		allow_no_more_fence();
		return;
	}
	for (int trigger = 0; trigger < TRIGGERS; trigger++)
		fenced_by((enum trigger)trigger);
	fenced_first();
	unmaps_itself();
	switched_off();
	named();
	allow_no_more_fence();
}
