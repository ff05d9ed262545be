// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A queue pair driven by hand; see rawqp.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <infiniband/efadv.h>

#include "clock.h"
#include "rawqp.h"
#include "tap.h"

#define MAX_MAPS 64u
#define PAGE 4096u
#define TIMEOUT_MS 10000u

/* The mappings of the verbs device that this process has. */
struct maps {
	unsigned int nr;
	struct {
		uintptr_t start;
		size_t size;
	} map[MAX_MAPS];
};

static void read_maps(struct maps *maps)
{
	FILE *f = fopen("/proc/self/maps", "re");
	uintptr_t start, end;
	char line[512];

	if (!f)
		tap_die("raw QP", "cannot read /proc/self/maps");
	maps->nr = 0;
	while (maps->nr < MAX_MAPS && fgets(line, sizeof(line), f)) {
		if (!strstr(line, "/dev/infiniband/uverbs") ||
		    sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &start, &end) != 2)
			continue;
		maps->map[maps->nr].start = start;
		maps->map[maps->nr++].size = end - start;
	}
	fclose(f);
}

static bool contains(const struct maps *maps, uintptr_t start)
{
	for (unsigned int i = 0; i < maps->nr; i++)
		if (start >= maps->map[i].start &&
		    start < maps->map[i].start + maps->map[i].size)
			return true;
	return false;
}

/* Find the mapping of @size bytes that is new since @before. */
static void *new_map(const struct maps *before, size_t size, const char *what)
{
	struct maps now;

	read_maps(&now);
	for (unsigned int i = 0; i < now.nr; i++)
		if (now.map[i].size == size && !contains(before, now.map[i].start))
			return (void *)now.map[i].start;
	tap_die("raw QP", "the provider mapped no %s of %zu bytes", what, size);
}

static void create_cq(struct rawqp *raw, struct ibv_pd *pd)
{
	struct maps before;

	read_maps(&before);
	raw->cq = ibv_create_cq(pd->context, RAWQP_DEPTH, NULL, NULL, 0);
	if (!raw->cq)
		tap_die("raw QP", "cannot create its CQ: %s", strerror(errno));
	raw->cqes = new_map(&before, RAWQP_DEPTH * sizeof(*raw->cqes), "completion ring");
}

static void create_qp(struct rawqp *raw, struct ibv_pd *pd)
{
	struct efadv_qp_init_attr efa = { .driver_qp_type = EFADV_QP_DRIVER_TYPE_SRD };
	struct ibv_qp_init_attr_ex attr = {
		.qp_type = IBV_QPT_DRIVER,
		.pd = pd,
		.send_cq = raw->cq,
		.recv_cq = raw->cq,
		.sq_sig_all = 1,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.send_ops_flags = IBV_QP_EX_WITH_SEND,
		.cap = {
			.max_send_wr = RAWQP_DEPTH, .max_send_sge = 1,
			.max_recv_sge = 1,	/* not 0: the provider divides by it */
		},
	};
	struct maps before;

	read_maps(&before);
	raw->qp = efadv_create_qp_ex(pd->context, &attr, &efa, sizeof(efa));
	if (!raw->qp)
		tap_die("raw QP", "cannot create it: %s", strerror(errno));
	raw->ring = new_map(&before, RAWQP_DEPTH * sizeof(struct efa_io_wqe), "send ring");
	/* Without a receive queue there is only one doorbell page. */
	raw->doorbell = new_map(&before, PAGE, "doorbell page");
}

static void bring_up(struct rawqp *raw)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT, .port_num = 1, .qkey = RAWQP_QKEY,
	};
	int err;

	err = ibv_modify_qp(raw->qp, &attr, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
					    IBV_QP_QKEY);
	attr.qp_state = IBV_QPS_RTR;
	if (!err)
		err = ibv_modify_qp(raw->qp, &attr, IBV_QP_STATE);
	attr.qp_state = IBV_QPS_RTS;	/* rnr_retry 0: no receive buffer fails at once */
	if (!err)
		err = ibv_modify_qp(raw->qp, &attr, IBV_QP_STATE | IBV_QP_SQ_PSN |
						    IBV_QP_RNR_RETRY);
	if (err)
		tap_die("raw QP", "does not come up: %s", strerror(err));
}

void rawqp_open(struct rawqp *raw, struct ibv_pd *pd)
{
	memset(raw, 0, sizeof(*raw));
	create_cq(raw, pd);
	create_qp(raw, pd);
	bring_up(raw);
}

void rawqp_close(struct rawqp *raw)
{
	int err = ibv_destroy_qp(raw->qp);

	if (!err)
		err = ibv_destroy_cq(raw->cq);
	if (err)
		tap_die("raw QP", "cannot be destroyed: %s", strerror(err));
}

void rawqp_put(struct rawqp *raw, const struct efa_io_wqe *wqe)
{
	uint8_t *slot = raw->ring + raw->prod % RAWQP_DEPTH * sizeof(*wqe);
	uint64_t word;

	/* Store eight bytes at a time, as the provider does: the memory is write combining. */
	for (size_t i = 0; i < sizeof(*wqe); i += sizeof(word)) {
		memcpy(&word, (const uint8_t *)wqe + i, sizeof(word));
		*(volatile uint64_t *)(slot + i) = word;
	}
	raw->prod++;
}

void rawqp_ring_value(struct rawqp *raw, uint32_t value)
{
	__builtin_ia32_sfence();
	*(volatile uint32_t *)(raw->doorbell + EFA_IO_DB_SQ) = value;
}

void rawqp_ring(struct rawqp *raw)
{
	rawqp_ring_value(raw, raw->prod);
}

bool rawqp_poll(struct rawqp *raw, struct efa_io_cqe *cqe, unsigned int timeout_ms)
{
	const volatile struct efa_io_cqe *slot = &raw->cqes[raw->seen % RAWQP_DEPTH];
	uint8_t phase = raw->seen / RAWQP_DEPTH % 2 ? 0 : EFA_IO_CQE_PHASE;
	uint64_t end = now_us() + timeout_ms * 1000ull;

	while ((slot->flags & EFA_IO_CQE_PHASE) != phase) {
		if (now_us() > end)
			return false;
		sleep_us(20);
	}
	atomic_thread_fence(memory_order_acquire);
	for (size_t i = 0; i < sizeof(*cqe); i++)
		((uint8_t *)cqe)[i] = ((const volatile uint8_t *)slot)[i];
	raw->seen++;
	return true;
}

int rawqp_one(struct rawqp *raw, const struct efa_io_wqe *wqe)
{
	struct efa_io_cqe cqe;

	rawqp_put(raw, wqe);
	rawqp_ring(raw);
	return rawqp_poll(raw, &cqe, TIMEOUT_MS) ? cqe.status : -1;
}
