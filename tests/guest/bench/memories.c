// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * memories SIZE...: how fast does the NIC reach the BAR, compared with host memory?
 *
 * Both are registered here, and bursts of requests to one and to the other follow each other
 * within milliseconds, so that whatever slows the machine down slows both. For each operation and
 * size (in bytes, at most 1 MiB) it prints a line of JSON:
 *
 *	{"op":"write","size":1048576,"ratio":1.00,"p10":0.97,"p90":1.03,"pairs":300}
 *
 * ratio is the bandwidth of the BAR by that of host memory: the median of all pairs of bursts, with
 * the tenth and the ninetieth percentile. A NIC without RDMA WRITE has read_into instead of write:
 * READ, with the BAR as its local buffer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/rig.h"
#include "lib/tap.h"

#define MAX_SIZE MIB
#define SLOTS 16u			/* places in a slice that requests go round */
#define SLICE (SLOTS * MAX_SIZE)
#define SLICES 12u			/* of each memory: where a slice lies matters, up to 8 % */
#define BURST_BYTES (16 * MIB)		/* some milliseconds, so that pairs are close in time */
#define MAX_DOORBELLS 4u		/* of a burst; each has LOOPBACK_BATCH requests */
#define MAX_BURST (MAX_DOORBELLS * LOOPBACK_BATCH)
#define MAX_PAIRS 1000u			/* in a slice */
#define MEASURE_US 210000u		/* in a slice, for each operation and size */
#define TIMEOUT_MS 20000u

struct memory {
	uint64_t addr;		/* as requests name it */
	const struct ibv_mr *mr;
};

struct bench {
	struct rig rig;
	struct memory bar, host;	/* what is compared: a slice of each */
	struct memory other;		/* host memory, the other side of all requests */
	double ratio[SLICES * MAX_PAIRS];
	unsigned int nr;
};

struct kind {
	const char *name;
	enum loopback_op op;
	bool local;		/* the memory that is compared is the local buffer */
};

static const struct kind write_kind = { "write", LOOPBACK_WRITE, false };
static const struct kind read_kind = { "read", LOOPBACK_READ, false };
static const struct kind read_into = { "read_into", LOOPBACK_READ, true };

static void post(struct bench *b, const struct kind *k, const struct memory *m, uint32_t size)
{
	const struct memory *local = k->local ? m : &b->other;
	const struct memory *remote = k->local ? &b->other : m;
	struct loopback_wr wr[LOOPBACK_BATCH];

	for (unsigned int i = 0; i < LOOPBACK_BATCH; i++)
		wr[i] = (struct loopback_wr){
			.op = k->op, .length = size,
			.local_addr = local->addr + i % SLOTS * size, .lkey = local->mr->lkey,
			.remote_addr = remote->addr + i % SLOTS * size, .rkey = remote->mr->rkey,
		};
	if (loopback_post_batch(b->rig.lb, wr, LOOPBACK_BATCH))
		tap_die(k->name, "%s", loopback_errmsg());
}

static void complete(struct bench *b, const struct kind *k, unsigned int requests)
{
	struct ibv_wc wc[MAX_BURST];

	for (unsigned int done = 0; done < requests;) {
		int n = loopback_poll(b->rig.lb, wc, MAX_BURST, TIMEOUT_MS);

		if (n <= 0)
			tap_die(k->name, "no completion: %s", n ? loopback_errmsg() : "time is up");
		for (int i = 0; i < n; i++)
			if (wc[i].status)
				tap_die(k->name, "%s", ibv_wc_status_str(wc[i].status));
		done += (unsigned int)n;
	}
}

/* Return: how long a burst to or from this memory takes, in microseconds. */
static double burst(struct bench *b, const struct kind *k, const struct memory *m, uint32_t size)
{
	size_t fit = BURST_BYTES / (LOOPBACK_BATCH * (size_t)size);
	unsigned int doorbells = fit < MAX_DOORBELLS ? (unsigned int)fit : MAX_DOORBELLS;
	uint64_t start = now_us();

	for (unsigned int i = 0; i < doorbells; i++)
		post(b, k, m, size);
	complete(b, k, doorbells * LOOPBACK_BATCH);
	return (double)(now_us() - start);
}

/* Each memory begins every other pair. */
static double pair_ratio(struct bench *b, const struct kind *k, uint32_t size)
{
	double host, bar;

	if (b->nr % 2) {
		bar = burst(b, k, &b->bar, size);
		host = burst(b, k, &b->host, size);
	} else {
		host = burst(b, k, &b->host, size);
		bar = burst(b, k, &b->bar, size);
	}
	return host / bar;
}

/* Compare slice @nr of both memories. */
static void compare_slice(struct bench *b, const struct kind *k, uint32_t size, unsigned int nr)
{
	uint64_t end;

	b->bar.addr = nr * SLICE;
	b->host.addr = b->other.addr + (nr + 1) * SLICE;
	pair_ratio(b, k, size);		/* the first access may have to make page tables */
	end = now_us() + MEASURE_US;
	for (unsigned int i = 0; i < MAX_PAIRS && (!i || now_us() < end); i++)
		b->ratio[b->nr++] = pair_ratio(b, k, size);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void compare(struct bench *b, const struct kind *k, uint32_t size)
{
	b->nr = 0;
	for (unsigned int i = 0; i < SLICES; i++)
		compare_slice(b, k, size, i);
	qsort(b->ratio, b->nr, sizeof(*b->ratio), ascending);
	printf("{\"op\":\"%s\",\"size\":%u,\"ratio\":%.2f,", k->name, size, b->ratio[b->nr / 2]);
	printf("\"p10\":%.2f,\"p90\":%.2f,\"pairs\":%u}\n", b->ratio[b->nr / 10],
	       b->ratio[b->nr * 9 / 10], b->nr);
}

static uint32_t parse_size(const char *text)
{
	char *end;
	unsigned long size = strtoul(text, &end, 10);

	if (!size || size > MAX_SIZE || *end) {
		fprintf(stderr, "memories: %s is no size from 1 to %zu\n", text, MAX_SIZE);
		exit(2);
	}
	return (uint32_t)size;
}

static struct ibv_mr *register_bar(struct rig *rig)
{
	int fd = rig_export(rig);
	struct ibv_mr *mr = ibv_reg_dmabuf_mr(rig->lb->pd, 0, rig->span, 0, fd, rig->access);

	if (!mr)
		tap_die("register", "%s", strerror(errno));
	close(fd);
	return mr;
}

int main(int argc, char **argv)
{
	static struct bench b;
	struct ibv_mr *mr;

	if (argc < 2) {
		fputs("usage: memories SIZE...\n", stderr);
		return 2;
	}
	rig_open(&b.rig, SLICES * SLICE, (SLICES + 1) * SLICE, MAX_BURST);
	if (b.rig.lb->depth < MAX_BURST)
		tap_die("open", "the NIC takes %u requests at once only", b.rig.lb->depth);
	mr = register_bar(&b.rig);
	b.bar.mr = mr;
	b.host.mr = b.rig.host_mr;
	b.other = (struct memory){ (uintptr_t)b.rig.host, b.rig.host_mr };
	for (int i = 1; i < argc; i++) {
		uint32_t size = parse_size(argv[i]);

		compare(&b, b.rig.lb->can_write ? &write_kind : &read_into, size);
		compare(&b, &read_kind, size);
	}
	ibv_dereg_mr(mr);
	rig_close(&b.rig);
	return 0;
}
