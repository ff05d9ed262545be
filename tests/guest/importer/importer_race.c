// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Importers against resets: while one thread resets the device again and again, others
 * attach, map, unmap and detach, each as another kind of importer. Every call must either work
 * or say that the device is away or that the mapping is dead.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "importer.h"
#include "lib/clock.h"
#include "lib/tap.h"
#include "lib/watchdog.h"

#define IMPORTERS 4u

struct race {
	struct bench bench;
	atomic_bool stop;
	unsigned int resets, failed;
};

struct racer {
	struct race *race;
	int fd;			/* each has its own: calls on one file are serialized */
	enum pti_mode mode;
	uint32_t delay_ms;
	pthread_t thread;
	unsigned int mapped, away, dead, revoked;
	int odd;		/* any other outcome */
};

static void *keep_resetting(void *arg)
{
	struct race *race = arg;
	unsigned int seed = 1;

	while (!race->stop) {
		if (peerbar_reset(race->bench.rig.dev))
			race->failed++;
		race->resets++;
		sleep_us((uint64_t)rand_r(&seed) % 4000);
	}
	return NULL;
}

static void count(struct racer *r, int ret)
{
	if (!ret)
		r->mapped++;
	else if (ret == -ENODEV)
		r->away++;
	else if (ret == -ESTALE)
		r->dead++;
	else if (ret != -EBUSY)		/* EBUSY: still mapped, no reset has revoked it yet */
		r->odd = ret;
}

/* One life of an attachment, with a few mappings. */
static void live(struct racer *r, unsigned int *seed)
{
	struct pti_query q;
	uint32_t handle;
	int ret = importer_attach(r->fd, r->race->bench.dmabuf, importing_device(), r->mode,
				  r->delay_ms, &handle);

	if (ret) {
		count(r, ret);
		return;
	}
	for (unsigned int i = 0; i < 4; i++) {
		count(r, importer_map(r->fd, handle));
		sleep_us((uint64_t)rand_r(seed) % 2000);
		if (i % 2)
			importer_unmap(r->fd, handle);
	}
	if (!importer_query(r->fd, handle, &q, NULL, 0))
		r->revoked += r->mode == PTI_UNREVOCABLE ? q.notifies : q.revokes;
	ret = importer_detach(r->fd, handle);
	if (ret)
		r->odd = ret;
}

static void *keep_importing(void *arg)
{
	unsigned int seed = 2;
	struct racer *r = arg;

	r->fd = importer_open();
	while (!r->race->stop && !r->odd)
		live(r, &seed);
	close(r->fd);
	return NULL;
}

static void report(const struct racer *r)
{
	char name[64], text[128];

	snprintf(name, sizeof(name), "race, %s, %u ms", mode_name(r->mode), r->delay_ms);
	tap_note("%s: %u mapped, %u revoked, %u ENODEV, %u ESTALE", name, r->mapped,
		 r->revoked, r->away, r->dead);
	snprintf(text, sizeof(text), "%s: only the known outcomes", name);
	tap_check(!r->odd, text, "%s", strerror(-r->odd));
	snprintf(text, sizeof(text), "%s: both mapped and revoked", name);
	tap_check(r->mapped && (r->mode == PTI_UNREVOCABLE ? r->away : r->revoked), text,
		  "one was not seen: make it longer");
	snprintf(text, sizeof(text), "%s: told only if it can revoke", name);
	tap_check(r->mode != PTI_UNREVOCABLE || !r->revoked, text, "it was told");
}

void importer_race(unsigned int seconds)
{
	struct race race = { 0 };
	struct racer racers[IMPORTERS] = {
		{ .race = &race, .mode = PTI_DYNAMIC },
		{ .race = &race, .mode = PTI_PINNED },
		{ .race = &race, .mode = PTI_DYNAMIC, .delay_ms = 3 },
		{ .race = &race, .mode = PTI_UNREVOCABLE },
	};
	/* the kernel's exporter does not let the last one in */
	unsigned int nr = rig_exporter_is_ours() ? IMPORTERS : IMPORTERS - 1;
	pthread_t resetter;

	allow_fence();
	bench_open(&race.bench, "importer race");
	watchdog_set(seconds + 60, "importer race");
	if (pthread_create(&resetter, NULL, keep_resetting, &race))
		tap_die("race", "cannot start a thread");
	for (unsigned int i = 0; i < nr; i++)
		if (pthread_create(&racers[i].thread, NULL, keep_importing, &racers[i]))
			tap_die("race", "cannot start a thread");
	sleep_us(seconds * 1000000ull);
	race.stop = true;
	pthread_join(resetter, NULL);
	for (unsigned int i = 0; i < nr; i++) {
		pthread_join(racers[i].thread, NULL);
		report(&racers[i]);
	}
	tap_check(race.resets && !race.failed, "race: every reset works", "%u of %u failed",
		  race.failed, race.resets);
	bench_close(&race.bench);
	allow_no_more_fence();
}
