// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* wqe.c, sq.c, inbound.c: every error status and its causes. */
#include "efa_rig.h"

/* ---- status codes ---- */

static void test_unsupported(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe;

	for (unsigned int op = EFA_IO_OP_WRITE + 1; op <= EFA_IO_CTRL1_OP_MASK; op++) {
		wqe = rig_rdma(r, op, r->b, 10);
		rig_do(r, r->a, &wqe, EFA_IO_UNSUPPORTED_OP);
	}
	wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 10);
	wqe.ctrl1 |= EFA_IO_CTRL1_INLINE;
	rig_do(r, r->a, &wqe, EFA_IO_UNSUPPORTED_OP);
	wqe = rig_rdma(r, EFA_IO_OP_READ, r->b, 10);
	wqe.ctrl1 |= EFA_IO_CTRL1_IMM;
	rig_do(r, r->a, &wqe, EFA_IO_UNSUPPORTED_OP);
	wqe = rig_send(r, r->b, 10);
	wqe.ctrl1 &= ~EFA_IO_CTRL1_META;
	rig_do(r, r->a, &wqe, EFA_IO_UNSUPPORTED_OP);
	wqe = rig_send(r, r->b, 10);
	wqe.ctrl1 |= EFA_IO_CTRL1_EXTENSION;
	rig_do(r, r->a, &wqe, EFA_IO_UNSUPPORTED_OP);
	wqe = rig_send(r, r->b, 10);
	wqe.ctrl2 &= ~EFA_IO_CTRL2_COMP_REQ;
	rig_do(r, r->a, &wqe, EFA_IO_UNSUPPORTED_OP);
	assert_int_equal(r->a->state, EFA_QP_RTS);	/* no error stops the QP */
}

static void test_bad_ah(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 10);

	wqe.ah = rig_ah(r, rig_pd(r));			/* of another PD */
	rig_do(r, r->a, &wqe, EFA_IO_BAD_AH);
	wqe.ah = 0xffff;
	rig_do(r, r->a, &wqe, EFA_IO_BAD_AH);
	wqe.ah = r->ah;
	r->efa->ah[r->ah].gid[15] ^= 1;			/* of another NIC */
	rig_do(r, r->a, &wqe, EFA_IO_UNREACHABLE);
	r->efa->ah[r->ah].used = false;
	rig_do(r, r->a, &wqe, EFA_IO_BAD_AH);
}

static void local_case(struct rig *r, uint32_t key, uint64_t addr, uint32_t len,
		       enum efa_io_status read, enum efa_io_status write)
{
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_READ, r->b, len);

	wqe.rdma.local.key = key;
	wqe.rdma.local.addr = addr;
	rig_do(r, r->a, &wqe, read);
	wqe.ctrl1 = EFA_IO_OP_WRITE | EFA_IO_CTRL1_META;
	rig_do(r, r->a, &wqe, write);
	wqe = rig_send(r, r->b, len);
	wqe.sge[0].key = key;
	wqe.sge[0].addr = addr;
	if (write == EFA_IO_OK)
		rig_recv(r, r->b, 0, 0, 8000);
	rig_do(r, r->a, &wqe, write);
}

static void test_bad_lkey(void **state)
{
	struct rig *r = *state;
	uint32_t no_write = rig_mr(r, r->src.dma, 0x1000, 4096, REGION_REMOTE_READ, r->pd);
	uint32_t other_pd = rig_mr(r, r->src.dma, 0x1000, 4096, RIG_ALL, rig_pd(r));
	const enum efa_io_status bad = EFA_IO_BAD_LKEY;

	local_case(r, no_write, 0x1000, 64, bad, EFA_IO_OK);
	local_case(r, other_pd, 0x1000, 64, bad, bad);
	local_case(r, 0, 0, 64, bad, bad);
	local_case(r, r->src.key ^ 1, r->src.addr, 64, bad, bad);
	local_case(r, r->src.key, r->src.addr - 1, 64, bad, bad);
	local_case(r, r->src.key, r->src.addr + RIG_BUF - 63, 64, bad, bad);
	local_case(r, r->src.key, UINT64_MAX - 5, 64, bad, bad);
	local_case(r, r->src.key, r->src.addr + RIG_BUF - 64, 64, EFA_IO_OK, EFA_IO_OK);
}

static void remote_case(struct rig *r, uint32_t key, uint64_t addr, uint32_t len,
			enum efa_io_status read, enum efa_io_status write)
{
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_READ, r->b, len);

	wqe.rdma.remote.key = key;
	wqe.rdma.remote.addr = addr;
	rig_do(r, r->a, &wqe, read);
	wqe.ctrl1 = EFA_IO_OP_WRITE | EFA_IO_CTRL1_META;
	rig_do(r, r->a, &wqe, write);
}

static void test_remote_address(void **state)
{
	struct rig *r = *state;
	uint32_t readable = rig_mr(r, r->dst.dma, 0x1000, 4096, REGION_REMOTE_READ, r->pd);
	uint32_t writable = rig_mr(r, r->dst.dma, 0x1000, 4096, REGION_REMOTE_WRITE, r->pd);
	uint32_t other_pd = rig_mr(r, r->dst.dma, 0x1000, 4096, RIG_ALL, rig_pd(r));
	uint16_t mine = r->b->pd;
	const enum efa_io_status bad = EFA_IO_REMOTE_ADDRESS;

	remote_case(r, readable, 0x1000, 64, EFA_IO_OK, bad);
	remote_case(r, writable, 0x1000, 64, bad, EFA_IO_OK);
	remote_case(r, other_pd, 0x1000, 64, bad, bad);
	remote_case(r, r->dst.key | 1u << 24, r->dst.addr, 64, bad, bad);
	remote_case(r, r->dst.key, r->dst.addr + RIG_BUF - 63, 64, bad, bad);
	remote_case(r, r->dst.key, UINT64_MAX, 64, bad, bad);
	rig_check_fill(r, r->dst.dma + 64, 1000, 0);

	/* It is the receiver's PD that counts, not the sender's. */
	r->b->pd = efa_mr_get(r->efa, other_pd)->region.pd;
	remote_case(r, other_pd, 0x1000, 64, EFA_IO_OK, EFA_IO_OK);
	remote_case(r, r->dst.key, r->dst.addr, 64, bad, bad);
	r->b->pd = mine;
	rig_dereg(r, r->dst.key);
	remote_case(r, r->dst.key, r->dst.addr, 64, bad, bad);
}

static void test_lengths(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 10);

	wqe.rdma.remote.len = 11;
	rig_do(r, r->a, &wqe, EFA_IO_BAD_LENGTH);
	wqe.rdma.remote.len = 10;
	wqe.length = 0;				/* no local SGE, but 10 remote bytes */
	rig_do(r, r->a, &wqe, EFA_IO_BAD_LENGTH);
	wqe.length = 2;
	rig_do(r, r->a, &wqe, EFA_IO_BAD_LENGTH);
	wqe = rig_rdma(r, EFA_IO_OP_READ, r->b, EFA_MAX_RDMA + 1);
	rig_do(r, r->a, &wqe, EFA_IO_BAD_LENGTH);

	wqe = rig_send(r, r->b, EFA_MTU + 1);
	rig_do(r, r->a, &wqe, EFA_IO_BAD_LENGTH);
	wqe.sge[0].len = EFA_MTU;
	rig_recv(r, r->b, 1, 0, EFA_MTU);
	rig_do(r, r->a, &wqe, EFA_IO_OK);
	wqe.length = 3;
	rig_do(r, r->a, &wqe, EFA_IO_BAD_LENGTH);
	wqe.length = 2;				/* the sum overflows 32 bits */
	wqe.sge[1].len = 0x80000000;
	wqe.sge[0].len = wqe.sge[1].len;
	rig_do(r, r->a, &wqe, EFA_IO_BAD_LENGTH);
	wqe.ctrl1 |= EFA_IO_CTRL1_INLINE;
	wqe.length = EFA_INLINE + 1;
	rig_do(r, r->a, &wqe, EFA_IO_BAD_LENGTH);
}

static void test_bad_dest(void **state)
{
	struct rig *r = *state;
	static const enum efa_qp_state closed[] = {
		EFA_QP_RESET, EFA_QP_INIT, EFA_QP_ERR,
	};
	static const enum efa_qp_state open[] = {
		EFA_QP_RTR, EFA_QP_RTS, EFA_QP_SQD, EFA_QP_SQE,
	};
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 10);

	for (unsigned int i = 0; i < 3; i++) {
		r->b->state = closed[i];
		rig_do(r, r->a, &wqe, EFA_IO_BAD_DEST_QPN);
	}
	for (unsigned int i = 0; i < 4; i++) {
		r->b->state = open[i];
		rig_do(r, r->a, &wqe, EFA_IO_OK);
	}
	wqe.qkey ^= 1;
	rig_do(r, r->a, &wqe, EFA_IO_BAD_DEST_QPN);
	wqe.qkey ^= 1;
	wqe.dest_qp = rig_qp(r, EFA_QP_UD, r->pd)->id;
	rig_do(r, r->a, &wqe, EFA_IO_BAD_DEST_QPN);
	wqe.dest_qp = 0;
	rig_do(r, r->a, &wqe, EFA_IO_BAD_DEST_QPN);
	wqe.dest_qp = 0xffff;
	rig_do(r, r->a, &wqe, EFA_IO_BAD_DEST_QPN);
}

static void test_recv_too_short(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_send(r, r->b, 101);

	rig_recv(r, r->b, 8, 0, 100);
	rig_do(r, r->a, &wqe, EFA_IO_REMOTE_LENGTH);
	rig_expect(r, r->b->recv_cq, 8, EFA_IO_BAD_LENGTH);
	rig_check_fill(r, r->dst.dma, 101, 0);
}

static void test_recv_bad_key(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_send(r, r->b, 100);
	const struct efa_io_rx rx = {
		r->dst.addr, 9, 100, (r->dst.key ^ 1) | EFA_IO_RX_FIRST | EFA_IO_RX_LAST,
	};

	rig_post_rx(r, r->b, &rx, 1);
	rig_do(r, r->a, &wqe, EFA_IO_REMOTE_ADDRESS);
	rig_expect(r, r->b->recv_cq, 9, EFA_IO_BAD_LKEY);
}

/* ---- refusals by the IOMMU ---- */

static void test_refused_rdma(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe read = rig_rdma(r, EFA_IO_OP_READ, r->b, 9000);
	struct efa_io_wqe write = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 9000);

	fixture_unmap(r->f, r->dst.dma + 8192, 4096);
	rig_do(r, r->a, &read, EFA_IO_REMOTE_ADDRESS);
	rig_do(r, r->a, &write, EFA_IO_REMOTE_ADDRESS);
	assert_int_equal(r->f->nic.stray.count[STRAY_UNMAPPED].reads, 1);
	assert_int_equal(r->f->nic.stray.count[STRAY_UNMAPPED].writes, 1);
	fixture_unmap(r->f, r->src.dma, 4096);
	rig_do(r, r->a, &read, EFA_IO_BAD_LKEY);
	rig_do(r, r->a, &write, EFA_IO_BAD_LKEY);
	assert_int_equal(r->efa->count.reads + r->efa->count.writes, 0);
}

static void test_refused_send(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_send(r, r->b, 100);

	/* The message cannot be read, so it never arrives and the receive stays posted. */
	wqe.sge[0].addr += 4096;
	fixture_unmap(r->f, r->src.dma + 4096, 4096);
	rig_recv(r, r->b, 5, 0, 100);
	rig_do(r, r->a, &wqe, EFA_IO_BAD_LKEY);
	rig_expect_none(r, r->b->recv_cq);
	wqe.sge[0].addr -= 4096;
	rig_do(r, r->a, &wqe, EFA_IO_OK);
	rig_expect(r, r->b->recv_cq, 5, EFA_IO_OK);

	fixture_unmap(r->f, r->dst.dma, 4096);
	rig_recv(r, r->b, 6, 0, 100);
	rig_do(r, r->a, &wqe, EFA_IO_REMOTE_ADDRESS);
	rig_expect(r, r->b->recv_cq, 6, EFA_IO_BAD_LKEY);
}

/* A receive ring that cannot be read puts the receiver into the error state. */
static void test_recv_ring_gone(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_send(r, r->b, 100);

	rig_recv(r, r->b, 5, 0, 100);
	fixture_unmap(r->f, r->b->rq_base, FIXTURE_PAGE);
	rig_do(r, r->a, &wqe, EFA_IO_REMOTE_ABORT);
	assert_int_equal(r->b->state, EFA_QP_ERR);
	rig_expect_none(r, r->b->recv_cq);
	rig_do(r, r->a, &wqe, EFA_IO_BAD_DEST_QPN);
}

/* With the fault, a deregistered key still works: bytes move and count as stray, no error. */
static void test_zombie(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 5000);
	struct efa_mr *mr = efa_mr_get(r->efa, r->dst.key);

	efa_fault(&r->f->nic.fault)->ignore_dereg = true;
	mr->used = false;
	mr->region.gone = true;
	rig_do(r, r->a, &wqe, EFA_IO_OK);
	rig_check(r, r->dst.dma, 5000, 1);
	assert_int_equal(r->f->nic.stray.count[STRAY_DEREGISTERED].bytes, 5000);

	efa_fault(&r->f->nic.fault)->ignore_dereg = false;
	rig_do(r, r->a, &wqe, EFA_IO_REMOTE_ADDRESS);
	assert_int_equal(r->f->nic.stray.count[STRAY_DEREGISTERED].bytes, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(test_unsupported),
		rig_test(test_bad_ah),
		rig_test(test_bad_lkey),
		rig_test(test_remote_address),
		rig_test(test_lengths),
		rig_test(test_bad_dest),
		rig_test(test_recv_too_short),
		rig_test(test_recv_bad_key),
		rig_test(test_refused_rdma),
		rig_test(test_refused_send),
		rig_test(test_recv_ring_gone),
		rig_test(test_zombie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
