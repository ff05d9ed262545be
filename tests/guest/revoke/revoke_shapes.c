// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * revoke_shapes: buffers of every shape, from one page to the whole BAR, of one range and
 * of many. Each buffer is registered, and data goes both ways at its start, its middle and its
 * end. Then it is taken away with requests in flight: after that the NIC cannot reach it and
 * its bytes do not change. Its MR deregisters, and nothing is left behind.
 *
 * The size of the BAR is the lab's to choose (--bar 4K ... --bar 64G).
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/census.h"
#include "lib/clock.h"
#include "lib/kmsg.h"
#include "lib/nicctl.h"
#include "lib/tap.h"
#include "lib/trigger.h"
#include "lib/watchdog.h"
#include "lib/window.h"

#define PAGE ((size_t)4096)
#define CHUNK (PAGE / 4)	/* bytes of data at each place */
#define PLACES 3u
#define DEPTH 12u		/* requests in flight at the revoke */
#define MANY 512u		/* the most; their pages fill a table of the IOMMU */
#define LIMIT_S 90u
#define TITLE 160

struct shape {
	const char *name;
	unsigned int nr;
	struct peerbar_range *range;
	size_t size;
};

static char title[TITLE];

/* One check, which is named "SHAPE, TRIGGER: WHAT". */
static bool check(const struct shape *s, enum trigger trigger, bool good, const char *what,
		  const char *why)
{
	snprintf(title, sizeof(title), "%s, %s: %s", s->name, trigger_name(trigger), what);
	return tap_check(good, title, "%s", why);
}

static size_t bar_size(void)
{
	struct stat st;
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource%u", rig_gpu(), rig_bar());
	if (stat(path, &st))
		tap_die("set-up", "no BAR %u", rig_bar());
	return (size_t)st.st_size;
}

/* Ranges of @each bytes, spread over the BAR, in descending order. */
static bool make_shape(struct shape *s, const char *name, unsigned int nr, size_t each)
{
	size_t bar = bar_size(), step = bar / nr / PAGE * PAGE;

	if (step < each || (nr > 1 && step == each)) {
		tap_skip(name, "the BAR is too small");
		return false;
	}
	*s = (struct shape){
		.name = name, .nr = nr, .size = nr * each, .range = calloc(nr, sizeof(*s->range)),
	};
	if (!s->range)
		tap_die("set-up", "out of memory");
	for (unsigned int i = 0; i < nr; i++) {
		s->range[i].offset = bar - each - i * step;
		s->range[i].length = each;
	}
	return true;
}

/* The offset in the BAR of the buffer's byte @offset. */
static uint64_t place_in_bar(const struct shape *s, uint64_t offset)
{
	size_t each = s->range[0].length;

	return s->range[offset / each].offset + offset % each;
}

/* The offset of place @i in the buffer. No place crosses the end of a range. */
static uint64_t place(const struct shape *s, unsigned int i)
{
	return i == 0 ? 0 : i == 1 ? s->size / 2 : s->size - CHUNK;
}

/* Maps just this page each time, as page tables for the whole BAR would cost too much. */
static void read_place(struct rig *rig, const struct shape *s, unsigned int i, void *data)
{
	uint64_t at = place_in_bar(s, place(s, i));
	uint8_t *page = peerbar_map(rig->dev, rig_bar(), at / PAGE * PAGE, PAGE);

	if (!page)
		tap_die("set-up", "%s", peerbar_errmsg());
	rig_read_bar(&(struct rig){ .bar = page }, data, at % PAGE, CHUNK);
	if (peerbar_unmap(page, PAGE))
		tap_die("set-up", "%s", peerbar_errmsg());
}

/* At every place move data into the BAR, check it by the CPU, and move it out again. */
static const char *move_data(struct rig *rig, const struct window *w, const struct shape *s)
{
	static uint32_t seed;
	uint8_t seen[CHUNK];

	for (unsigned int i = 0; i < PLACES; i++) {
		uint64_t bar = w->iova[0] + place(s, i);
		uint8_t *out = rig->host, *back = rig->host + MIB;
		int status;

		rig_pattern(out, CHUNK, ++seed);
		status = window_one(rig, LOOPBACK_WRITE, (uintptr_t)out, CHUNK, bar,
				    w->mr[0]->rkey);
		if (status)
			return window_status(status);
		read_place(rig, s, i, seen);
		if (memcmp(out, seen, CHUNK))
			return "the CPU sees other bytes";
		memset(back, 0, CHUNK);
		status = window_one(rig, LOOPBACK_READ, (uintptr_t)back, CHUNK, bar,
				    w->mr[0]->rkey);
		if (status)
			return window_status(status);
		if (memcmp(out, back, CHUNK))
			return "the NIC reads other bytes";
	}
	return NULL;
}

/* Large requests, so that the revoke finds some in flight; all write the same bytes. */
static void post_many(struct rig *rig, const struct window *w, const struct shape *s)
{
	uint32_t len = s->size < MIB ? (uint32_t)s->size : (uint32_t)MIB;

	memset(rig->host, 0x5a, len);
	for (unsigned int i = 0; i < DEPTH; i++) {
		uint64_t at = i % 2 ? s->size - len : 0;
		struct loopback_wr wr = window_request(rig, LOOPBACK_WRITE,
						       (uintptr_t)rig->host, len,
						       w->iova[0] + at, w->mr[0]->rkey);

		if (loopback_post(rig->lb, &wr))
			tap_die("post", "%s", loopback_errmsg());
	}
}

/* Return: what is wrong with the way in which the requests ended, or NULL. */
static const char *drain(struct rig *rig)
{
	struct ibv_wc wc[DEPTH];
	unsigned int left = DEPTH;

	while (left) {
		int n = loopback_poll(rig->lb, wc, DEPTH, 20000);

		if (n <= 0)
			return "some never completed";
		for (int i = 0; i < n; i++)
			if (wc[i].status && !rig_is_access_error(wc[i].status))
				return ibv_wc_status_str(wc[i].status);
		left -= (unsigned int)n;
	}
	return NULL;
}

static void check_closed(struct rig *rig, const struct window *w, const struct shape *s,
			 enum trigger trigger)
{
	uint8_t before[PLACES][CHUNK], after[PLACES][CHUNK];
	int status;

	for (unsigned int i = 0; i < PLACES; i++)
		read_place(rig, s, i, before[i]);
	memset(rig->host, 0xa5, CHUNK);
	for (unsigned int i = 0; i < PLACES; i++) {
		status = window_one(rig, LOOPBACK_WRITE, (uintptr_t)rig->host, CHUNK,
				    w->iova[0] + place(s, i), w->mr[0]->rkey);
		check(s, trigger, status > 0 && rig_is_access_error(status),
		      "the old key gives an error", window_status(status));
	}
	for (unsigned int i = 0; i < PLACES; i++)
		read_place(rig, s, i, after[i]);
	check(s, trigger, !memcmp(before, after, sizeof(before)), "the BAR stays as it was",
	      "bytes changed");
}

/* The bystander: traffic between host memory on the same queue pair still works. */
static void check_host(struct rig *rig, const struct shape *s, enum trigger trigger)
{
	int status = window_one(rig, LOOPBACK_READ, (uintptr_t)rig->host, CHUNK,
				(uintptr_t)rig->host + MIB, rig->host_mr->rkey);

	check(s, trigger, !status, "other memory of the NIC is still reached",
	      window_status(status));
}

static void live_and_die(struct rig *rig, const struct shape *s, enum trigger trigger)
{
	uint64_t reachable = nicctl_reachable(), took, open;
	int fd = peerbar_export(rig->dev, rig_bar(), s->range, s->nr, O_RDWR);
	const char *wrong;
	struct window w;

	if (fd < 0)
		tap_die(s->name, "%s", peerbar_errmsg());
	took = now_us();
	window_register(&w, rig, fd, 1);
	took = now_us() - took;
	wrong = move_data(rig, &w, s);
	check(s, trigger, !wrong, "moves data", wrong);
	post_many(rig, &w, s);
	tap_note("%s: registered in %.1f ms", s->name, us_to_ms(took));
	took = now_us();
	trigger_pull(rig, trigger);
	took = now_us() - took;
	open = nicctl_reachable();
	check(s, trigger, open <= reachable, "closed when the call returns", "it is open");
	wrong = drain(rig);
	check(s, trigger, !wrong, "every request ends", wrong);
	tap_note("%s: taken away by %s in %.1f ms", s->name, trigger_name(trigger),
		 us_to_ms(took));
	trigger_recover(rig, trigger);
	rig_unmap_bar(rig);
	check_closed(rig, &w, s, trigger);
	check_host(rig, s, trigger);
	check(s, trigger, window_close(&w), "the dead MR deregisters", "shown above");
}

static void run_shape(struct rig *rig, const struct shape *s)
{
	static const enum trigger triggers[] = {
		TRIGGER_MEMORY, TRIGGER_RESET, TRIGGER_CLOSE,
	};
	struct census before, after;

	rig->span = s->size;
	census_take(&before, rig_ibdev());
	for (unsigned int i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++) {
		watchdog_set(LIMIT_S, s->name);
		live_and_die(rig, s, triggers[i]);
	}
	census_take(&after, rig_ibdev());
	snprintf(title, sizeof(title), "%s: nothing is left", s->name);
	census_check(&before, &after, title);
	free(s->range);
	watchdog_clear();
}

int main(void)
{
	uint64_t log = kmsg_position(), stray = rig_stray(), refused = rig_refused();
	struct shape s;
	struct rig rig;
	char whole[64];

	rig_open(&rig, PAGE, 2 * MIB, DEPTH);
	rig_unmap_bar(&rig);
	snprintf(whole, sizeof(whole), "the BAR of %zu KiB", bar_size() >> 10);
	if (make_shape(&s, whole, 1, bar_size()))
		run_shape(&rig, &s);
	if (make_shape(&s, "its last page", 1, PAGE))
		run_shape(&rig, &s);
	if (rig_exporter_is_ours()) {
		if (make_shape(&s, "512 ranges of a page", MANY, PAGE))
			run_shape(&rig, &s);
		if (make_shape(&s, "3 ranges of 68 KiB", 3, 17 * PAGE))
			run_shape(&rig, &s);
	} else {
		tap_skip("several ranges", "the kernel's exporter does not map them");
	}
	rig_close(&rig);
	stray = rig_stray() - stray;
	tap_check(!stray, "no stray DMA", "%" PRIu64 " accesses", stray);
	refused = rig_refused() - refused;
	if (rig_is_fenced())
		tap_check(refused, "the IOMMU refused the NIC", "it had nothing to refuse");
	kmsg_check(log);
	return tap_exit_status();
}
