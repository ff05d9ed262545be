// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Doorbell records that say more than the ring holds, or go back, and records of completion
 * queues that are nonsense: an error of that queue pair at most. And connections with queue
 * pairs that do not want them.
 */
#include <endian.h>

#include "hostile_mlx5.h"
#include "lib/tap.h"

#define WAIT_MS		300u

/* Completions that come, and the last one's status. */
static unsigned int drain(struct hostile_mlx5 *h, int *last)
{
	struct rawrc_done done = { .status = 0 };
	unsigned int n = 0;

	while (rawrc_sent(&h->raw, &done, WAIT_MS))
		n++;
	*last = done.status;
	return n;
}

/*
 * One correct request, then a record of @blocks: whatever the ring still holds may be
 * executed, but no more than that, and the empty part of it is an error.
 */
static void run(struct hostile_mlx5 *h, const char *name, uint32_t blocks)
{
	struct rawrc_wqe wqe = hostile_good_write(h);
	unsigned int n;
	int last;

	hostile_pair(h, IBV_QPT_RC, NULL);
	last = rawrc_one(&h->raw, &wqe);
	tap_check(!last, name, "a correct request before: status %d", last);
	h->raw.prod = (uint16_t)blocks;
	rawrc_ring(&h->raw);
	n = drain(h, &last);
	tap_check(n && n <= h->raw.at.sq.wqe_cnt && last == IBV_WC_WR_FLUSH_ERR, name,
		  "%u completions, the last with status %d", n, last);
	hostile_prepare(h);
	hostile_verdict(h, name, 0, 0);
	hostile_unpair(h);
}

/* A doorbell when nothing was posted has no effect. */
static void run_nothing(struct hostile_mlx5 *h)
{
	struct rawrc_wqe wqe = hostile_good_write(h);
	unsigned int n;
	int last;

	hostile_pair(h, IBV_QPT_RC, NULL);
	for (unsigned int i = 0; i < 100; i++)
		rawrc_ring(&h->raw);
	n = drain(h, &last);
	tap_check(!n, "a doorbell without a request has no effect",
		  "%u completions, the last with status %d", n, last);
	hostile_verdict(h, "and the queue pair works", rawrc_one(&h->raw, &wqe), 0);
	hostile_unpair(h);
}

/* A queue that seems to be full loses what completes: it is no concern of anybody else. */
static void run_full(struct hostile_mlx5 *h, const char *name, uint32_t consumed)
{
	struct rawrc_wqe wqe = hostile_good_write(h);
	unsigned int n;
	int last;

	hostile_pair(h, IBV_QPT_RC, NULL);
	*(volatile uint32_t *)&h->raw.send.at.dbrec[0] = htobe32(consumed);
	rawrc_put(&h->raw, &wqe);
	rawrc_ring(&h->raw);
	n = drain(h, &last);
	tap_check(!n, name, "%u completions, the last with status %d", n, last);
	hostile_verdict(h, name, 0, 0);
	hostile_unpair(h);
}

/* The other side's queue pair is connected with one of its own process. */
static void run_connected(struct hostile_mlx5 *h, const char *name, uint32_t number)
{
	const struct rawrc_options options = { .type = IBV_QPT_RC };
	struct rawrc_wqe wqe = hostile_good_write(h);

	rawrc_open(&h->raw, h->pd, &options);
	rawrc_connect(&h->raw, number, RAWRC_ACCESS);
	RAWRC_REMOTE(&wqe)->rkey = htobe32(h->bystander->key);
	RAWRC_REMOTE(&wqe)->raddr = htobe64(h->bystander->addr);
	hostile_prepare(h);
	hostile_verdict(h, name, rawrc_one(&h->raw, &wqe), IBV_WC_RETRY_EXC_ERR);
	rawrc_close(&h->raw);
}

void hostile_mlx5_records(struct hostile_mlx5 *h)
{
	run(h, "a record one past the ring", 1 + 1 + RAWRC_BLOCKS);
	run(h, "a record far past the ring", 30000);
	run(h, "a record that goes back to the start", 0);
	run(h, "a record that goes back across 0", 0xfff0);
	run(h, "a record of blocks that were never written", 5);
	run_nothing(h);
	run_full(h, "a CQ that is said to be read far ahead", RAWRC_CQES + 1);
	run_full(h, "a CQ that is said to be read backwards", 0x800000);
	run_connected(h, "a connection with a queue pair of another process", h->bystander->qpn);
	run_connected(h, "a connection with a queue pair that does not exist", 0xffe);
}
