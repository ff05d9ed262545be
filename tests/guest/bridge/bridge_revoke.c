// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A revoke takes the BAR from the NIC and from the drive while both write into it. What the
 * drive's commands return afterwards is not asked: QEMU's drive does not notice that the IOMMU
 * refuses its DMA. That it was refused shows in the BAR, whose bytes stay.
 */
#include <stdio.h>

#include "bridge.h"
#include "lib/clock.h"
#include "lib/tap.h"
#include "lib/watchdog.h"

#define TIMEOUT_MS 30000u
#define WARM_UP 10u
#define MARK 0x5a
#define LIMIT_S 120u

/* The drive reads its disk into the BAR, again and again. */
struct pump {
	struct bridge *bridge;
	pthread_t thread;
	atomic_bool stop;
	atomic_uint_fast64_t moves;	/* that ended, well or not */
};

static void *pump_run(void *arg)
{
	struct pump *p = arg;
	struct bridge *b = p->bridge;

	while (!p->stop) {
		if (nvme_move(&b->drive, false, 0, b->iova + DRIVE_AT, DRIVE_SPAN) ==
		    NVME_NO_ANSWER)
			tap_die("drive", "a command did not complete");
		p->moves++;
	}
	return NULL;
}

static void pump_start(struct pump *p, struct bridge *b)
{
	*p = (struct pump){ .bridge = b };
	if (pthread_create(&p->thread, NULL, pump_run, p))
		tap_die("drive", "no thread");
}

static void pump_stop(struct pump *p)
{
	p->stop = true;
	pthread_join(p->thread, NULL);
}

/* One whole move begins and ends from now on. */
static bool pump_wait(struct pump *p)
{
	uint64_t end = now_us() + TIMEOUT_MS * 1000ull, seen = p->moves;

	while (p->moves < seen + 2) {
		if (now_us() > end)
			return false;
		sleep_us(1000);
	}
	return true;
}

static void check(enum trigger trigger, bool good, const char *what)
{
	char name[96];

	snprintf(name, sizeof(name), "bridge, %s: %s", trigger_name(trigger), what);
	tap_check(good, name, "it is not so");
}

static void check_drive(struct bridge *b, struct pump *p, enum trigger trigger)
{
	bridge_fill(b, MARK);
	check(trigger, pump_wait(p), "the drive goes on");
	check(trigger, bridge_holds(b, MARK), "nothing of the drive's lands any more");
}

static void check_nic(struct stream *s, enum trigger trigger)
{
	check(trigger, rig_mr_revives() || !s->late_ok, "nothing of the NIC's lands any more");
	check(trigger, !s->corrupt && !s->hung && !s->host_bad, "the NIC serves host memory");
}

void bridge_revoke(struct bridge *b, enum trigger trigger)
{
	struct stream stream;
	struct pump pump;

	watchdog_set(LIMIT_S, "bridge: a revoke");
	bridge_map(b);
	stream_start(&stream, &b->rig, &b->window, false);
	pump_start(&pump, b);
	check(trigger, stream_wait(&stream, &stream.bar_ok, WARM_UP, TIMEOUT_MS) &&
	      pump_wait(&pump), "both are at work");
	rig_unmap_bar(&b->rig);
	trigger_pull(&b->rig, trigger);
	stream_fence(&stream);
	trigger_recover(&b->rig, trigger);
	check_drive(b, &pump, trigger);
	pump_stop(&pump);
	stream_stop(&stream);
	check_nic(&stream, trigger);
	bridge_unmap(b);

	bridge_map(b);
	bridge_carry(b, 2 + trigger, trigger_name(trigger));
	bridge_unmap(b);
}
