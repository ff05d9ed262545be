// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * How long the calls that revoke take (reset, memory off, close), each of them
 *
 *	idle		with nothing exported, which is the cost of the call itself;
 *	quiet		with one MR that nobody uses;
 *	traffic		with one MR and the QP full of WRITEs into it.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "lib/tap.h"
#include "lib/trigger.h"
#include "lib/watchdog.h"
#include "lib/window.h"

#define LIMIT_S 120u
#define DEPTH 16u
#define TIMEOUT_MS 30000u

enum load { IDLE, QUIET, TRAFFIC, LOADS };

static const char *const load_names[] = { "idle", "quiet", "traffic" };

/* Fill the QP with requests, each of which writes the whole MR. */
static void fill(struct rig *rig, const struct window *w)
{
	for (unsigned int i = 0; i < DEPTH; i++) {
		struct loopback_wr wr = {
			.op = LOOPBACK_WRITE, .wr_id = i, .length = (uint32_t)rig->span,
			.local_addr = (uintptr_t)rig->host, .lkey = rig->host_mr->lkey,
			.remote_addr = w->iova[0], .rkey = w->mr[0]->rkey,
		};

		if (loopback_post(rig->lb, &wr))
			tap_die("traffic", "%s", loopback_errmsg());
	}
}

/* Wait for all of them. Return: whether the revoke ended any. */
static bool drain(struct rig *rig)
{
	struct ibv_wc wc[DEPTH];
	unsigned int left = DEPTH;
	bool cut = false;

	while (left) {
		int n = loopback_poll(rig->lb, wc, DEPTH, TIMEOUT_MS);

		if (n <= 0)
			tap_die("traffic", "%u requests never completed", left);
		left -= (unsigned int)n;
		while (n--)
			cut |= wc[n].status != IBV_WC_SUCCESS;
	}
	return cut;
}

/* Return: whether traffic was cut off. */
static bool cycle(struct rig *rig, enum trigger trigger, enum load load, struct times *t)
{
	bool cut = false;
	struct window w;

	if (load != IDLE)
		window_open(&w, rig, 1);
	if (load == TRAFFIC)
		fill(rig, &w);
	times_start(t);
	trigger_pull(rig, trigger);
	times_lap(t, 0);
	times_next_row(t);
	if (load == TRAFFIC)
		cut = drain(rig);
	if (load != IDLE && !window_close(&w))
		tap_die("dereg", "shown above");
	trigger_recover(rig, trigger);
	rig_unmap_bar(rig);
	return cut;
}

static void measure(struct rig *rig, enum trigger trigger, enum load load,
		    unsigned int cycles)
{
	static const char *const steps[] = { "revoke", NULL };
	unsigned int cut = 0;
	struct times t;
	char about[128];

	watchdog_set(LIMIT_S, trigger_name(trigger));
	times_open(&t, steps, cycles);
	for (unsigned int i = 0; i < cycles; i++)
		cut += cycle(rig, trigger, load, &t);
	snprintf(about, sizeof(about), "\"kind\":\"revoke\",\"trigger\":\"%s\","
		 "\"load\":\"%s\",\"cut\":%u", trigger_name(trigger), load_names[load], cut);
	times_print(&t, about);
	times_close(&t);
	watchdog_clear();
}

void bench_revoke(size_t size, unsigned int cycles)
{
	struct rig rig;

	rig_open(&rig, size, size, DEPTH);
	rig_unmap_bar(&rig);
	for (unsigned int trigger = 0; trigger < TRIGGERS; trigger++)
		for (unsigned int load = 0; load < LOADS; load++)
			measure(&rig, (enum trigger)trigger, (enum load)load, cycles);
	rig_close(&rig);
}
