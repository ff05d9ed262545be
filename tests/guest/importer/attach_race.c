// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * attach_race: access is taken away just after the RDMA core has attached to the dma-buf,
 * and before it has pinned or mapped it. tests/kmod holds the registration up at that point.
 * peerbar-vfio-pci does not tell an importer that has nothing mapped; other exporters do, and in
 * one case the module of tests/kmod does.
 *
 * The result must not be an MR that is mapped and has already consumed its only revoke, because
 * no later revoke would reach it. Either the registration fails (EINVAL from the kernel's umem,
 * which counts that revoke; ENODEV from the exporter, while the device is away), or the MR works
 * like any other and dies with the next revoke. Nothing is left behind on the dma-buf or on the
 * device.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/census.h"
#include "lib/clock.h"
#include "lib/kmod.h"
#include "lib/kmsg.h"
#include "lib/pci.h"
#include "lib/tap.h"
#include "lib/trigger.h"
#include "lib/watchdog.h"
#include "lib/window.h"

#define MODULE "peerbar_test_attach_hold"
#define PARAMETERS "/sys/module/" MODULE "/parameters/"
#define SPAN (4 * MIB)
#define LIMIT_S 40u		/* less than the module's own */

struct registration {
	struct rig *rig;
	int fd;			/* the dma-buf */
	struct ibv_mr *mr;
	uint64_t iova;
	int err;		/* if there is no MR: errno */
};

static void set(const char *parameter, bool value)
{
	int ret = sysfs_write(value ? "1" : "0", parameter);

	if (ret)
		tap_die("set-up", "%s: %s", parameter, strerror(-ret));
}

static void set_hold(bool hold)
{
	set(PARAMETERS "hold", hold);
}

static void wait_until_held(void)
{
	char held;

	do {
		int fd = open(PARAMETERS "held", O_RDONLY | O_CLOEXEC);

		sleep_us(1000);
		if (fd < 0 || read(fd, &held, 1) != 1)
			tap_die("set-up", PARAMETERS "held: %s", strerror(errno));
		close(fd);
	} while (held == '0');
}

static void *do_register(void *arg)
{
	struct registration *r = arg;

	r->mr = peerbar_reg_mr(r->rig->lb->pd, r->fd, 0, SPAN, r->rig->access, &r->iova);
	r->err = r->mr ? 0 : errno;
	return NULL;
}

/* Register. Between attach and map @trigger is pulled, and has completed. */
static void register_around(struct registration *r, enum trigger trigger)
{
	pthread_t thread;

	set_hold(true);
	if (pthread_create(&thread, NULL, do_register, r))
		tap_die("set-up", "cannot start a thread");
	wait_until_held();
	trigger_pull(r->rig, trigger);
	set_hold(false);
	pthread_join(thread, NULL);
}

static void check(bool good, const char *name, const char *what)
{
	char text[128];

	snprintf(text, sizeof(text), "%s: %s", name, what);
	tap_check(good, text, "it is not so");
}

static int use(struct rig *rig, struct ibv_mr *mr, uint64_t iova)
{
	return window_one(rig, LOOPBACK_WRITE, (uintptr_t)rig->host, 65536, iova, mr->rkey);
}

/* The MR works until the device is reset, and the reset does not hang. */
static void check_lives_and_ends(struct rig *rig, struct ibv_mr *mr, uint64_t iova,
				 const char *name)
{
	int status = use(rig, mr, iova);

	tap_check(status == IBV_WC_SUCCESS, name, "%s", window_status(status));
	trigger_pull(rig, TRIGGER_RESET);
	status = use(rig, mr, iova);
	tap_check(rig_is_access_error(status), "the next reset revokes it", "%s",
		  window_status(status));
	status = ibv_dereg_mr(mr);
	tap_check(!status, "it deregisters", "%s", strerror(status));
}

static void check_outcome(struct registration *r, enum trigger trigger, const char *name)
{
	if (r->mr) {
		tap_note("%s: the registration succeeded", name);
		check(trigger == TRIGGER_RESET, name, "there was something to register");
		check_lives_and_ends(r->rig, r->mr, r->iova, "the MR works");
	} else {
		tap_note("%s: the registration failed: %s", name, strerror(r->err));
		check(r->err == EINVAL || r->err == ENODEV, name,
		      "refused by EINVAL or ENODEV");
	}
}

static void case_race(enum trigger trigger)
{
	const char *name = trigger_name(trigger);
	struct peerbar_range range = { 0, SPAN };
	uint64_t stray = rig_stray();
	struct registration r;
	struct window w;
	struct rig rig;

	watchdog_set(LIMIT_S, name);
	rig_open(&rig, SPAN, MIB, 8);
	rig_unmap_bar(&rig);
	r = (struct registration){ .rig = &rig };
	r.fd = peerbar_export(rig.dev, rig_bar(), &range, 1, O_RDWR);
	if (r.fd < 0)
		tap_die("export", "%s", peerbar_errmsg());
	register_around(&r, trigger);
	check_outcome(&r, trigger, name);
	close(r.fd);

	trigger_recover(&rig, trigger);
	rig_unmap_bar(&rig);
	window_open(&w, &rig, 1);
	check_lives_and_ends(&rig, w.mr[0], w.iova[0], "a new MR works");
	w.nr = 0;
	window_close(&w);
	rig_close(&rig);
	check(rig_stray() == stray, name, "no stray DMA");
	watchdog_clear();
}

/* It is told, besides, after a reset, which is over when it maps. */
static void case_told(void)
{
	tap_note("the importer is told to let go");
	set(PARAMETERS "tell", true);
	case_race(TRIGGER_RESET);
	set(PARAMETERS "tell", false);
}

int main(void)
{
	uint64_t log = kmsg_position();
	struct census before, after;
	int err = kmod_load(MODULE);

	if (err && err != -EEXIST)
		tap_die("set-up", "cannot load " MODULE ".ko: %s", strerror(-err));
	census_take(&before, rig_ibdev());
	for (int trigger = 0; trigger < TRIGGERS; trigger++)
		case_race(trigger);
	case_told();
	census_take(&after, rig_ibdev());
	census_check(&before, &after, "nothing is left behind");
	kmsg_check(log);
	return tap_exit_status();
}
