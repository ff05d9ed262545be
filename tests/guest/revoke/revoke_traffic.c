// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A revoke under load: transfers into the BAR and out of it are in flight while the owner
 * takes access away. What is checked: all of them end in time, with an error; there is no DMA
 * after the call has returned, by the NIC's own count and by the bytes in the BAR; transfers
 * between host memory on the same QP are not affected; the dead MRs deregister without an error;
 * a new export works, and the old key does not.
 *
 * A ConnectX maps the buffer again when it is used (see rig_mr_revives()). There the same MR
 * must fail as long as access is taken away, and must work when it is given back.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/nicctl.h"
#include "lib/stream.h"
#include "lib/tap.h"
#include "lib/watchdog.h"
#include "lib/window.h"
#include "revoke.h"

#define LIMIT_S 60u		/* for one trigger, in all */
#define WARM_UP 60u		/* BAR requests that must succeed first */
/* BAR requests that must fail after the revoke; on RC each of them costs a new connection */
#define AFTERMATH 200u
#define AFTERMATH_CONNECTED 50u
#define SETTLE_US 200000u

static struct stream stream;
static char prefix[48];

static bool revives(enum trigger trigger)
{
	return rig_mr_revives() && trigger_comes_back(trigger);
}

static const char *after(enum trigger trigger)
{
	if (rig_is_fenced())
		return "fenced";
	return revives(trigger) ? "revives" : "dead";
}

static bool check(bool good, const char *what, const char *why)
{
	char name[128];

	snprintf(name, sizeof(name), "%s: %s", prefix, what);
	return tap_check(good, name, "%s", why);
}

static bool check_none(uint64_t count, const char *what, const char *of_what)
{
	char why[128];

	snprintf(why, sizeof(why), "%" PRIu64 " %s", count, of_what);
	return check(!count, what, why);
}

/* Read the BAR twice, a while apart, while the stream still tries to write to it. */
static bool bytes_stay(struct rig *rig)
{
	uint8_t *first = malloc(rig->span), *second = malloc(rig->span);
	bool same;

	if (!first || !second)
		tap_die(prefix, "out of memory");
	rig_read_bar(rig, first, 0, rig->span);
	sleep_us(SETTLE_US);
	rig_read_bar(rig, second, 0, rig->span);
	same = !memcmp(first, second, rig->span);
	free(first);
	free(second);
	return same;
}

static bool check_bar(struct rig *rig)
{
	bool good;

	good = check(stream_newest_stamp(rig) <= stream.fence, "nothing posted later landed",
		     "the BAR holds data of a request posted after the call returned");
	return check(bytes_stay(rig), "bytes stay as they were",
		     "the BAR changed after the call had returned") && good;
}

static bool check_stream(uint64_t host_before)
{
	char errors[256];
	bool good;

	good = check_none(stream.hung, "every request completes", "requests never did");
	good &= check_none(stream.post_failed, "posting works", "posts failed");
	good &= check_none(stream.late_ok, "later requests fail", "succeeded");
	stream_errors(&stream, errors, sizeof(errors));
	good &= check(stream_errors_fit(&stream), "errors are access errors", errors);
	good &= check_none(stream.host_bad, "host memory requests succeed", "failed");
	good &= check(stream.host_ok > host_before, "host memory is still reached",
		      "no host request succeeded after the revoke");
	good &= check_none(stream.corrupt, "data is right", "requests brought wrong bytes");
	good &= check(stream.compared, "reads of the BAR were compared", "none was");
	return good;
}

static bool check_new_life(struct rig *rig, uint64_t old_iova, uint32_t old_key)
{
	struct window w;
	const char *wrong;
	bool good;
	int status;

	window_open(&w, rig, 1);
	wrong = window_verify(rig, &w, 4096 + 5, MIB + 77);
	good = check(!wrong, "new export and registration carry data", wrong);
	if (old_key != w.mr[0]->rkey) {		/* a driver may give the same key again */
		status = window_one(rig, LOOPBACK_WRITE, (uintptr_t)rig->host, 64, old_iova,
				    old_key);
		good &= check(status > 0, "old key gives an error", window_status(status));
	}
	return check(window_close(&w), "live MR deregisters", "shown above") && good;
}

static void show_figures(uint64_t took_us)
{
	tap_note("%s: the call took %.1f ms; BAR requests: %" PRIu64 " ok, %" PRIu64
		 " failed; host requests: %" PRIu64 " ok", prefix, us_to_ms(took_us),
		 stream.bar_ok, stream.bar_bad, stream.host_ok);
}

/* Return: how long it took, in microseconds. */
static uint64_t take_away(struct rig *rig, enum trigger trigger)
{
	uint64_t start;

	rig_unmap_bar(rig);
	start = now_us();
	trigger_pull(rig, trigger);
	return now_us() - start;
}

/* Where no IOMMU guards the BAR, only the bytes and the requests tell whether it is closed. */
static bool check_closed(uint64_t reachable)
{
	uint64_t then;

	if (!rig_is_guarded())
		return true;
	then = nicctl_reachable();
	return check_none(then > reachable ? then - reachable : 0,
			  "the IOMMU is closed when the call returns", "bytes are open");
}

static bool await_failures(const struct rig *rig)
{
	uint64_t wanted = rig->lb->connected ? AFTERMATH_CONNECTED : AFTERMATH;

	return check(stream_wait(&stream, &stream.bar_bad, stream.bar_bad + wanted, 30000),
		     "requests go on failing", "too few failed after the revoke");
}

/* The MR is dead from now on. */
static bool stays_dead(struct rig *rig, enum trigger trigger, uint64_t reachable)
{
	uint64_t took = take_away(rig, trigger), host_before;
	bool good;

	stream_fence(&stream);
	good = check_closed(reachable);
	host_before = stream.host_ok;
	trigger_recover(rig, trigger);
	good &= check_bar(rig);
	good &= await_failures(rig);
	stream_stop(&stream);
	show_figures(took);
	return check_stream(host_before) && good;
}

/* The MR works again when the device does; some triggers have given it back when they return. */
static bool comes_back(struct rig *rig, enum trigger trigger, uint64_t reachable)
{
	uint64_t took = take_away(rig, trigger), host_before = stream.host_ok;
	bool good = true;

	if (!trigger_leaves_usable(trigger)) {
		stream_fence(&stream);
		good &= check_closed(reachable);
		good &= await_failures(rig);
		good &= check_closed(reachable);
		stream_open(&stream);
	}
	trigger_recover(rig, trigger);
	good &= check(stream_wait(&stream, &stream.bar_ok, stream.bar_ok + WARM_UP, 30000),
		      "the MR works again", "too few requests succeeded");
	stream_stop(&stream);
	show_figures(took);
	return check_stream(host_before) && good;
}

/* With traffic in flight, take access away, recover, and check. Return: is all well? */
static bool revoke_under_load(struct rig *rig, enum trigger trigger, uint64_t reachable)
{
	bool good = check(stream_wait(&stream, &stream.bar_ok, WARM_UP, 30000), "traffic flows",
			  "too few requests succeeded before the revoke");

	if (revives(trigger))
		return comes_back(rig, trigger, reachable) && good;
	return stays_dead(rig, trigger, reachable) && good;
}

void revoke_traffic(struct rig *rig, enum trigger trigger, unsigned int mrs,
		    struct revoke_result *result)
{
	uint64_t stray = rig_stray(), refused = rig_refused(), before, old_iova;
	struct window w;
	uint32_t old_key;
	bool good;

	snprintf(prefix, sizeof(prefix), "%s, %u MR%s", trigger_name(trigger), mrs,
		 mrs > 1 ? "s" : "");
	watchdog_set(LIMIT_S, prefix);
	trigger_prepare(rig, trigger);
	before = nicctl_reachable();
	window_open(&w, rig, mrs);
	old_iova = w.iova[0];
	old_key = w.mr[0]->rkey;
	stream_start(&stream, rig, &w, false);
	good = revoke_under_load(rig, trigger, before);
	good &= check(window_close(&w), "dead MRs deregister", "shown above");
	good &= check_new_life(rig, old_iova, old_key);
	stray = rig_stray() - stray;
	good &= check_none(stray, "no stray DMA", "stray accesses counted by the NIC");
	refused = rig_refused() - refused;
	if (rig_is_fenced())
		good &= check(refused, "the IOMMU refused the NIC", "it had nothing to refuse");
	watchdog_clear();
	*result = (struct revoke_result){
		.trigger = trigger, .mrs = mrs, .stray_dma = stray,
		.refused_dma = refused, .after = after(trigger), .ok = good,
	};
	stream_errors(&stream, result->wr_status, sizeof(result->wr_status));
}
