// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * revoke_region: a program that uses a region (rdma/lib/region.c) goes on after every revoke, with
 * MRs that die, that revive and that are fenced off alike, and whether or not the exporter tells.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/census.h"
#include "lib/clock.h"
#include "lib/kmsg.h"
#include "lib/pci.h"
#include "lib/tap.h"
#include "lib/watchdog.h"
#include "lib/window.h"

#define SPAN (4 * MIB)
#define LIMIT_S 120u
#define SOON_MS 50u
#define LONG_MS 20000u
#define STORM_MS 3000u

static struct rig rig;
static struct peerbar_region *region;
static bool told;	/* the exporter tells when it revokes */

/* Bytes that go through the region's MR arrive, and come back. NULL, or what went wrong. */
static const char *moves(void)
{
	struct window w = { .fd = -1, .nr = 1, .part = SPAN };

	w.mr[0] = peerbar_region_mr(region, &w.iova[0]);
	return w.mr[0] ? window_verify(&rig, &w, 4096, 65536) : "there is no MR";
}

static void check_moves(const char *when)
{
	const char *wrong = moves();
	char name[96];

	snprintf(name, sizeof(name), "region: it works %s", when);
	tap_check(!wrong, name, "%s", wrong);
}

static void check_renew(const char *name, unsigned int timeout_ms, int expected)
{
	int ret = peerbar_region_renew(region, timeout_ms);

	tap_check(ret == expected, name, "%d, not %d: %s", ret, expected,
		  ret < 0 ? peerbar_errmsg() : "");
}

/* Is there something to read? */
static bool is_readable(void)
{
	struct pollfd p = { .fd = peerbar_region_fd(region), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void check_descriptor(void)
{
	int fd = peerbar_region_fd(region);

	if (told)
		tap_check(fd > 2 && !is_readable(), "region: nothing to do at first", "%d", fd);
	else
		tap_check(fd == -ENOTSUP, "region: this exporter does not tell", "%d", fd);
}

static void check_unchanged(void)
{
	uint64_t iova, same;
	struct ibv_mr *mr = peerbar_region_mr(region, &iova);

	if (!told)
		return;
	check_renew("region: nothing is renewed that was not lost", 0, 0);
	tap_check(peerbar_region_mr(region, &same) == mr && iova == same,
		  "region: the MR is the same then", "it is another");
}

static void check_reset(void)
{
	if (peerbar_reset(rig.dev))
		tap_die("region", "%s", peerbar_errmsg());
	tap_check(!told || is_readable(), "region: a reset is told", "nothing to read");
	check_renew("region: renewed after a reset", 0, 1);
	check_moves("after a reset");
}

/* Only our exporter revokes then. */
static void check_reset_by_others(void)
{
	if (!told)
		return;
	if (pci_poke(rig_gpu(), "reset"))
		tap_die("region", "sysfs reset: %s", strerror(errno));
	tap_check(is_readable(), "region: a reset by others is told", "nothing to read");
	check_renew("region: renewed after a reset by others", 0, 1);
	check_moves("after a reset by others");
}

static void *turn_on(void *arg)
{
	(void)arg;
	sleep_us(300000);
	rig_set_memory(&rig, true);
	return NULL;
}

static void check_memory(void)
{
	pthread_t thread;
	uint64_t iova;

	rig_set_memory(&rig, false);
	check_renew("region: not renewed while memory is off", SOON_MS, -ETIMEDOUT);
	tap_check(!peerbar_region_mr(region, &iova), "region: there is no MR then", "there is");
	rig_set_memory(&rig, true);
	check_renew("region: renewed when memory is on", 0, 1);
	check_moves("after memory was off");

	rig_set_memory(&rig, false);
	pthread_create(&thread, NULL, turn_on, NULL);
	check_renew("region: it waits until memory is on", LONG_MS, 1);
	pthread_join(thread, NULL);
	check_moves("after the wait");
}

/* Resets all the time, by another thread */

static atomic_bool stop;

static void *reset_all_the_time(void *arg)
{
	unsigned int *resets = arg;

	while (!stop) {
		peerbar_reset(rig.dev);
		++*resets;
		sleep_us(10000);
	}
	return NULL;
}

static void check_storm(void)
{
	uint64_t end = now_us() + STORM_MS * 1000ull;
	unsigned int resets = 0, renewed = 0;
	pthread_t thread;
	int ret = 0;

	stop = false;
	pthread_create(&thread, NULL, reset_all_the_time, &resets);
	while (now_us() < end && (ret >= 0 || ret == -ETIMEDOUT)) {
		ret = peerbar_region_renew(region, LONG_MS);
		renewed += ret == 1;
	}
	stop = true;
	pthread_join(thread, NULL);
	tap_note("%u resets, renewed %u times", resets, renewed);
	tap_check(ret >= 0 && renewed, "region: resets without end", "%d: %s", ret,
		  peerbar_errmsg());
	if (peerbar_region_renew(region, LONG_MS) < 0)
		tap_note("after the last reset: %s", peerbar_errmsg());
	check_moves("after the last of many resets");
}

static void check_closed(void)
{
	uint64_t iova;

	rig_unmap_bar(&rig);
	peerbar_close(rig.dev);
	rig.dev = NULL;
	check_renew("region: a close is the end", SOON_MS, told ? -ENODEV : -ETIMEDOUT);
	tap_check(!peerbar_region_mr(region, &iova), "region: no MR is left then", "one is");
}

static void open_region(void)
{
	int dmabuf = rig_export(&rig);

	if (peerbar_region_open(rig.lb->pd, dmabuf, 0, SPAN, rig.access, &region))
		tap_die("region", "%s", peerbar_errmsg());
	close(dmabuf);
}

static void check_refused(void)
{
	struct peerbar_region *none = region;
	int ret = peerbar_region_open(rig.lb->pd, STDERR_FILENO, 0, SPAN, rig.access, &none);

	tap_check(ret == -EINVAL && !none, "region: not a dma-buf", "%d", ret);
}

int main(void)
{
	uint64_t log = kmsg_position(), stray = rig_stray();
	struct census before, after;

	watchdog_set(LIMIT_S, "region");
	told = rig_exporter_is_ours();
	rig_open(&rig, SPAN, 4 * MIB, 8);
	open_region();
	check_moves("at first");
	peerbar_region_close(region);
	census_take(&before, rig_ibdev());	/* a driver keeps some of what it needed for that */
	open_region();
	check_refused();
	check_descriptor();
	check_unchanged();
	check_reset();
	check_reset_by_others();
	check_memory();
	check_storm();
	peerbar_region_close(region);
	census_take(&after, rig_ibdev());
	census_check(&before, &after, "region: nothing is left");
	open_region();
	check_closed();
	peerbar_region_close(region);
	rig_open_device(&rig);
	rig_map_bar(&rig);
	rig_close(&rig);
	watchdog_clear();
	tap_check(rig_stray() == stray, "region: no stray DMA", "the NIC counted some");
	kmsg_check_but(log, rig_known_warning());
	return tap_exit_status();
}
