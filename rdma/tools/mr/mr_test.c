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
#include "lost.h"
#include "machine/causes.h"
#include "machine/node.h"
#include "mover.h"
#include "peerbar.h"
#include "tool.h"

static const char usage[] =
	"Usage: peerbar mr test NIC DEV [bar N] [offset N] [length N] [total SIZE]\n"
	"                       [seed N] [max-op SIZE]\n"
	"NIC is an RDMA device such as mlx5_0, or its PCI address; DEV is a PCI address. Sizes\n"
	"take k, M, G.\n"
	"Defaults: the largest BAR, all of it, total 1G (both ways together), max-op 4M.\n";

#define PROGRESS_INTERVAL 0.5	/* seconds */

struct test {
	/* arguments */
	const char *nic_text;
	const char *address;
	struct size bar, offset, length, total, seed, max_op;

	char nic[PB_NAME_SIZE];	/* the name of the RDMA device */

	struct peerbar_device *dev;
	int fd;			/* of the dma-buf */
	double registration;	/* time that registering the BAR took, in seconds */
	double seconds;		/* time that moving and checking took */
	struct mover mover;
	struct lost lost;
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
	t->nic_text = argv[0];
	t->address = argv[1];
	if (tool_parse_sizes(table, usage, argc - 2, argv + 2))
		return TOOL_USAGE;
	if (!t->total.value || !t->max_op.value)
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
		t->bar.value = i;
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

	if (!t->bar.given && choose_bar(t))
		return TOOL_FAILURE;
	if (t->bar.value > UINT_MAX || peerbar_bar(t->dev, t->bar.value, &bar))
		return tool_failure("there is no BAR %" PRIu64 ": a PCI device has BARs 0 to %d",
				    t->bar.value, PEERBAR_NR_BARS - 1);
	if (bar.size && t->offset.value >= bar.size)
		return tool_failure("offset %#" PRIx64 " is outside BAR %" PRIu64 ", which has "
				    "%#" PRIx64 " bytes", t->offset.value, t->bar.value, bar.size);
	if (!t->length.given)
		t->length.value = bar.size - t->offset.value;
	if (t->seed.given)
		return TOOL_OK;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return tool_failure("no random seed: %s: give one", strerror(errno));
	t->seed.value = seed;
	return TOOL_OK;
}

/*
 * Find out which RDMA device is meant, and what stands in its way. A name that is not known is
 * left to open_nic(), which lists those that are.
 */
static int find_nic(struct test *t)
{
	char address[PB_ADDRESS_SIZE], dev[PB_ADDRESS_SIZE];
	bool named = pb_pci_parse(t->nic_text, address);
	struct pb_node node;
	struct pb_nic nic;

	snprintf(t->nic, sizeof(t->nic), "%.63s", t->nic_text);
	if (pb_nic_find(t->nic_text, &nic))
		return named ? TOOL_OK : tool_failure("%s", peerbar_errmsg());
	if (!pb_pci_parse(t->address, dev) && !strcmp(dev, nic.pci.address))
		return tool_failure("%s: %s", pb_cause_why(PB_CAUSE_SAME),
				    pb_cause_remedy(PB_CAUSE_SAME));
	if (nic.elsewhere[0])
		return tool_failure("%s: %s", pb_cause_why(PB_CAUSE_RDMA_ELSEWHERE),
				    pb_cause_remedy(PB_CAUSE_RDMA_ELSEWHERE));
	if (!nic.name[0])
		return tool_failure("%s has no RDMA device: \"peerbar doctor %s %s\" says why",
				    nic.pci.address, t->nic_text, t->address);
	snprintf(t->nic, sizeof(t->nic), "%s", nic.name);
	if (pb_node_verbs(nic.name, &node) && pb_node_check(&node)) {
		pb_node_fail(&node, -pb_node_check(&node));
		return tool_failure("%s", peerbar_errmsg());
	}
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

/*
 * Memory that keeps nothing of what is written to it: the device does not answer there, because
 * it hangs, or because what lies behind the BAR is not turned on.
 */
static bool keeps_nothing(const struct test *t)
{
	uint64_t at[] = { 0, t->length.value / 2 & ~7ull, t->length.value - 8 };
	volatile uint64_t *word;
	uint64_t before;
	unsigned int i;

	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		word = (volatile uint64_t *)(t->mover.bar + at[i]);
		before = *word;
		*word = ~before;
		if (*word != before)
			return false;
	}
	return true;
}

static int map_bar(struct test *t)
{
	t->mover.bar = peerbar_map(t->dev, t->bar.value, t->offset.value, t->length.value);
	if (!t->mover.bar)
		return tool_failure("%s", peerbar_errmsg());
	if (!keeps_nothing(t))
		return TOOL_OK;
	return tool_failure("BAR %" PRIu64 " of %s does not answer: it keeps nothing of what is "
			    "written to it: turn on the memory that the device has behind it, or "
			    "name another BAR", t->bar.value, t->address);
}

static int register_bar(struct test *t)
{
	struct peerbar_range range = { .offset = t->offset.value, .length = t->length.value };
	struct mover *m = &t->mover;
	double start;

	t->fd = peerbar_export(t->dev, t->bar.value, &range, 1, O_RDWR);
	if (t->fd < 0)
		return tool_failure("%s", peerbar_errmsg());
	start = now();
	m->bar_mr = peerbar_reg_mr(m->lb->pd, t->fd, 0, range.length, loopback_access(m->lb),
				   &m->bar_iova);
	if (!m->bar_mr)
		return tool_failure("%s", peerbar_errmsg());
	t->registration = now() - start;
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
	uint64_t percent = moved(t) * 100 / t->total.value;

	if (time - *last < PROGRESS_INTERVAL)
		return;
	*last = time;
	/* The last batch may move more than was asked for. */
	fprintf(stderr, "\r%3" PRIu64 "%%  %.0f MiB/s ", percent < 100 ? percent : 100,
		mib_s(t, time - start));
}

/* Move data until the total is reached. Returns 0, or -EIO if the mover cannot go on. */
static int move_all(struct test *t)
{
	bool tty = isatty(STDERR_FILENO);
	double start = now(), last = start;
	int ret = 0;

	while (!ret && moved(t) < t->total.value && !lost_wanted(&t->lost, 0)) {
		ret = mover_batch(&t->mover);
		if (!ret)
			ret = mover_atomics(&t->mover);
		if (tty)
			progress(t, start, &last);
	}
	t->seconds = now() - start;
	if (tty)
		fputs("\r\033[K", stderr);
	return ret;
}

/* Wrong bytes do not end the run, because their number helps to find the cause. */
static int move(struct test *t)
{
	int ret = move_all(t);

	if (!ret && moved(t) >= t->total.value)
		return TOOL_OK;
	/* peerbar-vfio-pci revokes the BAR first, and then asks for the device */
	return lost_wanted(&t->lost, 500) ? lost_say_wanted(&t->lost) :
					    lost_explain(&t->lost, &t->mover);
}

static int report(const struct test *t)
{
	const struct mover_counts *counts = &t->mover.counts;
	json_object *result = tool_object();

	tool_add_string(result, "nic", t->nic);
	tool_add_string(result, "dev", peerbar_address(t->dev));
	tool_add_number(result, "bar", t->bar.value);
	tool_add_size(result, "offset", t->offset.value);
	tool_add_size(result, "length", t->length.value);
	tool_add_number(result, "seed", t->seed.value);
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

static uint64_t largest_op(const struct test *t)
{
	uint64_t max_op = t->max_op.value;

	if (max_op > t->length.value)
		max_op = t->length.value;
	return max_op < t->mover.lb->max_rdma ? max_op : t->mover.lb->max_rdma;
}

static int run(struct test *t)
{
	struct mover *m = &t->mover;
	int ret;

	if (find_nic(t))
		return TOOL_FAILURE;
	if (peerbar_open(t->address, &t->dev))
		return tool_failure("%s", peerbar_errmsg());
	if (choose(t) || open_nic(t))
		return TOOL_FAILURE;
	lost_watch(&t->lost, t->dev, t->bar.value, t->nic);
	if (register_bar(t) || map_bar(t))
		return TOOL_FAILURE;
	plan_init(&m->plan, t->seed.value, t->length.value, largest_op(t), m->lb->can_write);
	if (mover_init(m))
		return TOOL_FAILURE;
	ret = move(t);
	if (report(t))
		return TOOL_FAILURE;
	return !ret && m->counts.wrong ? TOOL_FAILURE : ret;
}

/* MRs are deregistered before the memory, dma-buf and PD that they were made from go. */
static void cleanup(struct test *t)
{
	mover_release(&t->mover);
	lost_release(&t->lost);
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
		.total.value = 1 << 30, .max_op.value = PLAN_MAX_OP, .fd = -1,
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
