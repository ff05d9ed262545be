// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Recovery from a fatal error and unbinding of the driver must not wait for importers. An
 * importer that lets go after a moment has done nothing wrong: it is not fenced, and not blamed
 * in the log. The mapping of one that never does is closed when revoke_timeout_ms are over,
 * although nobody waits for that.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "lib/clock.h"
#include "lib/exporter.h"
#include "lib/importer_bench.h"
#include "lib/kmsg.h"
#include "lib/nicctl.h"
#include "lib/pci.h"
#include "lib/tap.h"
#include "revoke_paths.h"

#define MOMENT_MS 300u
#define TIMEOUT_MS 2000u	/* longer than a recovery takes */
#define SLACK_MS 3000u		/* for slow emulation */
#define LIMIT_MS 20000u

#define BLAME "did not let go"

/* One importer, and what was seen of it while the device was going away. */
struct late {
	struct bench bench;
	const char *name;
	enum pti_mode mode;
	uint32_t handle;
	uint64_t before, log;
	unsigned int fenced;	/* how many lines of debugfs say that it is fenced */
	uint64_t closed_us;	/* time from its notification until the NIC was cut off */
};

static void wait_unmapped(struct late *l)
{
	uint64_t end = now_us() + LIMIT_MS * 1000ull;

	while (query(&l->bench, l->handle).state & PTI_MAPPED) {
		if (now_us() > end)
			tap_die(l->name, "the importer has not unmapped");
		sleep_us(10000);
	}
}

/* Called while the device still has its driver, and so its folder in debugfs. */
static void look_unmapped(void *arg)
{
	struct late *l = arg;

	wait_unmapped(l);
	l->fenced = exporter_shows(rig_gpu(), "attachments", "fenced=1");
}

static void look_closed(void *arg)
{
	struct late *l = arg;
	uint64_t end = now_us() + LIMIT_MS * 1000ull;

	while (nicctl_reachable() != l->before) {
		if (now_us() > end)
			tap_die(l->name, "the importer keeps the BAR");
		sleep_us(10000);
	}
	l->closed_us = now_us() - query(&l->bench, l->handle).notified_at / 1000;
	l->fenced = exporter_shows(rig_gpu(), "attachments", "fenced=1");
}

/* Return: NULL, or why it cannot be tested here. */
static const char *begin(struct late *l, enum trigger trigger, uint32_t delay_ms)
{
	const char *reason;

	bench_open_for(&l->bench, trigger, l->name);
	reason = trigger_why_not(&l->bench.rig, trigger);
	if (!reason && !rig_exporter_is_ours())
		reason = "the kernel's exporter waits for the owner, see docs/differences.md";
	if (reason)
		return reason;
	l->before = nicctl_reachable();
	l->handle = attach_and_map(&l->bench, l->mode, delay_ms);
	l->log = kmsg_position();
	return NULL;
}

static void finish(struct late *l)
{
	expect(importer_detach(l->bench.fd, l->handle), 0, l->name, "detach");
	rig_unmap_bar(&l->bench.rig);
	bench_close(&l->bench);
}

/* Pulls the trigger, and calls @look before the device is gone. */
static void pull(struct late *l, enum trigger trigger, void (*look)(void *arg))
{
	char path[96];

	if (trigger == TRIGGER_ERROR) {
		trigger_pull(&l->bench.rig, trigger);
		look(l);
		return;
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver/unbind", rig_gpu());
	trigger_take_driver(&l->bench.rig, rig_gpu(), path, look, l);
}

static void lets_go(enum trigger trigger, enum pti_mode mode)
{
	char name[64], text[IMPORTER_TITLE];
	struct late l = { .name = name, .mode = mode };
	int again = mode == PTI_PINNED ? -ESTALE : trigger_comes_back(trigger) ? 0 : -ENODEV;
	const char *reason;

	snprintf(name, sizeof(name), "%s, lets go in a moment, %s", mode_name(mode),
		 trigger_name(trigger));
	reason = begin(&l, trigger, MOMENT_MS);
	if (reason) {
		tap_skip(name, "%s", reason);
		bench_close(&l.bench);
		return;
	}
	pull(&l, trigger, look_unmapped);
	tap_check(!l.fenced, importer_title(text, name, "is not fenced"), "it is");
	check_reachable(l.before, name, "the NIC does not reach the BAR then");
	trigger_recover(&l.bench.rig, trigger);
	expect(importer_map(l.bench.fd, l.handle), again, name, "mapping again");
	tap_check(!kmsg_count(l.log, BLAME), importer_title(text, name, "is not blamed"),
		  "the log does");
	finish(&l);
}

static void never_lets_go(enum trigger trigger)
{
	char name[64], text[IMPORTER_TITLE];
	struct late l = { .name = name, .mode = PTI_DYNAMIC };
	const char *reason;
	unsigned int old;

	snprintf(name, sizeof(name), "never lets go, %s", trigger_name(trigger));
	reason = begin(&l, trigger, PTI_UNMAP_NEVER);
	if (!reason && !rig_is_guarded())
		reason = "no IOMMU guards the BAR, so it is waited for without end";
	if (reason) {
		tap_skip(name, "%s", reason);
		bench_close(&l.bench);
		return;
	}
	old = exporter_set_timeout(TIMEOUT_MS);
	pull(&l, trigger, look_closed);
	exporter_set_timeout(old);
	/* closing the mapping is part of the timeout, so the wait may be shorter than that */
	tap_check(l.closed_us >= TIMEOUT_MS * 1000 / 2 &&
		  l.closed_us <= (TIMEOUT_MS + SLACK_MS) * 1000,
		  importer_title(text, name, "is closed after the time that is set"),
		  "after %.3f ms", us_to_ms(l.closed_us));
	tap_check(l.fenced == 1, importer_title(text, name, "is fenced"), "%u are", l.fenced);
	tap_check(kmsg_count(l.log, BLAME) == 1, importer_title(text, name, "is blamed once"),
		  "%d times", kmsg_count(l.log, BLAME));
	trigger_recover(&l.bench.rig, trigger);
	expect(importer_unmap(l.bench.fd, l.handle), 0, name, "unmaps after all");
	expect(importer_map(l.bench.fd, l.handle), -ENODEV, name, "maps no more");
	check_reachable(l.before, name, "the NIC does not reach the BAR");
	finish(&l);
}

void revoke_late(void)
{
	static const enum trigger triggers[] = { TRIGGER_ERROR, TRIGGER_UNBIND };

	for (unsigned int i = 0; i < 2; i++) {
		lets_go(triggers[i], PTI_DYNAMIC);
		lets_go(triggers[i], PTI_PINNED);
		never_lets_go(triggers[i]);
	}
}
