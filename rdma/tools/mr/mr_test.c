// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar mr test: register a BAR with a NIC, move data both ways over a loopback with
 * random sizes and offsets, and compare every byte in the BAR and in host memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "loopback/loopback.h"
#include "atomics.h"
#include "mover.h"
#include "peerbar.h"
#include "tool.h"

static const char usage[] =
	"Usage: peerbar mr test NIC DEV [bar N] [offset N] [length N] [total SIZE]\n"
	"                       [seed N] [max-op SIZE]\n"
	"NIC is an RDMA device such as efa_0, DEV a PCI address. Sizes take k, M, G.\n"
	"Defaults: the largest BAR, all of it, total 1G (both ways together), max-op 4M.\n";

#define UNSET UINT64_MAX
#define PROGRESS_INTERVAL 0.5	/* seconds */

struct test {
	/* arguments */
	const char *nic;
	const char *address;
	uint64_t bar, offset, length, total, seed, max_op;

	struct peerbar_device *dev;
	int fd;			/* of the dma-buf */
	double registration;	/* time that registering the BAR took, in seconds */
	double seconds;		/* time that moving and checking took */
	struct mover mover;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int parse(struct test *t, int argc, char **argv)
{
	const struct size_argument table[] = {
		{ "bar", &t->bar }, { "offset", &t->offset }, { "length", &t->length },
		{ "total", &t->total }, { "seed", &t->seed }, { "max-op", &t->max_op },
		{ NULL, NULL },
	};

	if (argc < 2)
		return tool_misuse(usage, "mr test takes an RDMA device and a PCI address");
	t->nic = argv[0];
	t->address = argv[1];
	if (tool_parse_sizes(table, usage, argc - 2, argv + 2))
		return TOOL_USAGE;
	if (!t->total || !t->max_op)
		return tool_misuse(usage, "total and max-op are at least 1");
	return TOOL_OK;
}

static int choose_bar(struct test *t)
{
	struct peerbar_bar bar;
	uint64_t best = 0;
	unsigned int i;

	for (i = 0; i < PEERBAR_NR_BARS; i++) {
		peerbar_bar(t->dev, i, &bar);
		if (!bar.exportable || bar.size <= best)
			continue;
		best = bar.size;
		t->bar = i;
	}
	if (best)
		return TOOL_OK;
	return tool_failure("%s has no BAR that can be exported: \"peerbar dev show %s\" tells why",
			    t->address, t->address);
}

/* Choose what the command line did not specify. */
static int choose(struct test *t)
{
	struct peerbar_bar bar;
	uint32_t seed;

	if (t->bar == UNSET && choose_bar(t))
		return TOOL_FAILURE;
	if (t->bar > UINT_MAX || peerbar_bar(t->dev, t->bar, &bar))
		return tool_failure("there is no BAR %" PRIu64 ": a PCI device has BARs 0 to %d",
				    t->bar, PEERBAR_NR_BARS - 1);
	if (bar.size && t->offset >= bar.size)
		return tool_failure("offset %#" PRIx64 " is outside BAR %" PRIu64 ", which has "
				    "%#" PRIx64 " bytes", t->offset, t->bar, bar.size);
	if (t->length == UNSET)
		t->length = bar.size - t->offset;
	if (t->seed != UNSET)
		return TOOL_OK;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return tool_failure("no random seed: %s: give one", strerror(errno));
	t->seed = seed;
	return TOOL_OK;
}

static int open_nic(struct test *t)
{
	if (loopback_open(t->nic, PLAN_BATCH, &t->mover.lb))
		return tool_failure("%s", loopback_errmsg());
	if (!t->mover.lb->can_read)
		return tool_failure("%s has no RDMA READ, which the test needs", t->nic);
	return TOOL_OK;
}

static int register_bar(struct test *t)
{
	struct peerbar_range range = { .offset = t->offset, .length = t->length };
	struct mover *m = &t->mover;
	double start;

	t->fd = peerbar_export(t->dev, t->bar, &range, 1, O_RDWR);
	if (t->fd < 0)
		return tool_failure("%s", peerbar_errmsg());
	start = now();
	m->bar_mr = peerbar_reg_mr(m->lb->pd, t->fd, 0, t->length, loopback_access(m->lb),
				   &m->bar_iova);
	if (!m->bar_mr)
		return tool_failure("%s", peerbar_errmsg());
	t->registration = now() - start;
	m->bar = peerbar_map(t->dev, t->bar, t->offset, t->length);
	if (!m->bar)
		return tool_failure("%s", peerbar_errmsg());
	return TOOL_OK;
}

static uint64_t moved(const struct test *t)
{
	return t->mover.counts.to_bar + t->mover.counts.from_bar;
}

static double mib_s(const struct test *t, double seconds)
{
	return seconds > 0 ? moved(t) / seconds / (1 << 20) : 0;
}

static void progress(const struct test *t, double start, double *last)
{
	double time = now();
	uint64_t percent = moved(t) * 100 / t->total;

	if (time - *last < PROGRESS_INTERVAL)
		return;
	*last = time;
	/* The last batch may move more than was asked for. */
	fprintf(stderr, "\r%3" PRIu64 "%%  %.0f MiB/s ", percent < 100 ? percent : 100,
		mib_s(t, time - start));
}

/* Wrong bytes do not end the run, because their number helps to find the cause. */
static int move(struct test *t)
{
	bool tty = isatty(STDERR_FILENO);
	double start = now(), last = start;
	int ret = 0;

	while (!ret && moved(t) < t->total) {
		ret = mover_batch(&t->mover);
		if (!ret)
			ret = mover_atomics(&t->mover);
		if (tty)
			progress(t, start, &last);
	}
	t->seconds = now() - start;
	if (tty)
		fputs("\r\033[K", stderr);
	return ret ? TOOL_FAILURE : TOOL_OK;
}

static int report(const struct test *t)
{
	const struct mover_counts *counts = &t->mover.counts;
	json_object *result = tool_object();

	tool_add_string(result, "nic", t->nic);
	tool_add_string(result, "dev", peerbar_address(t->dev));
	tool_add_number(result, "bar", t->bar);
	tool_add_size(result, "offset", t->offset);
	tool_add_size(result, "length", t->length);
	tool_add_number(result, "seed", t->seed);
	tool_add_bool(result, "write", t->mover.lb->can_write);
	tool_add_number(result, "ops", counts->ops);
	tool_add_number(result, "bytes", moved(t));
	tool_add_number(result, "atomics", counts->atomics);
	tool_add_number(result, "to_bar", counts->to_bar);
	tool_add_number(result, "from_bar", counts->from_bar);
	tool_add_number(result, "wrong_bytes", counts->wrong);
	tool_add_number(result, "failed_ops", counts->failed);
	tool_add_number(result, "errors", counts->wrong + counts->failed);
	tool_add_double(result, "mib_s", mib_s(t, t->seconds));
	if (tool_options.json || tool_options.details) {
		tool_add_double(result, "seconds", t->seconds);
		tool_add_double(result, "registration_us", t->registration * 1e6);
		tool_add_number(result, "iova", t->mover.bar_iova);
		tool_add_number(result, "lkey", t->mover.bar_mr->lkey);
		tool_add_number(result, "rkey", t->mover.bar_mr->rkey);
	}
	return tool_print(result);
}

static int run(struct test *t)
{
	struct mover *m = &t->mover;
	uint64_t max_op = t->max_op;
	int ret;

	if (peerbar_open(t->address, &t->dev))
		return tool_failure("%s", peerbar_errmsg());
	if (choose(t) || open_nic(t) || register_bar(t))
		return TOOL_FAILURE;
	if (max_op > t->length)
		max_op = t->length;
	if (max_op > m->lb->max_rdma)
		max_op = m->lb->max_rdma;
	plan_init(&m->plan, t->seed, t->length, max_op, m->lb->can_write);
	if (mover_init(m))
		return TOOL_FAILURE;
	ret = move(t);
	if (report(t))
		return TOOL_FAILURE;
	return m->counts.wrong ? TOOL_FAILURE : ret;
}

/* MRs are deregistered before the memory, dma-buf and PD that they were made from go. */
static void cleanup(struct test *t)
{
	mover_release(&t->mover);
	if (t->mover.bar_mr)
		ibv_dereg_mr(t->mover.bar_mr);
	if (t->fd >= 0)
		close(t->fd);
	loopback_close(t->mover.lb);
	peerbar_close(t->dev);
}

int mr_test(int argc, char **argv)
{
	struct test t = {
		.bar = UNSET, .length = UNSET, .seed = UNSET, .total = 1 << 30,
		.max_op = PLAN_MAX_OP,
		.fd = -1,
	};
	int ret;

	if (tool_wants_help(argc, argv, usage))
		return TOOL_OK;
	ret = parse(&t, argc, argv);
	if (ret)
		return ret;
	ret = run(&t);
	cleanup(&t);
	return ret;
}
