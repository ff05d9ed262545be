// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * stress: many revokes in one boot. Each cycle exports and registers a part of
 * the BAR, fills the QP with requests both ways, takes the device away while they
 * are in flight (reset, memory off, close in turn), and takes everything down.
 *
 *	stress [--cycles N]		default 1000
 *
 * Nothing may hang, no access may be stray, the kernel must log no warning, and between
 * cycle 100 and the last one nothing may have grown, the IOVA space in use included.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/census.h"
#include "lib/clock.h"
#include "lib/kmsg.h"
#include "lib/tap.h"
#include "lib/test_importer.h"
#include "lib/trigger.h"
#include "lib/watchdog.h"
#include "lib/window.h"

#define DEPTH		16u
#define SPAN		(32 * MIB)	/* of the BAR, and of the larger requests */
#define CYCLE_LIMIT_S	30u
#define SETTLED		100u	/* cycles, after which nothing may grow */
#define PROGRESS	50u
#define IOVA_SLACK	(4 * SPAN)	/* others use IOVAs, too; a leak takes SPAN per cycle */

struct totals {
	uint64_t requests, cut;		/* in flight at the revoke; cut off by it */
	unsigned int cycles[TRIGGERS];
	unsigned int caught[TRIGGERS];	/* cycles in which at least one was cut off */
	uint64_t slowest_us;		/* the longest call that revoked */
	unsigned int late_ok;		/* requests that succeeded after the revoke */
	unsigned int odd;		/* completions with any other status */
	unsigned int dereg_failed;
};

/*
 * Fill the queue with requests, in turn into the BAR and out of it, large and small: more than
 * the NIC can move before the slowest trigger gets to its revoke.
 */
static void fill(struct rig *rig, const struct window *w)
{
	for (unsigned int i = 0; i < DEPTH; i++) {
		struct loopback_wr wr =
			window_request(rig, i % 2 ? LOOPBACK_READ : LOOPBACK_WRITE,
				       (uintptr_t)rig->host, i % 4 == 3 ? 4096 : SPAN,
				       w->iova[0], w->mr[0]->rkey);

		wr.wr_id = i;
		if (loopback_post(rig->lb, &wr))
			tap_die("stress", "%s", loopback_errmsg());
	}
}

/* On RC what was behind a request that was cut off is flushed. */
static bool is_expected(const struct rig *rig, int status)
{
	return status == IBV_WC_SUCCESS || rig_is_access_error(status) ||
	       (rig->lb->connected && status == IBV_WC_WR_FLUSH_ERR);
}

/* Wait for all of them. Return: how many the revoke cut off. */
static unsigned int drain(struct rig *rig, struct totals *t)
{
	unsigned int left = DEPTH, cut = 0;
	struct ibv_wc wc[DEPTH];

	while (left) {
		int n = loopback_poll(rig->lb, wc, DEPTH, CYCLE_LIMIT_S * 1000);

		if (n <= 0)
			tap_die("stress", "%u requests never completed", left);
		left -= (unsigned int)n;
		while (n--) {
			cut += rig_is_access_error(wc[n].status);
			t->odd += !is_expected(rig, wc[n].status);
		}
	}
	if (cut && rig->lb->connected && loopback_reconnect(rig->lb))
		tap_die("stress", "%s", loopback_errmsg());
	return cut;
}

static void cycle(struct rig *rig, enum trigger trigger, struct totals *t)
{
	struct window w;
	uint64_t start, took;
	unsigned int cut;
	int status;

	window_open(&w, rig, 1);
	fill(rig, &w);
	start = now_us();
	trigger_pull(rig, trigger);
	took = now_us() - start;
	cut = drain(rig, t);
	status = window_one(rig, LOOPBACK_WRITE, (uintptr_t)rig->host, 64, w.iova[0],
			    w.mr[0]->rkey);
	t->late_ok += status == IBV_WC_SUCCESS &&
		      !(rig_mr_revives() && trigger_leaves_usable(trigger));
	t->odd += status != IBV_WC_SUCCESS && !rig_is_access_error(status);
	t->requests += DEPTH;
	t->cut += cut;
	t->cycles[trigger]++;
	t->caught[trigger] += cut > 0;
	t->slowest_us = took > t->slowest_us ? took : t->slowest_us;
	t->dereg_failed += !window_close(&w);
	trigger_recover(rig, trigger);
	rig_unmap_bar(rig);
}

static void progress(unsigned int done, unsigned int cycles, const struct totals *t,
		     uint64_t start)
{
	tap_note("stress: %u of %u cycles, %.1f s, %" PRIu64 " of %" PRIu64
		 " requests cut off, slowest revoke %.1f ms", done, cycles,
		 us_to_ms(now_us() - start) / 1000, t->cut, t->requests,
		 us_to_ms(t->slowest_us));
}

/*
 * Map the BAR once more. Return: the IOVA that it gets. The kernel hands out the same IOVA over
 * and over, unless those of earlier cycles were never given back.
 */
static uint64_t probe_iova(struct rig *rig)
{
	int fd = importer_open(), dmabuf = rig_export(rig);
	struct pti_entry entry = { 0 };
	struct pti_query q;
	uint32_t handle;
	int ret = importer_attach(fd, dmabuf, rig_nic(), PTI_DYNAMIC, PTI_UNMAP_AT_ONCE,
				  &handle);

	if (!ret)
		ret = importer_map(fd, handle);
	if (!ret)
		ret = importer_query(fd, handle, &q, &entry, 1);
	if (ret)
		tap_die("IOVA", "%s", strerror(-ret));
	close(fd);
	close(dmabuf);
	return entry.address;
}

struct snapshot {
	struct census census;
	uint64_t iova;
};

static void take_snapshot(struct snapshot *s, struct rig *rig)
{
	s->iova = probe_iova(rig);
	census_take(&s->census, rig_ibdev());
}

/* Run all cycles. @settled: a snapshot after the first cycles, when nothing should grow. */
static void run(struct rig *rig, unsigned int cycles, struct totals *t,
		struct snapshot *settled)
{
	uint64_t start = now_us();
	char step[32];

	for (unsigned int i = 1; i <= cycles; i++) {
		snprintf(step, sizeof(step), "stress: cycle %u", i);
		watchdog_set(CYCLE_LIMIT_S * 2, step);
		cycle(rig, (enum trigger)(i % TRIGGERS), t);
		if (i % PROGRESS == 0)
			progress(i, cycles, t, start);
		if (i == SETTLED || (cycles <= SETTLED && i == cycles / 2))
			take_snapshot(settled, rig);
	}
	watchdog_clear();
}

/*
 * Check that there was traffic in flight, without which the cycles prove little. Where an MR
 * revives, a request that meets a reset may wait for its end instead of failing.
 */
static void judge_traffic(const struct totals *t)
{
	char name[64];

	for (unsigned int i = 0; i < TRIGGERS; i++) {
		snprintf(name, sizeof(name), "stress: traffic was in flight at %s",
			 trigger_name((enum trigger)i));
		tap_note("stress: %u of %u revokes by %s cut requests off", t->caught[i],
			 t->cycles[i], trigger_name((enum trigger)i));
		if (!rig_mr_revives() || !trigger_leaves_usable((enum trigger)i))
			tap_check(t->caught[i] >= t->cycles[i] / 2, name, "too rarely");
	}
}

static void judge(const struct totals *t)
{
	tap_check(!t->late_ok, "stress: no request succeeds after its revoke", "%u did",
		  t->late_ok);
	tap_check(!t->odd, "stress: requests succeed or give the access error",
		  "%u gave something else", t->odd);
	tap_check(!t->dereg_failed, "stress: every dead MR deregisters", "%u did not",
		  t->dereg_failed);
	judge_traffic(t);
}

static void judge_iova(uint64_t settled, uint64_t end)
{
	uint64_t apart = end > settled ? end - settled : settled - end;

	tap_note("stress: the BAR is mapped at %#" PRIx64 ", at the end at %#" PRIx64, settled,
		 end);
	tap_check(apart <= IOVA_SLACK, "stress: no IOVA is lost", "%" PRIu64 " MiB apart",
		  apart / MIB);
}

static unsigned int parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "cycles", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int cycles = 1000;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'c' || atoi(optarg) < 2) {
			fprintf(stderr, "usage: %s [--cycles N]\n  N is 2 or more\n", argv[0]);
			exit(2);
		}
		cycles = (unsigned int)atoi(optarg);
	}
	return cycles;
}

int main(int argc, char **argv)
{
	unsigned int cycles = parse(argc, argv);
	struct snapshot settled, end;
	struct totals totals = { 0 };
	uint64_t log, stray;
	struct rig rig;

	log = kmsg_position();
	stray = rig_stray();
	rig_open(&rig, SPAN, SPAN, DEPTH);
	rig_unmap_bar(&rig);
	run(&rig, cycles, &totals, &settled);
	take_snapshot(&end, &rig);
	census_show(&settled.census, "settled");
	census_show(&end.census, "end");
	judge(&totals);
	census_check(&settled.census, &end.census, "stress: nothing grew");
	judge_iova(settled.iova, end.iova);
	stray = rig_stray() - stray;
	tap_check(!stray, "stress: no stray DMA", "%" PRIu64 " accesses", stray);
	rig_close(&rig);
	kmsg_check(log);
	return tap_exit_status();
}
