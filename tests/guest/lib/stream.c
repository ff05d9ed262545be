// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Work requests in flight; see stream.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "stream.h"
#include "tap.h"

#define COMPLETION_TIMEOUT_MS 20000u

/* next_kind() leaves out what needs RDMA WRITE by stopping before STREAM_WRITE. */
_Static_assert(STREAM_READ < STREAM_WRITE && STREAM_READ_INTO < STREAM_WRITE &&
	       STREAM_BYSTANDER < STREAM_WRITE && STREAM_WRITE_FROM > STREAM_WRITE,
	       "the kinds that need RDMA WRITE come last");

/* Layout of host memory: the BAR traffic of all slots, then the bystander's two ends. */
static uint8_t *traffic(const struct rig *rig, unsigned int i)
{
	return rig->host + i * STREAM_SLOT;
}

static uint8_t *bystander_from(const struct rig *rig, unsigned int i)
{
	return rig->host + (STREAM_DEPTH + i) * STREAM_SLOT;
}

static uint8_t *bystander_to(const struct rig *rig, unsigned int i)
{
	return rig->host + (2 * STREAM_DEPTH + i) * STREAM_SLOT;
}

static uint32_t request_length(const struct stream *s, uint64_t seq)
{
	static const uint32_t len[] = { STREAM_SLOT, 64, 4097, 65536 + 8, STREAM_SLOT - 3, 8 };

	return s->into_bar_only ? STREAM_SLOT : len[seq % (sizeof(len) / sizeof(*len))];
}

static void stamp(uint8_t *mem, uint64_t seq)
{
	memcpy(mem, &seq, sizeof(seq));
}

static bool can_write(const struct stream *s)
{
	return s->rig->lb->can_write;
}

static void fill_bystander(struct stream *s, unsigned int i, struct loopback_wr *wr)
{
	uint64_t from = (uintptr_t)bystander_from(s->rig, i);
	uint64_t to = (uintptr_t)bystander_to(s->rig, i);

	*wr = (struct loopback_wr){
		.op = can_write(s) ? LOOPBACK_WRITE : LOOPBACK_READ,
		.wr_id = i,
		.length = s->slot[i].len,
		.local_addr = can_write(s) ? from : to,
		.lkey = s->rig->host_mr->lkey,
		.remote_addr = can_write(s) ? to : from,
		.rkey = s->rig->host_mr->rkey,
	};
}

static void fill_request(struct stream *s, unsigned int i, struct loopback_wr *wr)
{
	const struct stream_slot *slot = &s->slot[i];
	const struct window *w = &s->window;
	size_t zone = i * STREAM_SLOT;
	unsigned int m = (unsigned int)(zone / w->part);
	uint64_t bar = w->iova[m] + zone % w->part;
	uint64_t host = (uintptr_t)traffic(s->rig, i);
	bool bar_is_local = slot->kind == STREAM_WRITE_FROM || slot->kind == STREAM_READ_INTO;

	*wr = (struct loopback_wr){
		.op = slot->kind == STREAM_READ || slot->kind == STREAM_READ_INTO ?
			LOOPBACK_READ : LOOPBACK_WRITE,
		.wr_id = i,
		.length = slot->len,
		.local_addr = bar_is_local ? bar : host,
		.lkey = bar_is_local ? w->mr[m]->lkey : s->rig->host_mr->lkey,
		.remote_addr = bar_is_local ? host : bar,
		.rkey = bar_is_local ? s->rig->host_mr->rkey : w->mr[m]->rkey,
	};
}

/* Shifts by one kind on each round, so that every slot sees every kind. */
static enum stream_kind next_kind(const struct stream *s, uint64_t seq)
{
	unsigned int kinds = can_write(s) ? STREAM_KINDS : STREAM_WRITE;

	if (s->into_bar_only)
		return can_write(s) ? STREAM_WRITE : STREAM_READ_INTO;
	return (enum stream_kind)((seq + seq / STREAM_DEPTH) % kinds);
}

static bool into_bar(enum stream_kind kind)
{
	return kind == STREAM_WRITE || kind == STREAM_READ_INTO;
}

static void post(struct stream *s, unsigned int i)
{
	struct stream_slot *slot = &s->slot[i];
	struct loopback_wr wr;

	slot->seq = s->posted + 1;
	slot->len = request_length(s, slot->seq);
	slot->kind = next_kind(s, slot->seq);
	if (into_bar(slot->kind))
		stamp(traffic(s->rig, i), slot->seq);
	else if (slot->kind == STREAM_BYSTANDER)
		stamp(bystander_from(s->rig, i), slot->seq);
	else
		stamp(traffic(s->rig, i), 0);
	if (slot->kind == STREAM_BYSTANDER)
		fill_bystander(s, i, &wr);
	else
		fill_request(s, i, &wr);
	/* Count first: a stream_fence() from now on must let this request pass. */
	s->posted = slot->seq;
	if (loopback_post(s->rig->lb, &wr)) {
		tap_note("request %" PRIu64 ": %s", slot->seq, loopback_errmsg());
		s->post_failed++;
		s->stop = true;
		return;
	}
	slot->busy = true;
}

static void check_bystander(struct stream *s, unsigned int i, int status)
{
	if (status) {
		s->host_bad++;
		return;
	}
	if (memcmp(bystander_from(s->rig, i), bystander_to(s->rig, i), s->slot[i].len))
		s->corrupt++;
	s->host_ok++;
}

/* What was read out of the zone must start with what was last written into it. */
static void check_zone(struct stream *s, unsigned int i)
{
	struct stream_slot *slot = &s->slot[i];

	if (into_bar(slot->kind)) {
		slot->stamp = slot->seq;
	} else if (slot->stamp) {
		s->compared++;
		s->corrupt += memcmp(traffic(s->rig, i), &slot->stamp, sizeof(slot->stamp)) != 0;
	}
}

static void complete(struct stream *s, const struct ibv_wc *wc)
{
	unsigned int i = (unsigned int)wc->wr_id;
	struct stream_slot *slot = &s->slot[i];

	slot->busy = false;
	if (wc->status && s->rig->lb->connected)
		s->broken = true;
	if (s->broken && wc->status == IBV_WC_WR_FLUSH_ERR) {
		slot->stamp = 0;
		s->flushed++;
		return;
	}
	if (slot->kind == STREAM_BYSTANDER) {
		check_bystander(s, i, wc->status);
		return;
	}
	s->status[wc->status % STREAM_STATUSES]++;
	if (wc->status) {
		if (into_bar(slot->kind))
			slot->stamp = 0;
		s->bar_bad++;
		return;
	}
	if (slot->seq > s->fence)
		s->late_ok++;
	check_zone(s, i);
	s->bar_ok++;
}

static unsigned int fill(struct stream *s)
{
	unsigned int busy = 0;

	for (unsigned int i = 0; i < STREAM_DEPTH; i++) {
		if (!s->slot[i].busy && !s->stop && !s->broken)
			post(s, i);
		busy += s->slot[i].busy;
	}
	return busy;
}

/* Nothing is in flight. Return: is there more to do? */
static bool reconnect(struct stream *s)
{
	if (!s->broken)
		return false;
	s->broken = false;
	if (!loopback_reconnect(s->rig->lb))
		return !s->stop;
	tap_note("reconnecting: %s", loopback_errmsg());
	s->post_failed++;
	return false;
}

static void *run(void *arg)
{
	struct ibv_wc wc[STREAM_DEPTH];
	struct stream *s = arg;
	unsigned int busy;
	int n;

	while ((busy = fill(s)) || reconnect(s)) {
		if (!busy)
			continue;
		n = loopback_poll(s->rig->lb, wc, STREAM_DEPTH, COMPLETION_TIMEOUT_MS);
		if (n <= 0) {
			s->hung = busy;
			break;
		}
		while (n--)
			complete(s, &wc[n]);
	}
	return NULL;
}

void stream_start(struct stream *s, struct rig *rig, const struct window *w, bool into_bar_only)
{
	memset(s, 0, sizeof(*s));
	s->rig = rig;
	s->window = *w;
	s->into_bar_only = into_bar_only;
	s->fence = UINT64_MAX;
	rig_pattern(rig->host, STREAM_HOST, 1);
	for (unsigned int i = 0; rig->bar && i < STREAM_DEPTH; i++)
		*(volatile uint64_t *)(rig->bar + i * STREAM_SLOT) = 0;
	if (pthread_create(&s->thread, NULL, run, s))
		tap_die("stream", "cannot start its thread");
}

void stream_fence(struct stream *s)
{
	s->fence = s->posted;
}

void stream_open(struct stream *s)
{
	s->fence = UINT64_MAX;
}

bool stream_wait(struct stream *s, atomic_uint_fast64_t *figure, uint64_t value,
		 unsigned int timeout_ms)
{
	uint64_t end = now_us() + timeout_ms * 1000ull;

	while (*figure < value) {
		if (now_us() > end || s->hung || s->post_failed)
			return false;
		sleep_us(1000);
	}
	return true;
}

void stream_stop(struct stream *s)
{
	s->stop = true;
	pthread_join(s->thread, NULL);
}

uint64_t stream_newest_stamp(const struct rig *rig)
{
	uint64_t newest = 0;

	for (unsigned int i = 0; i < STREAM_DEPTH; i++) {
		uint64_t seq = *(volatile uint64_t *)(rig->bar + i * STREAM_SLOT);

		if (seq > newest)
			newest = seq;
	}
	return newest;
}

void stream_errors(struct stream *s, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned int i = 1; i < STREAM_STATUSES && len < size; i++)
		if (s->status[i])
			len += (size_t)snprintf(text + len, size - len, "%s%s", len ? ", " : "",
						ibv_wc_status_str((enum ibv_wc_status)i));
}

bool stream_errors_fit(struct stream *s)
{
	for (unsigned int i = 1; i < STREAM_STATUSES; i++)
		if (s->status[i] && !rig_is_access_error((int)i))
			return false;
	return true;
}
