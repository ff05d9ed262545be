// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * fabric_bar: libfabric's provider for EFA moves bytes into and out of a BAR that it has
 * registered as a dma-buf (FI_MR_DMABUF). Then the device is reset under traffic: every
 * operation must end, the process must live, and an MR that is registered anew must carry
 * data again.
 *
 * libfabric decides for each operation whether the NIC moves the bytes or the CPU copies them:
 * small messages and, where the driver lacks RDMA WRITE (efa of Linux 6.1), small WRITEs are
 * copied. Such an operation succeeds on a dead MR, too. A READ is always the NIC's.
 *
 * Two things are libfabric's own (so is the source of 2.1 and of 2.6). The side that moves the
 * data does not tell the other one that this has failed: a WRITE that is emulated, and that the
 * target reads by itself, then gives an event at the target and no completion. And messages to
 * a peer are numbered: one that fails at its sender leaves a gap, for which the receiver waits,
 * so that all later ones are lost without an error. Only new endpoints carry messages then.
 */
#include <inttypes.h>
#include <rdma/fi_errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fabric_bar.h"
#include "lib/clock.h"
#include "lib/kmsg.h"
#include "lib/resetter.h"
#include "lib/rig.h"
#include "lib/tap.h"
#include "lib/watchdog.h"

#define LIMIT_S 200u
#define SLOTS 4u		/* transfers in flight; each has two zones, its source and target */
#define ZONE (2 * MIB)
#define SPAN (SLOTS * 2 * ZONE)
#define OFFSET (4096u + 5)	/* of a transfer in its zone */
#define GUARD 64u		/* bytes on either side of a target that must not change */
#define PATIENCE_US 5000000u	/* a transfer that has not ended by then will not */
#define CALM_US 30000000u	/* the same where no revoke can be the reason: a busy machine */
#define WARM_UP 60u		/* transfers that must succeed before the reset */
#define AFTERMATH 60u		/* and those that are begun after it */
#define TRANSFERS 20000u

static const size_t sizes[] = { 8, 100, 4096, 9001, 65536, 300001, MIB };

#define NR_SIZES (sizeof(sizes) / sizeof(sizes[0]))

struct test {
	struct rig rig;
	struct net net;
	struct memory bar, host;
	int fd;
	uint8_t *copy;		/* of what is compared */

	/* Transfers are not used again: a late completion must not be taken for a new one's. */
	struct transfer transfer[TRANSFERS];
	unsigned int begun, turn;
	struct transfer *slot[SLOTS];
	bool dead;		/* the reset is over, and the MR is that from before it */
	bool gap;		/* a message has failed at its sender */
	unsigned int good, bad, wrong;
	unsigned int silent, silent_messages;	/* no completion of RMA, and of a message */
	unsigned int dead_good, dead_reads_good;
};

static struct test test;

static const char *name_of(const struct transfer *t)
{
	static const char * const names[OPERATIONS][2] = {
		[OP_WRITE] = { "fi_write out of the BAR", "fi_write into the BAR" },
		[OP_READ] = { "fi_read out of the BAR", "fi_read into the BAR" },
		[OP_SEND] = { "fi_send out of the BAR", "fi_recv into the BAR" },
	};

	return names[t->op][t->to == &test.bar];
}

static void open_all(struct test *t)
{
	t->rig.span = SPAN;
	rig_open_device(&t->rig);
	rig_map_bar(&t->rig);
	t->bar = (struct memory){ .base = t->rig.bar, .length = SPAN };
	t->host.length = SPAN;
	t->host.base = mmap(NULL, SPAN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	t->copy = mmap(NULL, ZONE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (t->host.base == MAP_FAILED || t->copy == MAP_FAILED)
		tap_die("set-up", "no memory");
	t->fd = rig_export(&t->rig);
	net_open(&t->net);
	net_register_host(&t->net, &t->host);
}

static bool register_bar(struct test *t, const char *when)
{
	int ret = net_register_bar(&t->net, &t->bar, t->fd);
	char name[64];

	snprintf(name, sizeof(name), "%s: FI_MR_DMABUF", when);
	return tap_check(!ret, name, "%s", fi_strerror(-ret));
}

/* All kinds take turns. */
static struct transfer *next_transfer(struct test *t, unsigned int slot, unsigned int turn,
				      size_t length)
{
	bool into_bar = turn / OPERATIONS % 2 == 0;
	struct transfer *x = &t->transfer[t->begun++];

	if (t->begun == TRANSFERS)
		tap_die("traffic", "more than %u transfers", TRANSFERS);
	*x = (struct transfer){
		.op = (enum operation)(turn % OPERATIONS),
		.from = into_bar ? &t->host : &t->bar,
		.to = into_bar ? &t->bar : &t->host,
		.from_offset = slot * 2 * ZONE + OFFSET,
		.to_offset = (slot * 2 + 1) * ZONE + OFFSET,
		.length = length,
	};
	return x;
}

static void begin(struct test *t, struct transfer *x)
{
	rig_pattern(x->from->base + x->from_offset, x->length, t->begun);
	memset(x->to->base + x->to_offset - GUARD, 0, x->length + 2 * GUARD);
	net_post(&t->net, x);
}

static bool is_zero(const uint8_t *mem, size_t len)
{
	while (len--)
		if (mem[len])
			return false;
	return true;
}

static void copy_from(struct test *t, const struct memory *memory, size_t offset, size_t len)
{
	if (memory == &t->bar)
		rig_read_bar(&t->rig, t->copy, offset, len);
	else
		memcpy(t->copy, memory->base + offset, len);
}

/* The pattern is made anew for that: neither side is taken at its word. */
static bool arrived(struct test *t, const struct transfer *x)
{
	static uint8_t expected[MIB];
	unsigned int seed = (unsigned int)(x - t->transfer) + 1;

	rig_pattern(expected, x->length, seed);
	copy_from(t, x->to, x->to_offset - GUARD, x->length + 2 * GUARD);
	return is_zero(t->copy, GUARD) && !memcmp(t->copy + GUARD, expected, x->length) &&
	       is_zero(t->copy + GUARD + x->length, GUARD);
}

static bool has_failed(const struct transfer *x)
{
	return x->half[0].state == HALF_FAILED || x->half[1].state == HALF_FAILED;
}

static bool has_ended(const struct transfer *x)
{
	return x->half[0].state != HALF_POSTED && x->half[1].state != HALF_POSTED;
}

static int error_of(const struct transfer *x)
{
	return x->half[0].error ? x->half[0].error : x->half[1].error;
}

/* Progress until @x has ended well, or one of its sides badly. Return: false, it is silent. */
static bool await(struct test *t, struct transfer *x)
{
	while (!has_ended(x) && !has_failed(x)) {
		if (now_us() - x->start_us > CALM_US)
			return false;
		net_progress(&t->net);
	}
	return true;
}

static const char *move(struct test *t, unsigned int turn, size_t length)
{
	struct transfer *x = next_transfer(t, turn % SLOTS, turn, length);

	begin(t, x);
	if (!await(t, x))
		return "no completion";
	if (has_failed(x))
		return fi_strerror(error_of(x));
	return arrived(t, x) ? NULL : "wrong bytes";
}

static void check_kind(struct test *t, unsigned int turn, const char *when)
{
	const char *why = NULL;
	unsigned int i;
	char name[96];

	for (i = 0; i < NR_SIZES && !why; i++)
		why = move(t, turn, sizes[i]);
	snprintf(name, sizeof(name), "%s: %s", when, name_of(&t->transfer[t->begun - 1]));
	tap_check(!why, name, "%zu bytes: %s", sizes[i - 1], why);
}

static void check_data(struct test *t, bool messages, const char *when)
{
	for (unsigned int turn = 0; turn < 2 * OPERATIONS; turn++)
		if (messages || turn % OPERATIONS != OP_SEND)
			check_kind(t, turn, when);
}

/* A transfer of which one side has failed is over; the other side may be told nothing. */
static void judge(struct test *t, struct transfer *x)
{
	if (has_failed(x)) {
		t->bad++;
		t->gap |= x->op == OP_SEND && x->half[0].state == HALF_FAILED;
		net_cancel_receive(&t->net, x);
	} else if (!has_ended(x)) {
		tap_note("no completion: %s, %zu bytes", name_of(x), x->length);
		*(x->op == OP_SEND ? &t->silent_messages : &t->silent) += 1;
		net_cancel_receive(&t->net, x);
	} else {
		t->good++;
		t->wrong += !arrived(t, x);
		t->dead_good += t->dead;
		t->dead_reads_good += t->dead && x->op == OP_READ;
	}
}

static bool is_over(const struct transfer *x)
{
	return has_ended(x) || has_failed(x) || now_us() - x->start_us > PATIENCE_US;
}

/* The tag is there because several messages are on their way, whose receivers must not mix. */
static void fill_slot(struct test *t, unsigned int i)
{
	unsigned int n = t->turn++;

	if (t->gap && n % OPERATIONS == OP_SEND)
		n = t->turn++;
	t->slot[i] = next_transfer(t, i, n, sizes[n % NR_SIZES]);
	t->slot[i]->tag = n + 1;
	begin(t, t->slot[i]);
}

/* Judge what is over. @more: begin another transfer in each slot that is free. */
static void step(struct test *t, bool more)
{
	net_progress(&t->net);
	for (unsigned int i = 0; i < SLOTS; i++) {
		if (t->slot[i] && is_over(t->slot[i])) {
			judge(t, t->slot[i]);
			t->slot[i] = NULL;
		}
		if (!t->slot[i] && more)
			fill_slot(t, i);
	}
}

static bool in_flight(const struct test *t)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		if (t->slot[i])
			return true;
	return false;
}

static void drain(struct test *t)
{
	while (in_flight(t))
		step(t, false);
}

static void reset_under_traffic(struct test *t)
{
	struct resetter resetter;
	int ret;

	while (t->good < WARM_UP && !t->bad && !t->silent && !t->silent_messages)
		step(t, true);
	tap_check(t->good >= WARM_UP, "reset: traffic flows", "%u good, %u failed, %u without end",
		  t->good, t->bad, t->silent + t->silent_messages);
	resetter_start(&resetter, t->rig.dev);
	while (!resetter.done)
		step(t, true);
	ret = resetter_join(&resetter);
	tap_check(!ret, "reset: it succeeds", "%s", strerror(-ret));
	tap_note("the reset took %.1f ms", us_to_ms(resetter.took_us));
	drain(t);
}

static void use_the_dead_mr(struct test *t)
{
	unsigned int first = t->begun;

	t->dead = true;
	while (t->begun < first + AFTERMATH)
		step(t, true);
	drain(t);
	t->dead = false;
}

static void check_aftermath(struct test *t)
{
	unsigned int events = t->net.end[0].events + t->net.end[1].events;

	tap_note("transfers: %u good, %u failed; %u events; %u good on the dead MR", t->good,
		 t->bad, events, t->dead_good);
	tap_check(t->bad, "reset: operations fail", "none did");
	tap_check(t->silent <= events, "reset: RMA ends, or an event tells that it does not",
		  "%u operations did not, %u events", t->silent, events);
	tap_check(t->gap || !t->silent_messages, "reset: messages end, but for those after a gap",
		  "%u did not", t->silent_messages);
	tap_check(!t->dead_reads_good, "reset: no later fi_read succeeds", "%u did",
		  t->dead_reads_good);
	tap_check(!t->wrong, "reset: what succeeds has the right bytes", "%u have not", t->wrong);
}

static void check_closed(bool good, const char *name)
{
	tap_check(good, name, "it does not");
}

static void check_recovery(struct test *t)
{
	check_closed(!fi_close(&t->bar.mr->fid), "the dead MR closes");
	if (!register_bar(t, "after"))
		return;
	check_data(t, false, "after, on the same endpoints");
	check_closed(net_close_ends(&t->net), "the endpoints close");
	net_open_ends(&t->net);
	check_data(t, true, "after, on new endpoints");
	check_closed(!fi_close(&t->bar.mr->fid), "the live MR closes");
}

int main(void)
{
	uint64_t log = kmsg_position(), stray = rig_stray();
	struct test *t = &test;

	watchdog_set(LIMIT_S, "libfabric and a BAR");
	open_all(t);
	if (!register_bar(t, "before"))
		return tap_exit_status();
	check_data(t, true, "before");
	reset_under_traffic(t);
	use_the_dead_mr(t);
	check_aftermath(t);
	check_recovery(t);
	check_closed(!fi_close(&t->host.mr->fid) && net_close(&t->net), "libfabric closes");
	tap_check(rig_stray() == stray, "no stray DMA", "there was some");
	close(t->fd);
	rig_unmap_bar(&t->rig);
	peerbar_close(t->rig.dev);
	watchdog_clear();
	kmsg_check(log);
	return tap_exit_status();
}
