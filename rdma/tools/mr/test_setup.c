// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What comes before the first byte is moved: the NIC, the device and its BAR.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "loopback/loopback.h"
#include "machine/causes.h"
#include "machine/node.h"
#include "test.h"

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
	start = test_now();
	m->bar_mr = peerbar_reg_mr(m->lb->pd, t->fd, 0, range.length, loopback_access(m->lb),
				   &m->bar_iova);
	if (!m->bar_mr)
		return tool_failure("%s", peerbar_errmsg());
	t->registration = test_now() - start;
	return TOOL_OK;
}

static uint64_t largest_op(const struct test *t)
{
	uint64_t max_op = t->max_op.value;

	if (max_op > t->length.value)
		max_op = t->length.value;
	return max_op < t->mover.lb->max_rdma ? max_op : t->mover.lb->max_rdma;
}

int test_setup(struct test *t)
{
	struct mover *m = &t->mover;

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
	return mover_init(m) ? TOOL_FAILURE : TOOL_OK;
}

/* MRs are deregistered before the memory, dma-buf and PD that they were made from go. */
void test_cleanup(struct test *t)
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
