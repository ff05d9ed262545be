// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * revoke_stalled: a ConnectX that does nothing any more with its memory keys. Its driver waits
 * for that without limit, in the callback that tells it of a revoke, and so with the lock of the
 * buffer held. The driver cannot be saved. Everything else must go on: the revoke ends in time
 * with the BAR closed in the IOMMU, the NIC's accesses are refused, and others use the device
 * and the NIC as before, also while the buffer's lock is held.
 *
 *	revoke_stalled			peerbar-vfio-pci promises this
 *	revoke_stalled --waits		the kernel's exporter waits until the NIC goes on
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/blame.h"
#include "lib/clock.h"
#include "lib/exporter.h"
#include "lib/importer_bench.h"
#include "lib/kmsg.h"
#include "lib/nicctl.h"
#include "lib/resetter.h"
#include "lib/tap.h"
#include "lib/watchdog.h"
#include "lib/window.h"

#define TIMEOUT_MS	1500u	/* revoke_timeout_ms */
#define SLACK_MS	2000u	/* for the event itself, and for slow emulation */
#define LIMIT_S		90u
#define WAITS_S		10u
#define DRIVERS_OWN	65536u	/* bytes that the NIC's driver may map for itself */

static const char name[] = "stalled NIC";

struct scene {
	struct rig rig;
	struct window w;		/* the NIC's MR */
	uint64_t reachable;		/* without it */
};

static void set_stall(bool on)
{
	nicctl_fault(on ? "stall-umr=1" : "stall-umr=0");
}

static void begin(struct scene *s)
{
	const char *wrong;

	memset(s, 0, sizeof(*s));
	watchdog_set(LIMIT_S, name);
	rig_open(&s->rig, SPAN, SPAN, 8);
	s->reachable = nicctl_reachable();
	window_open(&s->w, &s->rig, 1);
	wrong = window_verify(&s->rig, &s->w, 4096 + 3, 65536);
	if (wrong)
		tap_die(name, "%s", wrong);
	rig_unmap_bar(&s->rig);
	set_stall(true);
}

static void end(struct scene *s)
{
	set_stall(false);
	tap_check(window_close(&s->w), "stalled NIC: when it goes on, the MR deregisters",
		  "shown above");
	rig_close(&s->rig);
	watchdog_clear();
}

/* ---- what is promised ---- */

static void check_time(const char *what, uint64_t start_us)
{
	uint64_t took = now_us() - start_us;
	char text[IMPORTER_TITLE];

	tap_note("%s: %s took %.1f ms", name, what, us_to_ms(took));
	snprintf(text, sizeof(text), "%s: %s ends in time", name, what);
	tap_check(took <= (TIMEOUT_MS + SLACK_MS) * 1000ull, text, "it took %.1f ms",
		  us_to_ms(took));
}

static void check_closed(const struct scene *s)
{
	uint64_t reachable = nicctl_reachable();

	tap_check(reachable <= s->reachable + DRIVERS_OWN, "stalled NIC: the BAR is closed",
		  "it reaches %" PRIu64 " bytes, before the registration %" PRIu64, reachable,
		  s->reachable);
}

/* The key that the NIC still honours leads to addresses that the IOMMU refuses. */
static void check_refused(struct scene *s)
{
	struct nic_stray before, since;
	char text[IMPORTER_TITLE];
	int status;

	nicctl_stray(&before);
	status = window_one(&s->rig, LOOPBACK_WRITE, (uintptr_t)s->rig.host, 4096,
			    s->w.iova[0], s->w.mr[0]->rkey);
	since = nicctl_stray_since(&before);
	tap_check(rig_is_access_error(status),
		  importer_title(text, name, "a request by the key fails"), "%s",
		  window_status(status));
	tap_check(since.unmapped.writes && !since.zapped.writes,
		  importer_title(text, name, "the IOMMU refused it"), "%" PRIu64 " refused",
		  since.unmapped.writes);
}

/* Host memory that was registered before, over a new queue pair. */
static void check_bystander(struct scene *s)
{
	char text[IMPORTER_TITLE];
	uint64_t half = s->rig.host_len / 2;
	int status;

	rig_pattern(s->rig.host, half, 7);
	status = window_one(&s->rig, LOOPBACK_WRITE, (uintptr_t)s->rig.host, (uint32_t)half,
			    (uintptr_t)s->rig.host + half, s->rig.host_mr->rkey);
	tap_check(!status && !memcmp(s->rig.host, s->rig.host + half, half),
		  importer_title(text, name, "other memory of the NIC is used as before"),
		  "%s", window_status(status));
}

/* Another buffer, and another importer of it. */
static void check_other_buffer(struct scene *s)
{
	int dmabuf = rig_export(&s->rig), importer = importer_open();
	char text[IMPORTER_TITLE];
	uint32_t handle;
	int ret = importer_attach(importer, dmabuf, importing_device(), PTI_DYNAMIC,
				  PTI_UNMAP_AT_ONCE, &handle);

	if (!ret)
		ret = importer_map(importer, handle);
	tap_check(!ret, importer_title(text, name, "another buffer is exported and mapped"),
		  "%s", strerror(-ret));
	if (!ret)
		ret = importer_detach(importer, handle);
	tap_check(!ret, importer_title(text, name, "and detached"), "%s", strerror(-ret));
	close(importer);
	close(dmabuf);
}

/* What the device's owner does next, while the buffer's lock is still held. */
static void check_owner(struct scene *s)
{
	uint64_t start = now_us();

	trigger_pull(&s->rig, TRIGGER_MEMORY);
	check_time("memory off", start);
	rig_set_memory(&s->rig, true);
	start = now_us();
	trigger_pull(&s->rig, TRIGGER_RESET);
	check_time("the next reset", start);
	start = now_us();
	tap_check(exporter_shows(rig_gpu(), "exports", "buffer=") > 0,
		  "stalled NIC: debugfs shows the buffers", "it does not");
	check_time("reading debugfs", start);
	start = now_us();
	trigger_pull(&s->rig, TRIGGER_CLOSE);
	check_time("closing the device", start);
	start = now_us();
	rig_open_device(&s->rig);
	check_time("opening it again", start);
}

static void contained(void)
{
	unsigned int timeout = exporter_set_timeout(TIMEOUT_MS);
	struct blame blame;
	struct scene s;
	uint64_t start;

	begin(&s);
	blame_begin(&blame);
	start = now_us();
	trigger_pull(&s.rig, TRIGGER_RESET);
	check_time("the reset", start);
	check_closed(&s);
	blame_check(&blame, 1, 0, name);
	check_refused(&s);
	check_bystander(&s);
	check_other_buffer(&s);
	check_owner(&s);
	check_other_buffer(&s);
	end(&s);
	exporter_set_timeout(timeout);
}

/* ---- what happens without that ---- */

static void waits(void)
{
	struct resetter r;
	struct scene s;

	begin(&s);
	resetter_start(&r, s.rig.dev);
	sleep_us(WAITS_S * 1000000u);
	tap_check(!r.done, "stalled NIC: the kernel's exporter waits for it", "it does not");
	set_stall(false);
	tap_check(!resetter_join(&r), "stalled NIC: and ends when the NIC goes on", "error");
	end(&s);
}

int main(int argc, char **argv)
{
	bool wait = argc == 2 && !strcmp(argv[1], "--waits");
	uint64_t log = kmsg_position();

	if (argc > 1 && !wait) {
		fprintf(stderr, "usage: %s [--waits]\n", argv[0]);
		return 2;
	}
	if (wait)
		waits();
	else
		contained();
	kmsg_check(log);
	return tap_exit_status();
}
