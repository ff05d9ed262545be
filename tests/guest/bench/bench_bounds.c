// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * bench_bounds: times of resets with importers of each behaviour, as lines of JSON.
 *
 *	bench_bounds [--mrs N] [--buffers N] [--ranges N] [--importers once|never|sit]
 *		     [--device ADDRESS] [--timeout-ms N] [--cycles N] reset|waits
 *
 * reset	"own" is a reset with nothing exported, "reset" one with the crowd attached, and
 *		"revoke" the exporter's part of it by its own clock. Then "detach" is a single
 *		detach, and "detach_all" the detaches of the whole crowd.
 * waits	How long others wait for the exporter's locks while the crowd is idle, while it
 *		detaches with nothing revoked, and while a reset revokes it, with importers of
 *		each behaviour. The waiting threads slow down what they wait for, so the reset
 *		and the detaches are not timed here.
 *
 * --timeout-ms sets the exporter's revoke_timeout_ms for this run. The importing device is the
 * NIC by default.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "bench_bounds.h"
#include "bench_trace.h"
#include "bench_waits.h"
#include "lib/clock.h"
#include "lib/exporter.h"
#include "lib/tap.h"
#include "lib/test_importer.h"
#include "lib/watchdog.h"

#define LIMIT_S 120u
#define IDLE_US 300000u

struct scene {
	struct rig rig;
	struct crowd crowd;
	unsigned int timeout_ms, cycles;
};

static void reset(struct scene *s)
{
	if (peerbar_reset(s->rig.dev))
		tap_die("reset", "%s", peerbar_errmsg());
}

/* The first members of a line, which say what was measured. */
static void say_crowd(const struct scene *s, const char *kind, char *text, size_t size)
{
	snprintf(text, size, "\"kind\":\"%s\",\"mrs\":%u,\"buffers\":%u,\"ranges\":%u,"
		 "\"timeout_ms\":%u", kind, s->crowd.mrs, s->crowd.buffers, s->crowd.ranges,
		 s->timeout_ms);
}

static struct bench_revocation cycle(struct scene *s, struct times *t)
{
	enum { OWN, RESET, REVOKE, DETACH, DETACH_ALL };
	struct bench_revocation revocation;
	struct crowd *c = &s->crowd;

	times_start(t);
	reset(s);
	times_lap(t, OWN);

	crowd_open(c, &s->rig);
	times_start(t);
	reset(s);
	times_lap(t, RESET);
	bench_trace_revocation(&revocation);
	times_put(t, REVOKE, revocation.us);

	crowd_finish(c);
	times_start(t);
	crowd_detach_last(c);
	times_lap(t, DETACH);
	crowd_detach_others(c);
	times_lap(t, DETACH_ALL);
	times_put(t, DETACH_ALL, times_get(t, DETACH) + times_get(t, DETACH_ALL));
	crowd_close(c);
	times_next_row(t);
	return revocation;
}

static void measure_resets(struct scene *s)
{
	static const char *const steps[] = {
		"own", "reset", "revoke", "detach", "detach_all", NULL,
	};
	unsigned int mapped = 0, fenced = 0, overdue = 0;
	char crowd[160], about[256];
	struct times t;

	times_open(&t, steps, s->cycles);
	for (unsigned int i = 0; i < s->cycles; i++) {
		struct bench_revocation revocation = cycle(s, &t);

		mapped += s->crowd.mapped;
		fenced += revocation.fenced;
		overdue += revocation.overdue;
	}
	say_crowd(s, "reset", crowd, sizeof(crowd));
	snprintf(about, sizeof(about), "%s,\"importers\":\"%s\",\"mapped\":%u,\"fenced\":%u,"
		 "\"overdue\":%u", crowd, behaviour_name(s->crowd.behaviour), mapped, fenced,
		 overdue);
	times_print(&t, about);
	times_close(&t);
}

static void print_waits(const struct scene *s, const struct waits *w, const char *what)
{
	char crowd[160], about[256];

	say_crowd(s, "waits", crowd, sizeof(crowd));
	snprintf(about, sizeof(about), "%s,\"while\":\"%s\"", crowd, what);
	waits_print(w, about);
}

static void watch_idle_and_detach(struct scene *s, struct waits *w)
{
	struct crowd *c = &s->crowd;

	c->behaviour = ONCE;
	crowd_open(c, &s->rig);
	waits_start(w, rig_gpu(), c->dmabuf[0]);
	sleep_us(IDLE_US);
	waits_stop(w);
	print_waits(s, w, "idle");

	waits_start(w, rig_gpu(), c->dmabuf[0]);
	crowd_detach_last(c);
	crowd_detach_others(c);
	waits_stop(w);
	print_waits(s, w, "detach");
	crowd_close(c);
}

static void watch_reset(struct scene *s, struct waits *w, enum behaviour behaviour)
{
	struct crowd *c = &s->crowd;

	c->behaviour = behaviour;
	crowd_open(c, &s->rig);
	waits_start(w, rig_gpu(), c->dmabuf[0]);
	reset(s);
	crowd_finish(c);
	waits_stop(w);
	print_waits(s, w, behaviour_name(behaviour));
	crowd_detach_last(c);
	crowd_detach_others(c);
	crowd_close(c);
}

static void measure_waits(struct scene *s)
{
	static struct waits w;

	watch_idle_and_detach(s, &w);
	for (unsigned int i = 0; i < BEHAVIOURS; i++)
		watch_reset(s, &w, (enum behaviour)i);
}

static void run(struct scene *s, void (*measure)(struct scene *s))
{
	unsigned int old = exporter_set_timeout(s->timeout_ms);

	watchdog_set(LIMIT_S, "bounds");
	rig_open_device(&s->rig);
	s->crowd.importer = importer_open();
	bench_trace_open();
	measure(s);
	bench_trace_close();
	close(s->crowd.importer);
	peerbar_close(s->rig.dev);
	watchdog_clear();
	exporter_set_timeout(old);
}

static void usage(const char *name)
{
	fprintf(stderr, "usage: %s [--mrs N] [--buffers N] [--ranges N]\n"
		"       [--importers once|never|sit] [--device ADDRESS] [--timeout-ms N]\n"
		"       [--cycles N] reset|waits\n", name);
	exit(2);
}

/* Parse a number from 1 to @most. */
static unsigned int number(const char *text, unsigned int most, const char *name)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || !n || n > most)
		usage(name);
	return (unsigned int)n;
}

static void parse(struct scene *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "mrs", required_argument, NULL, 'm' },
		{ "buffers", required_argument, NULL, 'b' },
		{ "ranges", required_argument, NULL, 'r' },
		{ "importers", required_argument, NULL, 'i' },
		{ "device", required_argument, NULL, 'd' },
		{ "timeout-ms", required_argument, NULL, 't' },
		{ "cycles", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	int c, behaviour = ONCE;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'm')
			s->crowd.mrs = number(optarg, CROWD_MRS, argv[0]);
		else if (c == 'b')
			s->crowd.buffers = number(optarg, CROWD_MRS, argv[0]);
		else if (c == 'r')
			s->crowd.ranges = number(optarg, CROWD_RANGES, argv[0]);
		else if (c == 'i')
			behaviour = behaviour_by_name(optarg);
		else if (c == 'd')
			s->crowd.device = optarg;
		else if (c == 't')
			s->timeout_ms = number(optarg, 60000, argv[0]);
		else if (c == 'c')
			s->cycles = number(optarg, 65536, argv[0]);
		else
			usage(argv[0]);
	}
	if (behaviour < 0 || optind + 1 != argc || s->crowd.buffers > s->crowd.mrs)
		usage(argv[0]);
	s->crowd.behaviour = (enum behaviour)behaviour;
}

int main(int argc, char **argv)
{
	static struct scene s = {
		.crowd = { .mrs = 1, .buffers = 1, .ranges = 1 },
		.timeout_ms = 1000, .cycles = 1,
	};

	s.crowd.device = rig_nic();
	parse(&s, argc, argv);
	if (!strcmp(argv[optind], "reset"))
		run(&s, measure_resets);
	else if (!strcmp(argv[optind], "waits"))
		run(&s, measure_waits);
	else
		usage(argv[0]);
	return EXIT_SUCCESS;
}
