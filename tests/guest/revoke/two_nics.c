// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * two_nics: one buffer of the BAR, registered with two NICs. What one writes, the other reads.
 * Then a single reset takes the BAR away from both, with traffic in flight on both. When it
 * returns, their MRs are gone or, under the fence, fenced off in the IOMMU; that of a ConnectX
 * may work again. The two NICs need not be of one kind.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "lib/kmsg.h"
#include "lib/nicctl.h"
#include "lib/stream.h"
#include "lib/tap.h"
#include "lib/trigger.h"
#include "lib/watchdog.h"

#define NICS 2u
#define LIMIT_S 60u
#define WARM_UP 30u		/* BAR requests of each NIC that must succeed first */
#define AFTERMATH 50u		/* BAR requests of each that must fail, or succeed, after it */
#define TIMEOUT_MS 30000u
#define CROSS_LENGTH (MIB + 77)

struct nic {
	struct rig rig;		/* that of the first NIC has the VFIO device, too */
	struct window window;
	struct stream stream;
	uint64_t stray, mrs, reachable;	/* at the beginning */
	bool fenced, revives;
};

static struct nic nics[NICS];

/* A number from the report of one NIC; @own: of what only its model reports. */
static uint64_t figure(unsigned int nic, const char *path, bool own)
{
	struct json_object *report;
	uint64_t value;

	rig_select_nic(nic + 1);
	report = nicctl_report();
	value = own ? nicctl_own_figure(report, path) : nicctl_figure(report, path);
	nicctl_close();
	json_object_put(report);
	return value;
}

static uint64_t live_mrs(unsigned int nic)
{
	return figure(nic, "objects/mr", true);
}

static uint64_t reachable(unsigned int nic)
{
	return figure(nic, "/dma/live_bytes", false);
}

static uint64_t stray(unsigned int nic)
{
	uint64_t count;

	rig_select_nic(nic + 1);
	count = rig_stray();
	nicctl_close();
	return count;
}

/* One check of one of the NICs. */
static void check(unsigned int nic, bool good, const char *what)
{
	char name[96];

	snprintf(name, sizeof(name), "NIC %u: %s", nic + 1, what);
	tap_check(good, name, "it is not so");
}

/* Both NICs register the whole buffer, and each has half of it for its stream. */
static void open_all(void)
{
	struct rig *first = &nics[0].rig, *second = &nics[1].rig;

	rig_open(first, NICS * STREAM_SPAN, STREAM_HOST, STREAM_DEPTH);
	second->bar = first->bar + STREAM_SPAN;
	second->span = first->span;
	rig_open_nic(second, rig_ibdev2(), STREAM_HOST, STREAM_DEPTH);
	for (unsigned int i = 0; i < NICS; i++) {
		nics[i].stray = stray(i);
		nics[i].mrs = live_mrs(i);
		nics[i].reachable = reachable(i);
		nics[i].fenced = rig_is_fenced();
		nics[i].revives = rig_mr_revives();
	}
}

static void register_all(void)
{
	int fd = rig_export(&nics[0].rig);

	for (unsigned int i = 0; i < NICS; i++)
		window_register(&nics[i].window, &nics[i].rig, dup(fd), 1);
	close(fd);
}

static void deregister_all(const char *what)
{
	for (unsigned int i = 0; i < NICS; i++)
		check(i, window_close(&nics[i].window), what);
}

static int move(struct nic *nic, enum loopback_op op)
{
	return window_one(&nic->rig, op, (uintptr_t)nic->rig.host, CROSS_LENGTH,
			  nic->window.iova[0] + 4096 + 5, nic->window.mr[0]->rkey);
}

/* One NIC writes into the BAR, the other reads it. */
static void check_crossing(unsigned int from, const char *when)
{
	struct nic *writer = &nics[from], *reader = &nics[!from];
	uint64_t before = figure(from, "counters/doorbells", true);
	char what[64];

	rig_pattern(writer->rig.host, CROSS_LENGTH, 3 + from);
	memset(reader->rig.host, 0, CROSS_LENGTH);
	snprintf(what, sizeof(what), "%s: the other reads what it wrote", when);
	check(from, !move(writer, LOOPBACK_WRITE) && !move(reader, LOOPBACK_READ) &&
	      !memcmp(writer->rig.host, reader->rig.host, CROSS_LENGTH), what);
	snprintf(what, sizeof(what), "%s: one doorbell, its own", when);
	check(from, figure(from, "counters/doorbells", true) == before + 1, what);
}

static void start_all(void)
{
	for (unsigned int i = 0; i < NICS; i++) {
		struct window half = nics[i].window;

		half.iova[0] += i * STREAM_SPAN;
		stream_start(&nics[i].stream, &nics[i].rig, &half, false);
	}
	for (unsigned int i = 0; i < NICS; i++)
		check(i, stream_wait(&nics[i].stream, &nics[i].stream.bar_ok, WARM_UP,
				     TIMEOUT_MS), "traffic flows");
}

static void reset_under_load(void)
{
	struct rig *owner = &nics[0].rig;

	rig_unmap_bar(owner);
	trigger_pull(owner, TRIGGER_RESET);
	for (unsigned int i = 0; i < NICS; i++)
		if (!nics[i].revives)
			stream_fence(&nics[i].stream);
	for (unsigned int i = 0; i < NICS; i++) {
		if (nics[i].revives)
			continue;
		check(i, reachable(i) <= nics[i].reachable,
		      "it does not reach the BAR when the reset returns");
		if (!nics[i].fenced && !nics[i].rig.lb->connected)
			check(i, live_mrs(i) == nics[i].mrs,
			      "its MR is gone when the reset returns");
	}
	trigger_recover(owner, TRIGGER_RESET);
	nics[1].rig.bar = owner->bar + STREAM_SPAN;
}

static void check_aftermath(unsigned int i)
{
	struct stream *s = &nics[i].stream;
	char errors[256];

	if (nics[i].revives) {
		check(i, stream_wait(s, &s->bar_ok, s->bar_ok + AFTERMATH, TIMEOUT_MS),
		      "its MR works again");
	} else {
		check(i, stream_newest_stamp(&nics[i].rig) <= s->fence,
		      "nothing posted later landed");
		check(i, stream_wait(s, &s->bar_bad, AFTERMATH, TIMEOUT_MS),
		      "requests go on failing");
	}
	stream_stop(s);
	stream_errors(s, errors, sizeof(errors));
	tap_note("NIC %u: BAR requests: %" PRIu64 " ok, %" PRIu64 " failed: %s", i + 1,
		 s->bar_ok, s->bar_bad, errors);
	check(i, !s->hung && !s->post_failed, "every request completes");
	check(i, !s->late_ok, "later requests fail");
	check(i, stream_errors_fit(s), "errors are access errors");
	check(i, s->host_ok && !s->host_bad && !s->corrupt, "data is right");
}

int main(void)
{
	uint64_t log = kmsg_position();

	watchdog_set(LIMIT_S, "two NICs");
	open_all();
	register_all();
	for (unsigned int i = 0; i < NICS; i++)
		check(i, live_mrs(i) == nics[i].mrs + 1, "it has an MR of the buffer");
	check_crossing(0, "before");
	check_crossing(1, "before");
	start_all();
	reset_under_load();
	for (unsigned int i = 0; i < NICS; i++)
		check_aftermath(i);
	deregister_all("the dead MR deregisters");
	register_all();
	check_crossing(0, "after");
	check_crossing(1, "after");
	deregister_all("the live MR deregisters");
	for (unsigned int i = 0; i < NICS; i++)
		check(i, stray(i) == nics[i].stray, "no stray DMA");
	rig_close_nic(&nics[1].rig);
	rig_close(&nics[0].rig);
	watchdog_clear();
	kmsg_check(log);
	return tap_exit_status();
}
