// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The part of fabric_bar that calls libfabric; see fabric_bar.h. */
#include <rdma/fi_cm.h>
#include <rdma/fi_eq.h>
#include <rdma/fi_errno.h>
#include <rdma/fi_rma.h>
#include <rdma/fi_tagged.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "fabric_bar.h"
#include "lib/clock.h"
#include "lib/rig.h"
#include "lib/tap.h"

#define POST_PATIENCE_US 10000000u
#define EVENT_NOTES 4u		/* how many errors of an event queue are printed */

static void must(int ret, const char *what)
{
	if (ret)
		tap_die("libfabric", "%s: %s", what, fi_strerror(-ret));
}

/*
 * The address of a BAR is the caller's and the key the provider's, and every local buffer has
 * a descriptor. "Delivery complete", because otherwise a WRITE that the provider emulates is
 * complete before its bytes are where they belong.
 */
static struct fi_info *find(void)
{
	struct fi_info *hints = fi_allocinfo(), *info = NULL;

	if (!hints)
		tap_die("libfabric", "no memory");
	hints->caps = FI_MSG | FI_TAGGED | FI_RMA;
	hints->ep_attr->type = FI_EP_RDM;
	hints->fabric_attr->prov_name = strdup("efa");
	hints->fabric_attr->name = strdup("efa");
	hints->domain_attr->mr_mode = FI_MR_LOCAL | FI_MR_VIRT_ADDR | FI_MR_ALLOCATED |
				      FI_MR_PROV_KEY;
	hints->tx_attr->op_flags = FI_DELIVERY_COMPLETE;
	must(fi_getinfo(FI_VERSION(1, 20), NULL, NULL, 0, hints, &info), "fi_getinfo");
	fi_freeinfo(hints);
	return info;
}

static void open_end(struct net *net, struct end *end)
{
	struct fi_cq_attr cq = { .size = 4096, .format = FI_CQ_FORMAT_CONTEXT };
	struct fi_eq_attr eq = { .size = 1024, .wait_obj = FI_WAIT_NONE };
	struct fi_av_attr av = { .type = FI_AV_TABLE };

	must(fi_endpoint(net->domain, net->info, &end->ep, NULL), "fi_endpoint");
	must(fi_cq_open(net->domain, &cq, &end->cq, NULL), "fi_cq_open");
	must(fi_av_open(net->domain, &av, &end->av, NULL), "fi_av_open");
	must(fi_eq_open(net->fabric, &eq, &end->eq, NULL), "fi_eq_open");
	must(fi_ep_bind(end->ep, &end->cq->fid, FI_TRANSMIT | FI_RECV), "bind the CQ");
	must(fi_ep_bind(end->ep, &end->av->fid, 0), "bind the AV");
	/* An error that belongs to no operation of ours goes there; without it libfabric aborts. */
	must(fi_ep_bind(end->ep, &end->eq->fid, 0), "bind the EQ");
	must(fi_enable(end->ep), "fi_enable");
}

static void introduce(struct end *to, struct end *peer)
{
	uint8_t address[64];
	size_t size = sizeof(address);

	must(fi_getname(&peer->ep->fid, address, &size), "fi_getname");
	if (fi_av_insert(to->av, address, 1, &to->peer, 0, NULL) != 1)
		tap_die("libfabric", "fi_av_insert");
}

void net_open_ends(struct net *net)
{
	memset(net->end, 0, sizeof(net->end));
	for (unsigned int i = 0; i < ENDS; i++)
		open_end(net, &net->end[i]);
	introduce(&net->end[0], &net->end[1]);
	introduce(&net->end[1], &net->end[0]);
}

void net_open(struct net *net)
{
	/* otherwise two endpoints of one machine would not use the NIC */
	if (setenv("FI_EFA_ENABLE_SHM_TRANSFER", "0", 1) ||
	    setenv("FI_EFA_IFACE", rig_ibdev(), 1))
		tap_die("set-up", "no memory");
	memset(net, 0, sizeof(*net));
	net->info = find();
	must(fi_fabric(net->info->fabric_attr, &net->fabric, NULL), "fi_fabric");
	must(fi_domain(net->fabric, net->info, &net->domain, NULL), "fi_domain");
	net_open_ends(net);
}

static uint64_t all_access(void)
{
	return FI_SEND | FI_RECV | FI_READ | FI_WRITE | FI_REMOTE_READ | FI_REMOTE_WRITE;
}

void net_register_host(struct net *net, struct memory *memory)
{
	must(fi_mr_reg(net->domain, memory->base, memory->length, all_access(), 0, 0, 0,
		       &memory->mr, NULL), "fi_mr_reg");
}

int net_register_bar(struct net *net, struct memory *memory, int fd)
{
	struct fi_mr_dmabuf dmabuf = {
		.fd = fd,
		.len = memory->length,
		/* libfabric's own copies by the CPU go there */
		.base_addr = memory->base,
	};
	struct fi_mr_attr attr = {
		.dmabuf = &dmabuf,
		.iov_count = 1,
		.access = all_access(),
		.iface = FI_HMEM_SYSTEM,
	};

	return fi_mr_regattr(net->domain, &attr, FI_MR_DMABUF, &memory->mr);
}

static bool close_end(struct end *end)
{
	bool good = !fi_close(&end->ep->fid);

	good &= !fi_close(&end->cq->fid);
	good &= !fi_close(&end->av->fid);
	good &= !fi_close(&end->eq->fid);
	return good;
}

bool net_close_ends(struct net *net)
{
	bool good = true;

	for (unsigned int i = 0; i < ENDS; i++)
		good &= close_end(&net->end[i]);
	return good;
}

bool net_close(struct net *net)
{
	bool good = net_close_ends(net);

	good &= !fi_close(&net->domain->fid);
	good &= !fi_close(&net->fabric->fid);
	fi_freeinfo(net->info);
	return good;
}

static ssize_t post_rma(struct net *net, struct transfer *t)
{
	struct end *end = &net->end[0];
	uint8_t *from = t->from->base + t->from_offset, *to = t->to->base + t->to_offset;

	if (t->op == OP_WRITE)
		return fi_write(end->ep, from, t->length, fi_mr_desc(t->from->mr), end->peer,
				(uintptr_t)to, fi_mr_key(t->to->mr), &t->half[0]);
	return fi_read(end->ep, to, t->length, fi_mr_desc(t->to->mr), end->peer,
		       (uintptr_t)from, fi_mr_key(t->from->mr), &t->half[0]);
}

static ssize_t post_send(struct net *net, struct transfer *t)
{
	struct end *end = &net->end[0];
	uint8_t *from = t->from->base + t->from_offset;

	if (t->tag)
		return fi_tsend(end->ep, from, t->length, fi_mr_desc(t->from->mr), end->peer,
				t->tag, &t->half[0]);
	return fi_send(end->ep, from, t->length, fi_mr_desc(t->from->mr), end->peer,
		       &t->half[0]);
}

static ssize_t post_receive(struct net *net, struct transfer *t)
{
	struct end *end = &net->end[1];
	uint8_t *to = t->to->base + t->to_offset;

	if (t->tag)
		return fi_trecv(end->ep, to, t->length, fi_mr_desc(t->to->mr), end->peer,
				t->tag, 0, &t->half[1]);
	return fi_recv(end->ep, to, t->length, fi_mr_desc(t->to->mr), end->peer, &t->half[1]);
}

/* The provider has room for it again when completions have been read. */
static void post_half(struct net *net, struct transfer *t, unsigned int i,
		      ssize_t (*post)(struct net *net, struct transfer *t))
{
	uint64_t start = now_us();
	ssize_t ret;

	t->half[i].state = HALF_POSTED;
	while ((ret = post(net, t)) == -FI_EAGAIN && now_us() - start < POST_PATIENCE_US)
		net_progress(net);
	if (ret) {
		t->half[i].state = HALF_FAILED;
		t->half[i].error = (int)-ret;
	}
}

void net_post(struct net *net, struct transfer *t)
{
	t->start_us = now_us();
	if (t->op == OP_SEND)
		post_half(net, t, 1, post_receive);
	post_half(net, t, 0, t->op == OP_SEND ? post_send : post_rma);
}

/* One operation may give several errors, one for each packet or READ that it consists of. */
static void end_half(struct half *half, int error)
{
	if (!half || half->state != HALF_POSTED)
		return;
	half->state = error ? HALF_FAILED : HALF_DONE;
	half->error = error;
}

static void read_completions(struct end *end)
{
	struct fi_cq_err_entry error;
	struct fi_cq_entry entry;
	ssize_t ret;

	while ((ret = fi_cq_read(end->cq, &entry, 1)) != -FI_EAGAIN) {
		if (ret == 1) {
			end_half(entry.op_context, 0);
			continue;
		}
		memset(&error, 0, sizeof(error));
		if (ret != -FI_EAVAIL || fi_cq_readerr(end->cq, &error, 0) != 1)
			tap_die("libfabric", "fi_cq_read: %s", fi_strerror((int)-ret));
		end_half(error.op_context, error.err);
	}
}

static void read_events(struct net *net, struct end *end)
{
	struct fi_eq_err_entry error;
	char data[256];
	uint32_t event;

	while (fi_eq_read(end->eq, &event, data, sizeof(data), 0) == -FI_EAVAIL) {
		memset(&error, 0, sizeof(error));
		if (fi_eq_readerr(end->eq, &error, 0) < 0)
			tap_die("libfabric", "fi_eq_readerr");
		if (end->events++ < EVENT_NOTES)
			tap_note("event queue of endpoint %u: %s (%d)",
				 (unsigned int)(end - net->end), fi_strerror(error.err),
				 error.prov_errno);
	}
}

void net_progress(struct net *net)
{
	for (unsigned int i = 0; i < ENDS; i++) {
		read_completions(&net->end[i]);
		read_events(net, &net->end[i]);
	}
}

void net_cancel_receive(struct net *net, struct transfer *t)
{
	if (t->half[1].state == HALF_POSTED)
		fi_cancel(&net->end[1].ep->fid, &t->half[1]);
}
