// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * revoke_faults: a revoke with a NIC that misbehaves. It shows that the counters which
 * the other tests require to be 0 do move, and that the IOMMU is the second line of
 * defence.
 *
 *	revoke_faults			a NIC that ignores DEREG_MR, and one that fails it
 *	revoke_faults --lost-dereg [--limit SECONDS]
 *					a NIC that never answers it. The driver then gives up
 *					its admin queue: run this as a boot's last test
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/census.h"
#include "lib/clock.h"
#include "lib/kmsg.h"
#include "lib/nicctl.h"
#include "lib/stream.h"
#include "lib/tap.h"
#include "lib/watchdog.h"

#define DEREG_OPCODE	"8"	/* EFA_ADMIN_DEREG_MR */
#define SETTLE_US	200000u
#define WARM_UP		40u
#define ROUNDS		20u
#define DEFAULT_LIMIT_S	40u	/* the driver's own admin timeout is 30 s */

static struct stream stream;

static char *snapshot(const struct rig *rig)
{
	char *copy = malloc(rig->span);

	if (!copy)
		tap_die("set-up", "out of memory");
	rig_read_bar(rig, copy, 0, rig->span);
	return copy;
}

/* Do the bytes in the BAR stay the same while the stream goes on writing? */
static bool bar_rests(const struct rig *rig)
{
	char *first = snapshot(rig), *second;
	bool same;

	sleep_us(SETTLE_US);
	second = snapshot(rig);
	same = !memcmp(first, second, rig->span);
	free(first);
	free(second);
	return same;
}

static void show(const char *what, const struct nic_stray *s)
{
	tap_note("%s: %" PRIu64 " accesses (%" PRIu64 " KiB) landed through the dead key, %"
		 PRIu64 " refused by the IOMMU", what,
		 s->deregistered.reads + s->deregistered.writes, s->deregistered.bytes >> 10,
		 s->unmapped.reads + s->unmapped.writes);
}

/* Start traffic, and reset with it in flight. Return: how long the reset took. */
static uint64_t reset_under_load(struct rig *rig, const struct window *w, const char *name)
{
	uint64_t start;

	stream_start(&stream, rig, w, true);
	if (!stream_wait(&stream, &stream.bar_ok, WARM_UP, 30000))
		tap_die(name, "the traffic does not flow");
	start = now_us();
	if (peerbar_reset(rig->dev))
		tap_die(name, "%s", peerbar_errmsg());
	return now_us() - start;
}

/* A check of what peerbar-vfio-pci promises. The kernel's exporter is reported, not judged. */
static void judge_ours(bool good, const char *name, const char *otherwise)
{
	if (rig_exporter_is_ours())
		tap_check(good, name, "%s", otherwise);
	else
		tap_note("%s: %s, with the kernel's exporter", name, good ? "yes" : otherwise);
}

/*
 * Register the same BAR anew while the dead MR still exists. Does the dead MR's key, which the
 * NIC honours, reach the new mapping? The kernel's exporter frees the IOVA at the revoke, and
 * the next registration gets it. Ours keeps it reserved until the importer detaches.
 */
static bool old_key_reaches(struct rig *rig, const struct window *old)
{
	struct window w;
	uint64_t mark = 0, seen;
	int status;

	window_open(&w, rig, 1);
	*(volatile uint64_t *)rig->bar = 0;
	memset(rig->host, 0xa5, sizeof(mark));
	memcpy(&mark, rig->host, sizeof(mark));
	status = window_one(rig, LOOPBACK_WRITE, (uintptr_t)rig->host, sizeof(mark),
			    old->iova[0], old->mr[0]->rkey);
	seen = *(volatile uint64_t *)rig->bar;
	tap_note("ignored dereg: the old key, after a new registration: %s",
		 window_status(status));
	tap_check(window_close(&w), "ignored dereg: the new MR deregisters", "shown above");
	return seen == mark;
}

struct ignored {		/* summed up over all rounds so far */
	unsigned int rounds;
	bool rests, fails;
	uint64_t hung, late, longest_us;
};

static void ignored_round(struct rig *rig, const struct window *w, struct ignored *all)
{
	uint64_t took, landed;

	took = reset_under_load(rig, w, "ignored dereg");
	landed = nicctl_landings();
	all->rests &= bar_rests(rig);
	all->late += nicctl_landings() - landed;
	all->fails &= stream_wait(&stream, &stream.bar_bad, WARM_UP, 30000);
	stream_stop(&stream);
	all->hung += stream.hung;
	all->longest_us = took > all->longest_us ? took : all->longest_us;
	all->rounds++;
}

static void judge_ignored(const struct ignored *all, const struct nic_stray *stray)
{
	show("ignored dereg", stray);
	tap_note("ignored dereg: resets: %u, at most %.1f ms; last landing %.2f ms after the dereg",
		 all->rounds, us_to_ms(all->longest_us),
		 (double)stray->deregistered.max_age_ns / 1e6);
	tap_check(all->rests, "ignored dereg: BAR unchanged once the reset is done",
		  "it changed");
	judge_ours(!all->late, "ignored dereg: nothing lands once the reset is done",
		   "accesses did");
	tap_check(all->fails, "ignored dereg: requests fail in the end", "they do not");
	tap_check(!all->hung, "ignored dereg: no request hangs", "%" PRIu64 " did", all->hung);
	tap_check(stray->deregistered.writes > 0, "ignored dereg: the NIC counts the landings",
		  "none in %u resets", all->rounds);
	tap_check(stray->unmapped.writes > 0, "ignored dereg: the IOMMU refuses the rest",
		  "nothing was refused");
}

/*
 * The window between the NIC's answer and the unmap is short, and sometimes the NIC does
 * not get to run in it. So repeat until something has landed.
 */
static void test_ignored_dereg(struct rig *rig)
{
	struct ignored all = { .rests = true, .fails = true };
	struct nic_stray before, stray;
	bool deregisters = true;
	struct window w;

	watchdog_set(120, "ignored dereg");
	nicctl_stray(&before);
	nicctl_ignore_revoke();
	for (;;) {
		window_open(&w, rig, 1);
		ignored_round(rig, &w, &all);
		stray = nicctl_stray_since(&before);
		if (stray.deregistered.writes || all.rounds == ROUNDS)
			break;
		deregisters &= window_close(&w);
	}
	judge_ignored(&all, &stray);
	judge_ours(!old_key_reaches(rig, &w),
		   "ignored dereg: a new registration does not make the old key work",
		   "the old key reaches the BAR again");
	deregisters &= window_close(&w);
	tap_check(deregisters, "ignored dereg: the dead MRs deregister", "shown above");
	nicctl_clear_faults();
	watchdog_clear();
}

static void check_recovery(struct rig *rig, const char *name)
{
	const char *wrong;
	struct window w;

	window_open(&w, rig, 1);
	wrong = window_verify(rig, &w, 4096 + 3, 65536 + 1);
	tap_check(!wrong, name, "%s", wrong);
	tap_check(window_close(&w), "failed dereg: the new MR deregisters", "shown above");
}

/* The driver has to tell, because nobody else knows that the NIC may still use the memory. */
static void check_log(uint64_t since, const char *name)
{
	tap_check(kmsg_count(since, "Failed to revoke dmabuf mr") == 1, name, "%d lines",
		  kmsg_count(since, "Failed to revoke dmabuf mr"));
}

static void test_failed_dereg(struct rig *rig)
{
	uint64_t took, log = kmsg_position();
	struct census objects, left;
	struct nic_stray before, stray;
	struct window w;

	watchdog_set(90, "failed dereg");
	nicctl_stray(&before);
	census_take(&objects, rig_ibdev());
	window_open(&w, rig, 1);
	nicctl_fault("fail-opcode=" DEREG_OPCODE);
	nicctl_fault("fail-status=6");
	nicctl_fault("fail-count=1");
	took = reset_under_load(rig, &w, "failed dereg");
	tap_check(bar_rests(rig), "failed dereg: BAR unchanged once the reset is done",
		  "it changed");
	tap_check(stream_wait(&stream, &stream.bar_bad, WARM_UP, 30000),
		  "failed dereg: requests fail in the end", "they do not");
	stream_stop(&stream);
	stray = nicctl_stray_since(&before);
	show("failed dereg", &stray);
	tap_note("failed dereg: reset took %.1f ms", us_to_ms(took));
	tap_check(stray.unmapped.writes > 0, "failed dereg: the IOMMU refuses the rest",
		  "nothing was refused");
	check_log(log, "failed dereg: the log names the MR");
	tap_check(window_close(&w), "failed dereg: the dead MR deregisters", "shown above");
	census_take(&left, rig_ibdev());
	census_check(&objects, &left, "failed dereg: the NIC is told again, and keeps nothing");
	nicctl_clear_faults();
	check_recovery(rig, "failed dereg: a new registration carries data");
	watchdog_clear();
}

/* The kernel warns when it destroys the user's objects, because the NIC is dead by then. */
static void test_lost_dereg(struct rig *rig, unsigned int limit_s)
{
	struct nic_stray before, stray;
	struct window w;
	uint64_t took;

	watchdog_set(limit_s + 60, "lost dereg");
	nicctl_stray(&before);
	window_open(&w, rig, 1);
	nicctl_fault("drop-acq=1");
	took = reset_under_load(rig, &w, "lost dereg");
	tap_note("lost dereg: reset took %.1f ms", us_to_ms(took));
	tap_check(took <= limit_s * 1000000ull, "lost dereg: the reset is bounded",
		  "it took more than %u s", limit_s);
	tap_check(bar_rests(rig), "lost dereg: BAR unchanged once the reset is done",
		  "it changed");
	stream_stop(&stream);
	tap_check(!stream.hung, "lost dereg: no request hangs", "some did");
	stray = nicctl_stray_since(&before);
	show("lost dereg", &stray);
	tap_check(window_close(&w), "lost dereg: the dead MR deregisters", "shown above");
	nicctl_clear_faults();
	watchdog_clear();
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "lost-dereg", no_argument, NULL, 'd' },
		{ "limit", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int limit = DEFAULT_LIMIT_S;
	uint64_t log = kmsg_position();
	bool lost = false;
	struct rig rig;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'd') {
			lost = true;
		} else if (c == 'l' && atoi(optarg) > 0) {
			limit = (unsigned int)atoi(optarg);
		} else {
			fprintf(stderr, "usage: %s [--lost-dereg [--limit SECONDS]]\n", argv[0]);
			return 2;
		}
	}
	rig_open(&rig, STREAM_SPAN, STREAM_HOST, STREAM_DEPTH);
	if (lost) {
		test_lost_dereg(&rig, limit);
		return tap_exit_status();	/* the NIC is dead: no clean-up */
	}
	test_ignored_dereg(&rig);
	test_failed_dereg(&rig);
	rig_close(&rig);
	kmsg_check(log);
	return tap_exit_status();
}
