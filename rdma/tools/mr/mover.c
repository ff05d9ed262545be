// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Moving data between host memory and a registered BAR, and checking it.
 *
 * All operations of a batch do each step together, so that a run can be repeated: fill the
 * targets and their guards, post all work requests, wait for all, compare all. Data is moved
 * to the BAR first, and then back from it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "loopback/pattern.h"
#include "mover.h"
#include "tool.h"

#define COMPLETION_TIMEOUT_MS 30000

int mover_init(struct mover *m)
{
	int access = loopback_access(m->lb);
	uint64_t random = ~m->plan.random;
	size_t i;

	m->source_size = plan_source_size(m->plan.max_op);
	m->target_size = plan_target_size(m->plan.max_op);
	m->memory_size = plan_memory_size(m->plan.max_op);
	m->memory = mmap(NULL, m->memory_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->memory == MAP_FAILED) {
		m->memory = NULL;
		tool_failure("cannot allocate %zu bytes of host memory: %s: choose a smaller "
			     "max-op", m->memory_size, strerror(errno));
		return -ENOMEM;
	}
	m->source = m->memory;
	m->target = m->memory + m->source_size;
	for (i = 0; i < m->source_size; i += sizeof(uint64_t))
		*(uint64_t *)(m->source + i) = pattern_random(&random);
	m->host_mr = ibv_reg_mr(m->lb->pd, m->memory, m->memory_size, access);
	if (m->host_mr)
		return 0;
	tool_failure("cannot register %zu bytes of host memory: %s: choose a smaller max-op, "
		     "or raise \"ulimit -l\"", m->memory_size, strerror(errno));
	return -ENOMEM;
}

void mover_release(struct mover *m)
{
	if (m->host_mr)
		ibv_dereg_mr(m->host_mr);
	if (m->memory)
		munmap(m->memory, m->memory_size);
}

void mover_keep(struct mover *m, const char *fmt, ...)
{
	struct mover_failures *f = &m->failures;
	va_list ap;

	if (f->nr == MOVER_FAILURES)
		return;
	va_start(ap, fmt);
	vsnprintf(f->text[f->nr++], sizeof(f->text[0]), fmt, ap);
	va_end(ap);
}

static void count_failure(struct mover *m, const struct ibv_wc *wc)
{
	m->counts.failed++;
	if (m->failures.status == IBV_WC_SUCCESS)
		m->failures.status = wc->status;
}

bool mover_has_news(const struct mover *m)
{
	return m->failures.printed < m->failures.nr;
}

void mover_print_failures(struct mover *m)
{
	while (mover_has_news(m))
		tool_failure("%s", m->failures.text[m->failures.printed++]);
}

static const char *op_name(bool to_bar, const struct step *step)
{
	return to_bar == step->bar_is_local ? "RDMA READ" : "RDMA WRITE";
}

static void count_wrong(struct mover *m, const struct pair *pair, bool to_bar,
			const char *what, int64_t from, const struct mismatch *bad)
{
	const struct step *step = to_bar ? &pair->to : &pair->from;

	m->counts.wrong += bad->count;
	if (!bad->count)
		return;
	mover_keep(m, "%s of %u bytes %s BAR offset %#" PRIx64 " (the BAR is %s): %zu wrong bytes "
		   "in %s, the first at %+" PRId64 ": found %#04x, expected %#04x",
		   op_name(to_bar, step), pair->size, to_bar ? "to" : "from", pair->bar,
		   step->bar_is_local ? "local" : "remote", bad->count, what,
		   from + (int64_t)bad->first, bad->found, bad->expected);
}

/*
 * Compare what an operation left behind: the data at @data with @expected, and the guards
 * around it, from @start to @end, with the word that they were filled with.
 */
static void check(struct mover *m, const struct pair *pair, bool to_bar, const uint8_t *data,
		  const uint8_t *start, const uint8_t *end, const uint8_t *expected)
{
	uint64_t word = to_bar ? pair->to.guard : pair->from.guard;
	const uint8_t *after = data + pair->size;
	struct mismatch bad;

	bad = pattern_compare_fill(start, data - start, word);
	count_wrong(m, pair, to_bar, "the bytes before", start - data, &bad);
	bad = pattern_compare(data, expected, pair->size);
	count_wrong(m, pair, to_bar, "the data", 0, &bad);
	bad = pattern_compare_fill(after, end - after, word);
	count_wrong(m, pair, to_bar, "the bytes after", pair->size, &bad);
}

static int post(struct mover *m, const struct pair *pair, unsigned int index, bool to_bar,
		const uint8_t *host)
{
	const struct step *step = to_bar ? &pair->to : &pair->from;
	uint64_t host_addr = (uintptr_t)host, bar_addr = m->bar_iova + pair->bar;
	struct loopback_wr wr = {
		.op = to_bar == step->bar_is_local ? LOOPBACK_READ : LOOPBACK_WRITE,
		.wr_id = index,
		.length = pair->size,
		.local_addr = step->bar_is_local ? bar_addr : host_addr,
		.lkey = step->bar_is_local ? m->bar_mr->lkey : m->host_mr->lkey,
		.remote_addr = step->bar_is_local ? host_addr : bar_addr,
		.rkey = step->bar_is_local ? m->host_mr->rkey : m->bar_mr->rkey,
	};

	if (!loopback_post(m->lb, &wr))
		return 0;
	mover_keep(m, "%s", loopback_errmsg());
	return -EIO;
}

static void complain(struct mover *m, const struct pair *pair, bool to_bar,
		     const struct ibv_wc *wc)
{
	const struct step *step = to_bar ? &pair->to : &pair->from;

	count_failure(m, wc);
	mover_keep(m, "%s of %u bytes %s BAR offset %#" PRIx64 " (the BAR is %s) completed with: "
		   "%s (vendor error %#x)", op_name(to_bar, step), pair->size,
		   to_bar ? "to" : "from", pair->bar, step->bar_is_local ? "local" : "remote",
		   ibv_wc_status_str(wc->status), wc->vendor_err);
}

/* Take some of @n completions. Returns how many, or -EIO with a failure kept. */
static int poll(struct mover *m, struct ibv_wc *wc, unsigned int n)
{
	int got = loopback_poll(m->lb, wc, n, COMPLETION_TIMEOUT_MS);

	if (got > 0)
		return got;
	if (got < 0)
		mover_keep(m, "%s", loopback_errmsg());
	else
		mover_keep(m, "%u work requests did not complete in %d s: the NIC hangs", n,
			   COMPLETION_TIMEOUT_MS / 1000);
	return -EIO;
}

int mover_one(struct mover *m, const struct loopback_wr *wr, const char *name, uint64_t offset)
{
	struct ibv_wc wc;

	if (loopback_post(m->lb, wr)) {
		mover_keep(m, "%s", loopback_errmsg());
		return -EIO;
	}
	if (poll(m, &wc, 1) < 0)
		return -EIO;
	if (wc.status == IBV_WC_SUCCESS) {
		m->counts.ops++;
		return 0;
	}
	count_failure(m, &wc);
	mover_keep(m, "%s at BAR offset %#" PRIx64 " completed with: %s (vendor error %#x)", name,
		   offset, ibv_wc_status_str(wc.status), wc.vendor_err);
	return -EIO;
}

/* Wait until all @n operations of the batch have completed, in any order. */
static int wait_all(struct mover *m, const struct pair *pairs, unsigned int n, bool to_bar)
{
	struct ibv_wc wc[PLAN_BATCH];
	uint64_t failed = m->counts.failed;
	int got, i;

	while (n) {
		got = poll(m, wc, n);
		if (got < 0)
			return got;
		for (i = 0; i < got; i++) {
			if (wc[i].status == IBV_WC_SUCCESS)
				m->counts.ops++;
			else
				complain(m, &pairs[wc[i].wr_id], to_bar, &wc[i]);
		}
		n -= got;
	}
	return m->counts.failed == failed ? 0 : -EIO;
}

static int to_bar(struct mover *m, const struct pair *pairs, unsigned int n)
{
	const struct plan *plan = &m->plan;
	const struct pair *pair;
	uint64_t start, end;
	unsigned int i;
	int ret;

	for (i = 0; i < n; i++) {
		start = plan_guard_start(pairs[i].bar);
		end = plan_guard_end(plan, pairs[i].bar, pairs[i].size);
		pattern_fill(m->bar + start, end - start, pairs[i].to.guard);
	}
	/* Reading back flushes the CPU's posted writes, so that the NIC's come after them. */
	for (i = 0; i < n; i++)
		(void)*(volatile uint8_t *)(m->bar + pairs[i].bar);
	for (i = 0; i < n; i++) {
		ret = post(m, &pairs[i], i, true, m->source + pairs[i].to.host);
		if (ret)
			return ret;
	}
	ret = wait_all(m, pairs, n, true);
	for (i = 0; i < n && !ret; i++) {
		pair = &pairs[i];
		check(m, pair, true, m->bar + pair->bar, m->bar + plan_guard_start(pair->bar),
		      m->bar + plan_guard_end(plan, pair->bar, pair->size),
		      m->source + pair->to.host);
		m->counts.to_bar += pair->size;
	}
	return ret;
}

/* Have the CPU write other data into the BAR for the pairs that ask for it. */
static void rewrite(struct mover *m, const struct pair *pairs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (!pairs[i].rewrite)
			continue;
		pattern_copy(m->bar + pairs[i].bar, m->source + pairs[i].rewritten, pairs[i].size);
		(void)*(volatile uint8_t *)(m->bar + pairs[i].bar);
	}
}

static int from_bar(struct mover *m, const struct pair *pairs, unsigned int n)
{
	const struct pair *pair;
	uint8_t *place, *data;
	unsigned int i;
	int ret;

	rewrite(m, pairs, n);
	for (i = 0; i < n; i++)
		pattern_fill(m->target + i * m->target_size,
			     pairs[i].from.host + pairs[i].size + PLAN_GUARD, pairs[i].from.guard);
	for (i = 0; i < n; i++) {
		ret = post(m, &pairs[i], i, false,
			   m->target + i * m->target_size + pairs[i].from.host);
		if (ret)
			return ret;
	}
	ret = wait_all(m, pairs, n, false);
	for (i = 0; i < n && !ret; i++) {
		pair = &pairs[i];
		place = m->target + i * m->target_size;
		data = place + pair->from.host;
		check(m, pair, false, data, place, data + pair->size + PLAN_GUARD,
		      m->source + (pair->rewrite ? pair->rewritten : pair->to.host));
		m->counts.from_bar += pair->size;
	}
	return ret;
}

int mover_batch(struct mover *m)
{
	struct pair pairs[PLAN_BATCH];
	unsigned int max = m->lb->depth < PLAN_BATCH ? m->lb->depth : PLAN_BATCH;
	unsigned int n = plan_batch(&m->plan, pairs, max, m->source_size);
	int ret = to_bar(m, pairs, n);

	return ret ? ret : from_bar(m, pairs, n);
}
