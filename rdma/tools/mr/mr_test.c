// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar mr test: register a BAR with a NIC, move data both ways over a loopback with
 * random sizes and offsets, and compare every byte in the BAR and in host memory.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "atomics.h"
#include "test.h"

static const char usage[] =
	"Usage: peerbar mr test NIC DEV [bar N] [offset N] [length N] [total SIZE]\n"
	"                       [seed N] [max-op SIZE]\n"
	"NIC is an RDMA device such as mlx5_0, or its PCI address; DEV is a PCI address. Sizes\n"
	"take k, M, G.\n"
	"Defaults: the largest BAR, all of it, total 1G (both ways together), max-op 4M.\n";

#define PROGRESS_INTERVAL 0.5	/* seconds */

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
	double time = test_now();
	uint64_t percent = moved(t) * 100 / t->total.value;

	if (time - *last < PROGRESS_INTERVAL)
		return;
	*last = time;
	/* The last batch may move more than was asked for. */
	fprintf(stderr, "\r%3" PRIu64 "%%  %.0f MiB/s ", percent < 100 ? percent : 100,
		mib_s(t, time - start));
}

/*
 * Wrong bytes do not end the run, because their number helps to find the cause; unless the BAR was
 * taken back, which is cause enough: what the CPU reads during a reset need not be what is there.
 */
static int move_batch(struct test *t)
{
	int ret = mover_batch(&t->mover);

	if (!ret)
		ret = mover_atomics(&t->mover);
	if (ret || !mover_has_news(&t->mover))
		return ret;
	if (lost_revoked(&t->lost))
		return -EIO;
	mover_print_failures(&t->mover);
	return 0;
}

/* Move data until the total is reached. Returns 0, or -EIO if it is useless to go on. */
static int move_all(struct test *t)
{
	bool tty = isatty(STDERR_FILENO);
	double start = test_now(), last = start;
	int ret = 0;

	while (!ret && moved(t) < t->total.value && !lost_wanted(&t->lost, 0)) {
		ret = move_batch(t);
		if (tty)
			progress(t, start, &last);
	}
	t->seconds = test_now() - start;
	if (tty)
		fputs("\r\033[K", stderr);
	return ret;
}

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

static int run(struct test *t)
{
	int ret = test_setup(t);

	if (ret)
		return ret;
	ret = move(t);
	if (report(t))
		return TOOL_FAILURE;
	return !ret && t->mover.counts.wrong ? TOOL_FAILURE : ret;
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
	test_cleanup(&t);
	return ret;
}
