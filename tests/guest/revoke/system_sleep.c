// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * system_sleep: the whole system goes to sleep while importers have the BAR mapped. They must be
 * told, and have let go, before the first device is suspended. Nobody may map the BAR until all
 * devices have resumed; then it is there again, and a dynamic importer maps it. An importer that
 * does not let go is fenced; if no IOMMU can fence it, it keeps the system awake.
 *
 * A program is frozen during sleep and cannot look at anything. But it can look while it has
 * /dev/snapshot open: opening it prepares a hibernation (or, if opened for writing, the return
 * from one), and does no more.
 *
 * The kernel's exporter does none of this; what comes of that is shown.
 *
 *	system_sleep
 *	system_sleep --image	write a hibernation image and return to it; needs swap
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/exporter.h"
#include "lib/importer_bench.h"
#include "lib/kmsg.h"
#include "lib/nicctl.h"
#include "lib/pci.h"
#include "lib/power.h"
#include "lib/tap.h"
#include "lib/watchdog.h"
#include "lib/window.h"

#define LIMIT_S 60u
#define LATE_MS 300u
#define TIMEOUT_MS 600u
#define SOON_US 2000000u
#define MOVED 65536u

/* How deep the system sleeps; see power_sleep(). */
static const struct depth {
	const char *state, *level;
} depths[] = {
	{ "freeze", "devices" }, { "freeze", "platform" }, { "mem", "core" }, { "disk", "core" },
};

static const struct depth image = { "disk", "none" };

static bool translated;			/* does an IOMMU translate the NIC's DMA? */

/* If the IOMMU does not translate, the NIC reaches everything anyway: nothing to check. */
static void check_reach(uint64_t expected, const char *name, const char *what)
{
	if (translated)
		check_reachable(expected, name, what);
}

/* Importers of one buffer, one of each kind. The late one makes the revoke take longer. */
struct importers {
	struct bench bench;
	uint32_t dynamic, pinned, late;
	uint64_t before;		/* what the NIC reached without them */
};

static void import(struct importers *im, const char *name)
{
	bench_open(&im->bench, name);
	im->before = nicctl_reachable();
	im->dynamic = attach_and_map(&im->bench, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE);
	im->pinned = attach_and_map(&im->bench, PTI_PINNED, PTI_UNMAP_AT_ONCE);
	im->late = attach_and_map(&im->bench, PTI_DYNAMIC, LATE_MS);
	check_reach(im->before + 3 * SPAN, name, "all map");
}

static void drop(struct importers *im, const char *name)
{
	expect(importer_detach(im->bench.fd, im->dynamic), 0, name, "the dynamic one detaches");
	expect(importer_detach(im->bench.fd, im->pinned), 0, name, "the pinned one detaches");
	expect(importer_detach(im->bench.fd, im->late), 0, name, "the late one detaches");
	check_reach(im->before, name, "nothing is left");
	bench_close(&im->bench);
}

/* A thread that keeps trying to map the BAR, from before the sleep until it succeeds again. */
struct knocker {
	struct importers *im;
	pthread_t thread;
	atomic_bool stop, done;
	unsigned int refused, odd;
};

static void *knock(void *arg)
{
	struct knocker *k = arg;
	int ret;

	while (!k->stop && !k->done) {
		ret = importer_map(k->im->bench.fd, k->im->dynamic);
		k->refused += ret == -ENODEV;
		k->odd += ret && ret != -EBUSY && ret != -ENODEV;
		k->done = k->refused && !ret;
		sleep_us(1000);
	}
	return NULL;
}

static void start_knocking(struct knocker *k, struct importers *im)
{
	memset(k, 0, sizeof(*k));
	k->im = im;
	if (pthread_create(&k->thread, NULL, knock, k))
		tap_die("set-up", "cannot start a thread");
}

static void stop_knocking(struct knocker *k, bool wait)
{
	uint64_t end = now_us() + SOON_US;

	while (wait && !k->done && now_us() < end)
		sleep_us(1000);
	k->stop = true;
	pthread_join(k->thread, NULL);
}

static void check_told(struct importers *im, uint32_t handle, const char *which,
		       const struct power_sleep *s, const char *name)
{
	struct pti_query q = query(&im->bench, handle);
	char what[96], text[IMPORTER_TITLE];

	snprintf(what, sizeof(what), "the %s one is told, and unmaps, before devices sleep", which);
	tap_check(q.revokes == 1 && q.notified_at <= q.unmapped_at && q.unmapped_at < s->down_ns,
		  importer_title(text, name, what), "%u revokes, told %.3f and unmapped %.3f ms"
		  " before devices sleep", q.revokes,
		  ((double)s->down_ns - (double)q.notified_at) / 1e6,
		  ((double)s->down_ns - (double)q.unmapped_at) / 1e6);
}

static void check_knocker(const struct knocker *k, const struct power_sleep *s, const char *name)
{
	struct pti_query q = query(&k->im->bench, k->im->dynamic);
	char text[IMPORTER_TITLE];

	tap_note("%s: %u attempts to map were refused; mapped %.3f ms after devices were awake",
		 name, k->refused, ((double)q.mapped_at - (double)s->up_ns) / 1e6);
	tap_check(k->refused && !k->odd, importer_title(text, name, "no map before it sleeps"),
		  "%u attempts refused, %u gave something else", k->refused, k->odd);
	tap_check(q.state == PTI_MAPPED && q.mapped_at > s->up_ns,
		  importer_title(text, name, "maps again when all devices are awake"),
		  "state %#x, mapped %.3f ms after it", q.state,
		  ((double)q.mapped_at - (double)s->up_ns) / 1e6);
}

static void check_bytes(struct rig *rig, uint32_t seed, const char *name)
{
	static uint8_t expected[SPAN], found[SPAN];
	char text[IMPORTER_TITLE];

	rig_map_bar(rig);
	rig_pattern(expected, sizeof(expected), seed);
	rig_read_bar(rig, found, 0, sizeof(found));
	tap_check(!memcmp(expected, found, sizeof(found)),
		  importer_title(text, name, "the BAR has its bytes"), "others are there");
	rig_unmap_bar(rig);
}

static void write_bytes(struct rig *rig, uint32_t seed)
{
	rig_map_bar(rig);
	rig_pattern(rig->bar, rig->span, seed);
	rig_unmap_bar(rig);
}

static void check_slept(const struct power_sleep *s, const char *name)
{
	char text[IMPORTER_TITLE];

	tap_check(!s->ret && s->slept && s->up_ns > s->down_ns,
		  importer_title(text, name, "the system sleeps and wakes up"),
		  "%s, devices %s", strerror(-s->ret), s->slept ? "slept" : "did not sleep");
}

static void check_importers(struct importers *im, const struct knocker *k,
			    const struct power_sleep *s, const char *name)
{
	check_told(im, im->dynamic, "dynamic", s, name);
	check_told(im, im->pinned, "pinned", s, name);
	check_told(im, im->late, "late", s, name);
	check_knocker(k, s, name);
	expect(importer_map(im->bench.fd, im->pinned), -ESTALE, name, "a pinned one stays dead");
	expect(importer_map(im->bench.fd, im->late), 0, name, "the late one maps again");
	check_reach(im->before + 2 * SPAN, name, "the NIC reaches what is mapped again");
	expect((int)exporter_shows(rig_gpu(), "revokes", "reason=sleep"), 1, name,
	       "debugfs has the reason");
	expect((int)exporter_shows(rig_gpu(), "revokes", "reason=sleep count=0"), 0, name,
	       "debugfs counts it");
}

static void show_importers(struct importers *im, const char *name)
{
	struct pti_query dynamic = query(&im->bench, im->dynamic);
	struct pti_query pinned = query(&im->bench, im->pinned);

	tap_note("%s: the dynamic importer was told %u times and has state %#x, the pinned one"
		 " %u and %#x; the NIC reaches %" PRIu64 " bytes of %zu", name, dynamic.notifies,
		 dynamic.state, pinned.notifies, pinned.state, nicctl_reachable() - im->before,
		 3 * SPAN);
	importer_unmap(im->bench.fd, im->dynamic);
	tap_skip(name, "the kernel's exporter does not revoke here, see docs/differences.md");
}

static void sleep_at(const struct depth *depth, uint32_t seed)
{
	struct power_sleep s;
	struct importers im;
	struct knocker k;
	char name[64];

	snprintf(name, sizeof(name), "%s, %s", depth->state, depth->level);
	import(&im, name);
	write_bytes(&im.bench.rig, seed);
	start_knocking(&k, &im);
	s = power_sleep(depth->state, depth->level);
	stop_knocking(&k, rig_exporter_is_ours());
	check_slept(&s, name);
	if (rig_exporter_is_ours())
		check_importers(&im, &k, &s, name);
	else
		show_importers(&im, name);
	check_bytes(&im.bench.rig, seed, name);
	drop(&im, name);
}

/* A hibernation, or the return from one, is prepared and then abandoned. */
static void prepared(int flags, const char *name)
{
	struct importers im;
	struct pti_query q;
	char text[IMPORTER_TITLE];
	int fd;

	import(&im, name);
	fd = open("/dev/snapshot", flags | O_CLOEXEC);
	if (fd < 0)
		tap_die(name, "/dev/snapshot: %s", strerror(errno));
	check_reach(im.before, name, "the NIC does not reach what is revoked");
	q = query(&im.bench, im.late);
	tap_check(q.revokes == 1 && !q.state, importer_title(text, name, "the late one lets go"),
		  "%u revokes, state %#x", q.revokes, q.state);
	expect(importer_map(im.bench.fd, im.dynamic), -ENODEV, name, "no map meanwhile");
	expect((int)exporter_shows(rig_gpu(), "revokes", "active=1"), 1, name,
	       "debugfs has one active reason");
	close(fd);
	expect(importer_map(im.bench.fd, im.dynamic), 0, name, "maps again");
	expect(importer_map(im.bench.fd, im.pinned), -ESTALE, name, "a pinned one stays dead");
	drop(&im, name);
}

/* A revoke that a refused sleep has begun ends only with the last unmap: retry until then. */
static int map_soon(struct bench *b, uint32_t handle)
{
	uint64_t end = now_us() + SOON_US;
	int ret;

	do {
		ret = importer_map(b->fd, handle);
		sleep_us(1000);
	} while (ret == -ENODEV && now_us() < end);
	return ret;
}

/*
 * An importer that never lets go. If the IOMMU can fence it off, the system sleeps. If nothing
 * but the importer's own driver could stop it, the system stays awake, and others can map
 * again.
 */
static void stubborn(void)
{
	static const char name[] = "never unmaps";
	unsigned int old = exporter_set_timeout(TIMEOUT_MS);
	uint32_t never, other;
	struct power_sleep s;
	struct bench b;
	uint64_t before;

	bench_open(&b, name);
	before = nicctl_reachable();
	never = attach_and_map(&b, PTI_DYNAMIC, PTI_UNMAP_NEVER);
	other = attach_and_map(&b, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE);
	s = power_sleep("freeze", "devices");
	if (translated)
		check_slept(&s, name);
	else
		expect(s.slept ? 0 : s.ret, -EBUSY, name, "keeps the system awake");
	check_reach(before, name, "the NIC is cut off");
	expect(importer_unmap(b.fd, never), 0, name, "unmaps later");
	expect(map_soon(&b, other), 0, name, "another maps again");
	expect(importer_detach(b.fd, never), 0, name, "detaches");
	expect(importer_detach(b.fd, other), 0, name, "the other detaches");
	bench_close(&b);
	exporter_set_timeout(old);
}

static void check_verify(struct rig *rig, struct window *w, const char *name, const char *what)
{
	const char *fault = window_verify(rig, w, 0, MOVED);
	char text[IMPORTER_TITLE];

	tap_check(!fault, importer_title(text, name, what), "%s", fault);
}

/* Use the old key after the system has woken up. */
static void check_key(struct rig *rig, struct window *w, const char *name)
{
	int status = window_one(rig, LOOPBACK_WRITE, (uintptr_t)rig->host, MOVED, w->iova[0],
				w->mr[0]->rkey);
	char text[IMPORTER_TITLE];

	if (rig_exporter_is_ours())
		tap_check(rig_is_access_error(status), importer_title(text, name, "the MR is dead"),
			  "%s", window_status(status));
	else
		tap_note("%s: a request of the old MR ends with: %s", name, window_status(status));
	tap_check(window_close(w), importer_title(text, name, "it deregisters"), "see above");
}

/* An MR of the NIC's own driver. */
static void registration(void)
{
	static const char name[] = "MR";
	uint64_t stray = rig_stray();
	struct power_sleep s;
	struct window w;
	struct rig rig;

	watchdog_set(LIMIT_S, name);
	rig_open(&rig, SPAN, MIB, 8);
	window_open(&w, &rig, 1);
	check_verify(&rig, &w, name, "it works");
	s = power_sleep("freeze", "platform");
	check_slept(&s, name);
	check_key(&rig, &w, name);
	window_open(&w, &rig, 1);
	check_verify(&rig, &w, name, "a new one works");
	expect(window_close(&w), true, name, "the new one deregisters");
	rig_close(&rig);
	expect((int)(rig_stray() - stray), 0, name, "no stray DMA");
	watchdog_clear();
}

static void run_depths(void)
{
	bool hibernates = power_has("disk");

	if (!hibernates)
		tap_skip("disk", "this kernel has no hibernation");
	for (uint32_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++)
		if (hibernates || strcmp(depths[i].state, "disk"))
			sleep_at(&depths[i], i);
	if (rig_exporter_is_ours() && hibernates) {
		prepared(O_RDONLY, "hibernation prepared");
		prepared(O_WRONLY, "return prepared");
	}
	if (rig_exporter_is_ours())
		stubborn();
	registration();
}

int main(int argc, char **argv)
{
	bool with_image = argc == 2 && !strcmp(argv[1], "--image");
	const char *reason = power_why_not();
	uint64_t log = kmsg_position();

	if (argc > 1 && !with_image) {
		fprintf(stderr, "usage: %s [--image]\n", argv[0]);
		return 2;
	}
	if (reason) {
		tap_skip("system sleep", "%s", reason);
		return tap_exit_status();
	}
	translated = pci_is_translated(rig_nic());
	power_prepare();
	if (with_image) {
		power_test_resume();
		sleep_at(&image, 0);
	} else {
		run_depths();
	}
	kmsg_check(log);
	return tap_exit_status();
}
