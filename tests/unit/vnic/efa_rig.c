// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Objects, work requests and completions for the data path's tests: see efa_rig.h. */
#include <stdlib.h>
#include <string.h>

#include "efa_rig.h"

#define MAX_STEPS	1000000u

/* ---- objects ---- */

uint16_t rig_pd(struct rig *r)
{
	for (uint16_t i = 1; i < EFA_MAX_PD; i++) {
		if (r->efa->pd[i].used)
			continue;
		r->efa->pd[i] = (struct efa_pd){ .used = true };
		return i;
	}
	fail_msg("no PD left");
	return 0;
}

uint16_t rig_ah(struct rig *r, uint16_t pd)
{
	for (uint16_t i = 1; i < EFA_MAX_AH; i++) {
		struct efa_ah *ah = &r->efa->ah[i];

		if (ah->used)
			continue;
		*ah = (struct efa_ah){ .used = true, .pd = pd, .refs = 1 };
		memcpy(ah->gid, r->efa->nic->config.gid, sizeof(ah->gid));
		r->efa->pd[pd].users++;
		return i;
	}
	fail_msg("no AH left");
	return 0;
}

uint16_t rig_eq(struct rig *r, uint16_t depth, uint8_t vector)
{
	uint64_t base = fixture_alloc(r->f, depth * sizeof(struct efa_io_eqe));

	for (uint16_t i = 1; i < EFA_MAX_EQ; i++) {
		if (r->efa->eq[i].used)
			continue;
		r->efa->eq[i] = (struct efa_eq){
			.used = true, .vector = vector, .depth = depth, .base = base,
		};
		return i;
	}
	fail_msg("no EQ left");
	return 0;
}

uint16_t rig_cq(struct rig *r, uint16_t depth, uint16_t eq)
{
	uint64_t base = fixture_alloc(r->f, depth * sizeof(struct efa_io_cqe));

	for (uint16_t i = 1; i < EFA_MAX_CQ; i++) {
		if (r->efa->cq[i].used)
			continue;
		r->efa->cq[i] = (struct efa_cq){
			.used = true, .interrupt = eq, .depth = depth, .eq = eq,
			.entry_size = sizeof(struct efa_io_cqe), .base = base,
		};
		r->cons[i] = 0;
		return i;
	}
	fail_msg("no CQ left");
	return 0;
}

struct efa_qp *rig_qp(struct rig *r, enum efa_qp_type type, uint16_t pd)
{
	for (uint16_t i = 1; i < EFA_MAX_QP; i++) {
		struct efa_qp *qp = &r->efa->qp[i];

		if (qp->used)
			continue;
		*qp = (struct efa_qp){
			.used = true, .id = i, .type = type, .state = EFA_QP_RTS,
			.pd = pd, .send_cq = rig_cq(r, RIG_CQ, 0),
			.recv_cq = rig_cq(r, RIG_CQ, 0), .qkey = RIG_QKEY,
			.rnr_retry = 7, .sq_depth = RIG_SQ, .rq_depth = RIG_RQ,
			.rq_base = fixture_alloc(r->f, RIG_RQ * sizeof(struct efa_io_rx)),
		};
		r->efa->pd[pd].users++;
		r->efa->cq[qp->send_cq].users++;
		r->efa->cq[qp->recv_cq].users++;
		return qp;
	}
	fail_msg("no QP left");
	return NULL;
}

uint32_t rig_mr(struct rig *r, uint64_t dma, uint64_t addr, uint64_t len, uint8_t access,
		uint16_t pd)
{
	uint32_t pages = (uint32_t)(((addr & 0xfff) + len + 0xfff) >> 12);

	assert_int_equal(dma & 0xfff, addr & 0xfff);
	for (uint32_t i = 1; i < EFA_MAX_MR; i++) {
		struct efa_mr *mr = &r->efa->mr[i];

		if (mr->used || mr->region.gone)
			continue;
		*mr = (struct efa_mr){
			.used = true, .generation = mr->generation,
			.region = {
				.pd = pd, .access = access, .shift = 12, .iova = addr,
				.len = len, .nr_pages = pages,
				.page = calloc(pages, sizeof(*mr->region.page)),
			},
		};
		mr->region.key = efa_mr_key(r->efa, mr);
		assert_non_null(mr->region.page);
		for (uint32_t p = 0; p < pages; p++)
			mr->region.page[p] = (dma & ~0xfffull) + p * FIXTURE_PAGE;
		r->efa->mr_pages += pages;
		r->efa->pd[pd].users++;
		return efa_mr_key(r->efa, mr);
	}
	fail_msg("no MR left");
	return 0;
}

void rig_dereg(struct rig *r, uint32_t key)
{
	struct efa_mr *mr = efa_mr_get(r->efa, key);

	assert_non_null(mr);
	r->efa->pd[mr->region.pd].users--;
	efa_mr_release(r->efa, mr);
}

static struct rig_buf make_buf(struct rig *r, uint64_t addr)
{
	struct rig_buf buf = { .dma = fixture_alloc(r->f, RIG_BUF), .addr = addr };

	buf.key = rig_mr(r, buf.dma, buf.addr, RIG_BUF, RIG_ALL, r->pd);
	return buf;
}

int rig_setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	void *fixture;

	assert_non_null(r);
	assert_int_equal(fixture_setup(&fixture), 0);
	r->f = fixture;
	r->efa = fixture_efa(r->f);
	r->pd = rig_pd(r);
	r->ah = rig_ah(r, r->pd);
	r->a = rig_qp(r, EFA_QP_SRD, r->pd);
	r->b = rig_qp(r, EFA_QP_SRD, r->pd);
	r->src = make_buf(r, 0x7f0000000000ull);
	r->dst = make_buf(r, 0x7f8000000000ull);
	rig_pattern(r, r->src.dma, RIG_BUF, 1);
	*state = r;
	return 0;
}

int rig_teardown(void **state)
{
	struct rig *r = *state;
	void *fixture = r->f;

	fixture_teardown(&fixture);
	free(r);
	return 0;
}

/* ---- work ---- */

static struct efa_io_wqe make_wqe(const struct rig *r, enum efa_io_op op,
				  const struct efa_qp *to)
{
	static uint16_t next_id;

	return (struct efa_io_wqe){
		.req_id = next_id++,
		.ctrl1 = (uint8_t)(op | EFA_IO_CTRL1_META),
		.ctrl2 = EFA_IO_CTRL2_ALWAYS,
		.dest_qp = to->id,
		.length = 1,
		.ah = r->ah,
		.qkey = RIG_QKEY,
	};
}

struct efa_io_wqe rig_send(const struct rig *r, const struct efa_qp *to, uint32_t len)
{
	struct efa_io_wqe wqe = make_wqe(r, EFA_IO_OP_SEND, to);

	wqe.sge[0] = (struct efa_io_sge){ len, r->src.key, r->src.addr };
	return wqe;
}

struct efa_io_wqe rig_rdma(const struct rig *r, enum efa_io_op op, const struct efa_qp *to,
			   uint32_t len)
{
	struct efa_io_wqe wqe = make_wqe(r, op, to);

	wqe.rdma.local = (struct efa_io_sge){ len, r->src.key, r->src.addr };
	wqe.rdma.remote = (struct efa_io_sge){ len, r->dst.key, r->dst.addr };
	return wqe;
}

void rig_post(struct rig *r, struct efa_qp *qp, const struct efa_io_wqe *wqe)
{
	size_t slot = qp->sq_prod & (qp->sq_depth - 1u);

	memcpy(r->efa->llq + (size_t)qp->id * EFA_LLQ_QP_SIZE + slot * sizeof(*wqe), wqe,
	       sizeof(*wqe));
	efa_doorbell_write(r->efa, qp->id * EFA_DB_PAGE + EFA_IO_DB_SQ,
			   (uint16_t)(qp->sq_prod + 1));
}

void rig_post_rx(struct rig *r, struct efa_qp *qp, const struct efa_io_rx *rx,
		 unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		size_t slot = (qp->rq_prod + i) & (qp->rq_depth - 1u);

		fixture_put(r->f, qp->rq_base + slot * sizeof(*rx), &rx[i], sizeof(*rx));
	}
	efa_doorbell_write(r->efa, qp->id * EFA_DB_PAGE + EFA_IO_DB_RQ,
			   (uint16_t)(qp->rq_prod + nr));
}

void rig_recv(struct rig *r, struct efa_qp *qp, uint16_t req_id, uint32_t off,
	      uint16_t len)
{
	const struct efa_io_rx rx = {
		.addr = r->dst.addr + off, .req_id = req_id, .len = len,
		.ctrl = r->dst.key | EFA_IO_RX_FIRST | EFA_IO_RX_LAST,
	};

	rig_post_rx(r, qp, &rx, 1);
}

/* A step that only waits for a point in time ends the run, and is not counted. */
unsigned int rig_run(struct rig *r)
{
	uint64_t before = r->efa->count.slices;
	unsigned int steps = 0;

	while (efa_engine_step(r->efa) && r->efa->count.slices != before + steps) {
		steps++;
		assert_true(steps < MAX_STEPS);
	}
	return steps;
}

/* ---- results ---- */

bool rig_poll(struct rig *r, uint16_t cqn, struct efa_io_cqe *cqe)
{
	const struct efa_cq *cq = &r->efa->cq[cqn];
	uint32_t slot = r->cons[cqn] & (cq->depth - 1u);
	uint8_t phase = !(r->cons[cqn] / cq->depth & 1);

	fixture_get(r->f, cq->base + slot * sizeof(*cqe), cqe, sizeof(*cqe));
	if ((cqe->flags & EFA_IO_CQE_PHASE) != phase)
		return false;
	r->cons[cqn]++;
	return true;
}

struct efa_io_cqe rig_expect(struct rig *r, uint16_t cq, uint16_t req_id,
			     enum efa_io_status status)
{
	struct efa_io_cqe cqe;

	if (!rig_poll(r, cq, &cqe))
		fail_msg("no completion in CQ %u", cq);
	assert_int_equal(cqe.req_id, req_id);
	assert_int_equal(cqe.status, status);
	return cqe;
}

void rig_expect_none(struct rig *r, uint16_t cq)
{
	struct efa_io_cqe cqe;

	assert_false(rig_poll(r, cq, &cqe));
}

void rig_do(struct rig *r, struct efa_qp *qp, const struct efa_io_wqe *wqe,
	    enum efa_io_status status)
{
	struct efa_io_cqe cqe;

	rig_post(r, qp, wqe);
	rig_run(r);
	cqe = rig_expect(r, qp->send_cq, wqe->req_id, status);
	assert_int_equal(cqe.qp, qp->id);
	assert_int_equal(cqe.flags & EFA_IO_CQE_RECV, 0);
	rig_expect_none(r, qp->send_cq);
}

static uint8_t pattern(uint32_t seed, uint32_t i)
{
	return (uint8_t)((i * 2654435761u >> 13) + seed * 101 + i / 251);
}

void rig_pattern(struct rig *r, uint64_t dma, uint32_t len, uint32_t seed)
{
	uint8_t *bytes = malloc(len);

	assert_non_null(bytes);
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = pattern(seed, i);
	fixture_put(r->f, dma, bytes, len);
	free(bytes);
}

void rig_check(struct rig *r, uint64_t dma, uint32_t len, uint32_t seed)
{
	uint8_t *bytes = malloc(len);

	assert_non_null(bytes);
	fixture_get(r->f, dma, bytes, len);
	for (uint32_t i = 0; i < len; i++)
		if (bytes[i] != pattern(seed, i))
			fail_msg("byte %u: 0x%02x, not 0x%02x", i, bytes[i],
				 pattern(seed, i));
	free(bytes);
}

void rig_check_fill(struct rig *r, uint64_t dma, uint32_t len, uint8_t byte)
{
	uint8_t *bytes = malloc(len);

	assert_non_null(bytes);
	fixture_get(r->f, dma, bytes, len);
	for (uint32_t i = 0; i < len; i++)
		if (bytes[i] != byte)
			fail_msg("byte %u: 0x%02x, not 0x%02x", i, bytes[i], byte);
	free(bytes);
}
