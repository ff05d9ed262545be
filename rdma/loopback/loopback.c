// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The common part of the loopback: the device, its protection domain and completion
 * queue, and polling. The transports create the QPs.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "loopback_priv.h"

static __thread char message[512];

const char *loopback_errmsg(void)
{
	return message;
}

int loopback_fail(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return -err;
}

static const char *device_name(const struct loopback *lb)
{
	return ibv_get_device_name(lb->context->device);
}

int loopback_modify(struct loopback *lb, struct ibv_qp *qp, struct ibv_qp_attr *attr, int mask)
{
	static const char *const names[] = {
		[IBV_QPS_INIT] = "INIT", [IBV_QPS_RTR] = "RTR", [IBV_QPS_RTS] = "RTS",
	};
	int err = ibv_modify_qp(qp, attr, mask);

	if (err)
		return loopback_fail(err, "%s: a %s queue pair does not go to %s: %s",
				     device_name(lb), lb->transport->name,
				     names[attr->qp_state], strerror(err));
	return 0;
}

static int no_such_device(const char *name, struct ibv_device **list)
{
	char known[256] = "";
	size_t len = 0;

	for (; *list && len < sizeof(known); list++)
		len += snprintf(known + len, sizeof(known) - len, "%s%s", len ? ", " : "",
				ibv_get_device_name(*list));
	if (!len)
		return loopback_fail(ENODEV, "there is no RDMA device here, so no %s: "
				     "load the NIC's driver and ib_uverbs", name);
	return loopback_fail(ENODEV, "there is no RDMA device %s: this machine has %s",
			     name, known);
}

static int open_device(struct loopback *lb, const char *name)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_device **dev;
	int ret = 0;

	if (!list)
		return loopback_fail(errno, "cannot list the RDMA devices: %s: load ib_uverbs",
				     strerror(errno));
	for (dev = list; *dev; dev++)
		if (!strcmp(ibv_get_device_name(*dev), name))
			break;
	if (!*dev) {
		ret = no_such_device(name, list);
	} else {
		errno = 0;
		lb->context = ibv_open_device(*dev);
		if (!lb->context)
			ret = loopback_fail(errno ? errno : EIO,
					    "cannot open RDMA device %s: %s", name,
					    errno ? strerror(errno) : "its provider refused it");
	}
	ibv_free_device_list(list);
	return ret;
}

static int find_port(struct loopback *lb)
{
	struct ibv_device_attr dev;
	struct ibv_port_attr port;
	int err = ibv_query_device(lb->context, &dev);

	if (err)
		return loopback_fail(err, "%s: cannot query the device: %s", device_name(lb),
				     strerror(err));
	for (lb->port = 1; lb->port <= dev.phys_port_cnt; lb->port++) {
		err = ibv_query_port(lb->context, lb->port, &port);
		if (!err && port.state == IBV_PORT_ACTIVE) {
			lb->max_rdma = port.max_msg_sz;
			lb->max_send = port.max_msg_sz;
			return 0;
		}
	}
	return loopback_fail(ENETDOWN, "%s: no port is active: bring its link up",
			     device_name(lb));
}

static int create_queues(struct loopback *lb)
{
	lb->pd = ibv_alloc_pd(lb->context);
	if (!lb->pd)
		return loopback_fail(errno, "%s: cannot allocate a protection domain: %s",
				     device_name(lb), strerror(errno));
	/* There is room for a completion of every work request and of every receive. */
	lb->cq = ibv_create_cq(lb->context, 2 * (int)lb->depth, NULL, NULL, 0);
	if (!lb->cq)
		return loopback_fail(errno, "%s: cannot create a completion queue: %s",
				     device_name(lb), strerror(errno));
	return 0;
}

static int setup(struct loopback *lb, const char *name)
{
	int ret = open_device(lb, name);

	if (!ret)
		ret = find_port(lb);
	if (ret)
		return ret;
	lb->transport = &loopback_srd;
	ret = lb->transport->probe(lb);
	if (ret == -EOPNOTSUPP) {
		lb->transport = &loopback_rc;
		ret = lb->transport->probe(lb);
	}
	if (!ret)
		ret = create_queues(lb);
	if (!ret)
		ret = lb->transport->connect(lb);
	return ret;
}

int loopback_open(const char *name, unsigned int depth, struct loopback **out)
{
	struct loopback *lb;
	int ret;

	*out = NULL;
	if (!depth || depth > INT16_MAX)
		return loopback_fail(EINVAL, "a depth of %u is not between 1 and %d", depth,
				     INT16_MAX);
	lb = calloc(1, sizeof(*lb));
	if (!lb)
		return loopback_fail(ENOMEM, "out of memory");
	lb->depth = depth;
	ret = setup(lb, name);
	if (ret)
		loopback_close(lb);
	else
		*out = lb;
	return ret;
}

static void disconnect(struct loopback *lb)
{
	if (lb->requester)
		ibv_destroy_qp(lb->requester);
	if (lb->responder)
		ibv_destroy_qp(lb->responder);
	if (lb->ah)
		ibv_destroy_ah(lb->ah);
	lb->requester = NULL;
	lb->responder = NULL;
	lb->ah = NULL;
}

int loopback_reconnect(struct loopback *lb)
{
	disconnect(lb);
	return lb->transport->connect(lb);
}

void loopback_close(struct loopback *lb)
{
	if (!lb)
		return;
	disconnect(lb);
	if (lb->cq)
		ibv_destroy_cq(lb->cq);
	if (lb->pd)
		ibv_dealloc_pd(lb->pd);
	if (lb->context)
		ibv_close_device(lb->context);
	free(lb);
}

int loopback_access(const struct loopback *lb)
{
	return IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ |
	       (lb->can_write ? IBV_ACCESS_REMOTE_WRITE : 0) |
	       (lb->can_atomic ? IBV_ACCESS_REMOTE_ATOMIC : 0);
}

static const char *const op_names[] = {
	[LOOPBACK_READ] = "RDMA READ", [LOOPBACK_WRITE] = "RDMA WRITE",
	[LOOPBACK_SEND] = "SEND", [LOOPBACK_FETCH_ADD] = "fetch-and-add",
	[LOOPBACK_COMPARE_SWAP] = "compare-and-swap",
};

static bool can(const struct loopback *lb, enum loopback_op op)
{
	switch (op) {
	case LOOPBACK_READ:
		return lb->can_read;
	case LOOPBACK_WRITE:
		return lb->can_write;
	case LOOPBACK_FETCH_ADD:
	case LOOPBACK_COMPARE_SWAP:
		return lb->can_atomic;
	default:
		return true;
	}
}

static int check(const struct loopback *lb, const struct loopback_wr *wr)
{
	uint32_t max = wr->op == LOOPBACK_SEND ? lb->max_send : lb->max_rdma;

	if (!can(lb, wr->op))
		return loopback_fail(EOPNOTSUPP, "%s has no %s: its driver or its kernel "
				     "is too old", device_name(lb), op_names[wr->op]);
	if (wr->length > max)
		return loopback_fail(EMSGSIZE, "%s: a %s of %u bytes is above the limit of %u",
				     device_name(lb), op_names[wr->op], wr->length, max);
	return 0;
}

int loopback_post_batch(struct loopback *lb, const struct loopback_wr *wr, unsigned int nr)
{
	unsigned int i;
	int err;

	if (!nr || nr > LOOPBACK_BATCH)
		return loopback_fail(EINVAL, "%u work requests are not between 1 and %d", nr,
				     LOOPBACK_BATCH);
	for (i = 0; i < nr; i++) {
		int ret = check(lb, &wr[i]);

		if (ret)
			return ret;
	}
	err = lb->transport->post(lb, wr, nr);
	if (err)
		return loopback_fail(err, "%s: cannot post a %s: %s", device_name(lb),
				     op_names[wr->op], strerror(err));
	return 0;
}

int loopback_post(struct loopback *lb, const struct loopback_wr *wr)
{
	return loopback_post_batch(lb, wr, 1);
}

int loopback_post_recv(struct loopback *lb, uint64_t wr_id, uint64_t addr, uint32_t lkey,
		       uint32_t length)
{
	struct ibv_sge sge = { .addr = addr, .length = length, .lkey = lkey };
	struct ibv_recv_wr wr = { .wr_id = wr_id, .sg_list = &sge, .num_sge = 1 };
	struct ibv_recv_wr *bad;
	int err = ibv_post_recv(lb->responder, &wr, &bad);

	if (err)
		return loopback_fail(err, "%s: cannot post a receive: %s", device_name(lb),
				     strerror(err));
	return 0;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/*
 * Poll in a busy loop for a moment, then sleep between polls. In the lab the NIC is a
 * process that needs the CPU which a longer busy loop would take from it.
 */
int loopback_poll(struct loopback *lb, struct ibv_wc *wc, int max, unsigned int timeout_ms)
{
	const struct timespec pause = { .tv_nsec = 20000 };
	const unsigned int spins = 200;
	uint64_t end = now_ms() + timeout_ms;
	unsigned int tries;
	int n;

	for (tries = 0;; tries++) {
		n = ibv_poll_cq(lb->cq, max, wc);
		if (n < 0)
			return loopback_fail(EIO, "%s: the completion queue is broken: "
					     "unload and load the NIC's driver",
					     device_name(lb));
		if (n || !timeout_ms)
			return n;
		if (tries < spins)
			continue;
		if (now_ms() >= end)
			return 0;
		nanosleep(&pause, NULL);
	}
}
