// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Registration during resets: one thread resets the device again and again, another
 * registers, moves a little data and deregisters. Each registration must either work or
 * be refused; each work request must either succeed or fail; nothing may hang. The kernel log
 * is checked here, because only this test excuses a warning.
 *
 * A registration is refused with ENODEV by the exporter or, rarely, with EINVAL by the
 * RDMA core, when the revoke falls between the importer's attach and its map.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/kmsg.h"
#include "lib/tap.h"
#include "lib/watchdog.h"
#include "lib/window.h"
#include "revoke.h"

#define SPAN (4 * MIB)

struct resetter {
	struct peerbar_device *dev;
	atomic_bool stop;
	unsigned int resets, failed;
};

struct tally {
	unsigned int registered, refused, between, wr_ok, wr_failed;
	unsigned int odd;	/* any other outcome */
	char what[200];		/* the first odd one */
};

static void *keep_resetting(void *arg)
{
	struct resetter *r = arg;
	unsigned int seed = 1;

	while (!r->stop) {
		if (peerbar_reset(r->dev))
			r->failed++;
		r->resets++;
		/* Sometimes long enough for a registration to get through. */
		sleep_us((uint64_t)rand_r(&seed) % 8000);
	}
	return NULL;
}

static void odd(struct tally *t, const char *what)
{
	if (!t->odd++)
		snprintf(t->what, sizeof(t->what), "%s", what);
}

static void use_and_drop(struct rig *rig, struct ibv_mr *mr, uint64_t iova, struct tally *t)
{
	int status = window_one(rig, LOOPBACK_WRITE, (uintptr_t)rig->host, 65536, iova, mr->rkey);

	t->registered++;
	if (status < 0)
		odd(t, window_status(status));
	else if (status)
		t->wr_failed++;
	else
		t->wr_ok++;
	status = ibv_dereg_mr(mr);
	if (status)
		odd(t, strerror(status));
}

static void register_until(struct rig *rig, int fd, uint64_t end, struct tally *t)
{
	struct ibv_mr *mr;
	uint64_t iova;

	while (now_us() < end && !t->odd) {
		errno = 0;
		mr = peerbar_reg_mr(rig->lb->pd, fd, 0, SPAN, rig->access, &iova);
		if (mr)
			use_and_drop(rig, mr, iova, t);
		else if (errno == ENODEV)
			t->refused++;
		else if (errno == EINVAL)
			t->between++;
		else
			odd(t, peerbar_errmsg());
	}
}

static void report(const struct tally *t, const struct resetter *r)
{
	tap_note("race: %u resets; registrations: %u ok, %u ENODEV, %u EINVAL", r->resets,
		 t->registered, t->refused, t->between);
	tap_note("race: work requests: %u ok, %u failed", t->wr_ok, t->wr_failed);
	tap_check(!t->odd, "race: no other outcome", "%s", t->what);
	tap_check(!r->failed, "race: every reset works", "%u failed", r->failed);
	tap_check(t->registered && t->refused, "race: both outcomes seen",
		  "one was not: make it longer");
}

void revoke_race(unsigned int seconds)
{
	uint64_t stray = rig_stray(), log = kmsg_position();
	struct resetter resetter = { 0 };
	struct tally tally = { 0 };
	pthread_t thread;
	struct window w;
	struct rig rig;

	watchdog_set(seconds + 60, "race");
	rig_open(&rig, SPAN, MIB, 8);
	rig_unmap_bar(&rig);
	window_open(&w, &rig, 1);
	if (ibv_dereg_mr(w.mr[0]))
		tap_die("race", "the first MR does not deregister");
	w.nr = 0;
	resetter.dev = rig.dev;
	if (pthread_create(&thread, NULL, keep_resetting, &resetter))
		tap_die("race", "cannot start a thread");
	register_until(&rig, w.fd, now_us() + seconds * 1000000ull, &tally);
	resetter.stop = true;
	pthread_join(thread, NULL);
	report(&tally, &resetter);
	window_close(&w);
	rig_close(&rig);
	tap_check(rig_stray() == stray, "race: no stray DMA", "the NIC counted some");
	kmsg_check_but(log, rig_known_warning());
	watchdog_clear();
}
