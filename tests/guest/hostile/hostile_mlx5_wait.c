// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * An innocent process that does not poll: it arms its completion queue, posts a WRITE, and
 * sleeps until the event comes. Somebody who could arm its queue otherwise, or change how far
 * the driver has read its events, would make it sleep for ever.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "hostile_mlx5.h"
#include "lib/rig.h"
#include "lib/tap.h"

#define WAIT_MS 3000

struct waiter {
	struct ibv_comp_channel *channel;
	struct rawrc raw, peer;
	struct ibv_mr *mr;
};

static void open_waiter(struct waiter *w)
{
	struct ibv_context *context = hostile_open_device();
	struct ibv_pd *pd = ibv_alloc_pd(context);
	struct rawrc_options options = { .channel = ibv_create_comp_channel(context) };

	if (!pd || !options.channel)
		tap_die("waiter", "cannot be set up: %s", strerror(errno));
	w->channel = options.channel;
	w->mr = hostile_reg(pd, hostile_guarded(), rig_access(true));
	rawrc_open(&w->raw, pd, &options);
	rawrc_open(&w->peer, pd, &options);
	rawrc_connect(&w->raw, w->peer.qp->qp_num, RAWRC_ACCESS);
	rawrc_connect(&w->peer, w->raw.qp->qp_num, RAWRC_ACCESS);
}

static bool post_write(struct waiter *w)
{
	struct ibv_sge sge = { (uintptr_t)w->mr->addr, 64, w->mr->lkey };
	struct ibv_send_wr *bad, wr = {
		.sg_list = &sge, .num_sge = 1, .opcode = IBV_WR_RDMA_WRITE,
		.send_flags = IBV_SEND_SIGNALED,
		.wr.rdma = { (uintptr_t)w->mr->addr + 4096, w->mr->rkey },
	};

	return !ibv_req_notify_cq(w->raw.send.cq, 0) && !ibv_post_send(w->raw.qp, &wr, &bad);
}

static bool await_event(struct waiter *w)
{
	struct pollfd fd = { .fd = w->channel->fd, .events = POLLIN };
	struct ibv_cq *cq;
	void *unused;

	if (poll(&fd, 1, WAIT_MS) != 1 || ibv_get_cq_event(w->channel, &cq, &unused))
		return false;
	ibv_ack_cq_events(cq, 1);
	return cq == w->raw.send.cq;
}

/* An event for each, and never one that is for nothing. */
static bool write_once(struct waiter *w)
{
	struct ibv_wc wc;

	return post_write(w) && await_event(w) && ibv_poll_cq(w->raw.send.cq, 1, &wc) == 1 &&
	       !wc.status;
}

void hostile_mlx5_wait(struct bystander *b)
{
	struct waiter w;

	open_waiter(&w);
	b->ready = true;
	while (!b->stop) {
		if (write_once(&w))
			b->verified++;
		else
			b->wrong++;
	}
}
