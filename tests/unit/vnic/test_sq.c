// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* wqe.c, sq.c, inbound.c: every operation, every status, and doorbells that lie. */
#include <string.h>

#include "rig.h"

/* ---- operations ---- */

static void test_write(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 10000);

	wqe.rdma.remote.addr += 33;
	fixture_fill(r->f, r->dst.dma, 0xee, RIG_BUF);
	rig_do(r, r->a, &wqe, EFA_IO_OK);
	rig_check(r, r->dst.dma + 33, 10000, 1);
	rig_check_fill(r, r->dst.dma, 33, 0xee);
	rig_check_fill(r, r->dst.dma + 10033, 1000, 0xee);
	rig_expect_none(r, r->b->recv_cq);
	assert_int_equal(r->efa->count.writes, 1);
	assert_int_equal(r->efa->count.write_bytes, 10000);
}

static void test_read(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_READ, r->b, 10000);

	rig_pattern(r, r->dst.dma, RIG_BUF, 2);
	rig_do(r, r->a, &wqe, EFA_IO_OK);
	rig_check(r, r->src.dma, 10000, 2);
	assert_int_equal(r->efa->count.reads, 1);
	assert_int_equal(r->efa->count.read_bytes, 10000);
}

static void test_send(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_send(r, r->b, 5000);
	struct efa_io_cqe cqe;

	wqe.length = 2;
	wqe.sge[1] = (struct efa_io_sge){ 1000, r->src.key | 0xff000000, r->src.addr + 5000 };
	rig_recv(r, r->b, 77, 10, 8000);
	rig_do(r, r->a, &wqe, EFA_IO_OK);
	cqe = rig_expect(r, r->b->recv_cq, 77, EFA_IO_OK);
	assert_int_equal(cqe.len, 6000);
	assert_int_equal(cqe.qp, r->b->id);
	assert_int_equal(cqe.src_qp, r->a->id);
	assert_int_equal(cqe.ah, r->ah);
	assert_int_equal(cqe.flags, EFA_IO_CQE_RECV | EFA_IO_CQE_PHASE);
	rig_check(r, r->dst.dma + 10, 6000, 1);
	assert_int_equal(r->efa->count.sends, 1);
	assert_int_equal(r->efa->count.recvs, 1);
	assert_int_equal(r->efa->count.recv_bytes, 6000);
}

static void test_send_imm(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_send(r, r->b, 4);
	struct efa_io_cqe cqe;

	wqe.ctrl1 |= EFA_IO_CTRL1_IMM;
	wqe.imm = 0x01020304;
	rig_recv(r, r->b, 1, 0, 4);
	rig_do(r, r->a, &wqe, EFA_IO_OK);
	cqe = rig_expect(r, r->b->recv_cq, 1, EFA_IO_OK);
	assert_int_equal(cqe.imm, 0x01020304);
	assert_true(cqe.flags & EFA_IO_CQE_IMM);
}

static void test_inline(void **state)
{
	struct rig *r = *state;
	uint8_t got[EFA_INLINE];

	for (uint16_t len = 0; len <= EFA_INLINE; len++) {
		struct efa_io_wqe wqe = rig_send(r, r->b, 0);

		wqe.ctrl1 |= EFA_IO_CTRL1_INLINE;
		wqe.length = len;
		memset(wqe.inline_data, 0x40 + len, len);
		fixture_fill(r->f, r->dst.dma, 0xee, 64);
		rig_recv(r, r->b, len, 0, EFA_INLINE);
		rig_do(r, r->a, &wqe, EFA_IO_OK);
		assert_int_equal(rig_expect(r, r->b->recv_cq, len, EFA_IO_OK).len, len);
		fixture_get(r->f, r->dst.dma, got, len);
		assert_memory_equal(got, wqe.inline_data, len);
		rig_check_fill(r, r->dst.dma + len, 64 - len, 0xee);
	}
}

static void test_scatter(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_send(r, r->b, 600);
	const struct efa_io_rx rx[] = {
		{ r->dst.addr, 5, 100, r->dst.key | EFA_IO_RX_FIRST },
		{ r->dst.addr + 100, 0, 0, r->dst.key },
		{ r->dst.addr + 100, 0, 3, r->dst.key },
		{ r->dst.addr + 103, 0, 9000, r->dst.key | EFA_IO_RX_LAST },
	};

	rig_post_rx(r, r->b, rx, 4);
	rig_do(r, r->a, &wqe, EFA_IO_OK);
	assert_int_equal(rig_expect(r, r->b->recv_cq, 5, EFA_IO_OK).len, 600);
	rig_check(r, r->dst.dma, 600, 1);
	rig_check_fill(r, r->dst.dma + 600, 1000, 0);
}

/* Nothing is moved, so no key is asked for; receives are used up all the same. */
static void test_zero_length(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe;

	for (uint16_t sges = 0; sges < 2; sges++) {
		for (int op = EFA_IO_OP_READ; op <= EFA_IO_OP_WRITE; op++) {
			wqe = rig_rdma(r, op, r->b, 0);
			wqe.length = sges;
			wqe.rdma.local.key = wqe.rdma.remote.key = 0;
			rig_do(r, r->a, &wqe, EFA_IO_OK);
		}
		wqe = rig_send(r, r->b, 0);
		wqe.length = sges;
		wqe.sge[0].key = 0;
		rig_recv(r, r->b, 3, 0, 0);
		rig_do(r, r->a, &wqe, EFA_IO_OK);
		assert_int_equal(rig_expect(r, r->b->recv_cq, 3, EFA_IO_OK).len, 0);
	}
}

static void test_write_imm(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, RIG_BUF);
	struct efa_io_cqe cqe;

	wqe.ctrl1 |= EFA_IO_CTRL1_IMM;
	wqe.imm = 0xfeedface;
	rig_recv(r, r->b, 12, 0, 0);		/* its size does not matter */
	rig_do(r, r->a, &wqe, EFA_IO_OK);
	cqe = rig_expect(r, r->b->recv_cq, 12, EFA_IO_OK);
	assert_int_equal(cqe.len | cqe.len_hi << 16, RIG_BUF);
	assert_int_equal(cqe.imm, 0xfeedface);
	assert_int_equal(cqe.flags, EFA_IO_CQE_PHASE | EFA_IO_CQE_RECV | EFA_IO_CQE_IMM |
			 EFA_IO_OP_WRITE << EFA_IO_CQE_OP_SHIFT);
	assert_int_equal(r->b->rq_cons, 1);
	rig_check(r, r->dst.dma, RIG_BUF, 1);
}

static void test_write_imm_unsolicited(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 100);
	struct efa_io_cqe cqe;

	r->b->unsolicited_write = true;
	wqe.ctrl1 |= EFA_IO_CTRL1_IMM;
	rig_recv(r, r->b, 12, 0, 0);
	rig_do(r, r->a, &wqe, EFA_IO_OK);
	cqe = rig_expect(r, r->b->recv_cq, 0, EFA_IO_OK);
	assert_true(cqe.flags & EFA_IO_CQE_UNSOLICITED);
	assert_int_equal(cqe.len, 100);
	assert_int_equal(r->b->rq_cons, 0);	/* the receive is still posted */
}

static void test_to_itself(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_send(r, r->a, 50);

	rig_recv(r, r->a, 1, 0, 50);
	rig_do(r, r->a, &wqe, EFA_IO_OK);
	rig_expect(r, r->a->recv_cq, 1, EFA_IO_OK);
}

/* ---- UD ---- */

struct ud {
	struct efa_qp *a, *b;
};

static struct ud make_ud(struct rig *r)
{
	return (struct ud){ rig_qp(r, EFA_QP_UD, r->pd), rig_qp(r, EFA_QP_UD, r->pd) };
}

/* 40 bytes in front of the data are left alone, and belong to the length. */
static void test_ud_send(void **state)
{
	struct rig *r = *state;
	struct ud ud = make_ud(r);
	struct efa_io_wqe wqe = rig_send(r, ud.b, 500);

	fixture_fill(r->f, r->dst.dma, 0xee, 1000);
	rig_recv(r, ud.b, 4, 0, 540);
	rig_do(r, ud.a, &wqe, EFA_IO_OK);
	assert_int_equal(rig_expect(r, ud.b->recv_cq, 4, EFA_IO_OK).len, 540);
	rig_check_fill(r, r->dst.dma, 40, 0xee);
	rig_check(r, r->dst.dma + 40, 500, 1);
	rig_check_fill(r, r->dst.dma + 540, 100, 0xee);
	assert_int_equal(r->efa->count.ud_dropped, 0);
}

static void test_ud_header_across(void **state)
{
	struct rig *r = *state;
	struct ud ud = make_ud(r);
	struct efa_io_wqe wqe = rig_send(r, ud.b, 100);
	const struct efa_io_rx rx[] = {
		{ r->dst.addr, 5, 30, r->dst.key | EFA_IO_RX_FIRST },
		{ r->dst.addr + 500, 0, 110, r->dst.key | EFA_IO_RX_LAST },
	};

	rig_post_rx(r, ud.b, rx, 2);
	rig_do(r, ud.a, &wqe, EFA_IO_OK);
	assert_int_equal(rig_expect(r, ud.b->recv_cq, 5, EFA_IO_OK).len, 140);
	rig_check(r, r->dst.dma + 510, 100, 1);
}

/* What happens to a datagram on its way is not the sender's to know. */
static void test_ud_drops(void **state)
{
	struct rig *r = *state;
	struct ud ud = make_ud(r);
	struct efa_io_wqe wqe = rig_send(r, ud.b, 500);

	rig_do(r, ud.a, &wqe, EFA_IO_OK);		/* no receive posted */
	assert_int_equal(r->efa->count.ud_dropped, 1);
	assert_int_equal(r->efa->count.rnr_parked, 0);

	wqe.qkey++;
	rig_do(r, ud.a, &wqe, EFA_IO_OK);
	wqe.qkey--;
	wqe.dest_qp = 200;
	rig_do(r, ud.a, &wqe, EFA_IO_OK);
	wqe.dest_qp = r->b->id;				/* SRD */
	rig_do(r, ud.a, &wqe, EFA_IO_OK);
	assert_int_equal(r->efa->count.ud_dropped, 4);

	wqe.dest_qp = ud.b->id;
	rig_recv(r, ud.b, 4, 0, 539);			/* too short */
	rig_do(r, ud.a, &wqe, EFA_IO_OK);
	rig_expect(r, ud.b->recv_cq, 4, EFA_IO_BAD_LENGTH);
	assert_int_equal(r->efa->count.ud_dropped, 5);
	assert_int_equal(r->efa->count.sends, 0);
	rig_expect_none(r, ud.b->recv_cq);
}

static void test_ud_local_errors(void **state)
{
	struct rig *r = *state;
	struct ud ud = make_ud(r);
	struct efa_io_wqe wqe = rig_send(r, ud.b, EFA_MTU + 1);

	rig_do(r, ud.a, &wqe, EFA_IO_BAD_LENGTH);
	wqe = rig_rdma(r, EFA_IO_OP_WRITE, ud.b, 10);
	rig_do(r, ud.a, &wqe, EFA_IO_UNSUPPORTED_OP);
	wqe = rig_send(r, ud.b, 10);
	wqe.sge[0].key = 0;
	rig_do(r, ud.a, &wqe, EFA_IO_BAD_LKEY);
	assert_int_equal(r->efa->count.ud_dropped, 0);
}

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
	assert_int_equal(r->a->state, EFA_QP_RTS);	/* none of it stops the QP */
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
	uint32_t no_write = rig_mr(r, r->src.dma, 0x1000, 4096, EFA_MR_REMOTE_READ, r->pd);
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
	uint32_t readable = rig_mr(r, r->dst.dma, 0x1000, 4096, EFA_MR_REMOTE_READ, r->pd);
	uint32_t writable = rig_mr(r, r->dst.dma, 0x1000, 4096, EFA_MR_REMOTE_WRITE, r->pd);
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
	r->b->pd = efa_mr_get(r->efa, other_pd)->pd;
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
	wqe.length = 0;				/* no local piece, but 10 bytes */
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
	wqe.sge[0].len = wqe.sge[1].len = 0x80000000;
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

	/* The message cannot be read: it never arrives, the receive stays posted. */
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

/* A receive ring that cannot be read is the end of the receiver. */
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

/* The key of a deregistered MR, honoured by the fault: moved, counted, no error. */
static void test_zombie(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 5000);
	struct efa_mr *mr = efa_mr_get(r->efa, r->dst.key);

	r->f->nic.fault.ignore_dereg = true;
	mr->used = false;
	mr->zombie = true;
	rig_do(r, r->a, &wqe, EFA_IO_OK);
	rig_check(r, r->dst.dma, 5000, 1);
	assert_int_equal(r->f->nic.stray.count[STRAY_DEREGISTERED].bytes, 5000);

	r->f->nic.fault.ignore_dereg = false;
	rig_do(r, r->a, &wqe, EFA_IO_REMOTE_ADDRESS);
	assert_int_equal(r->f->nic.stray.count[STRAY_DEREGISTERED].bytes, 5000);
}

/* ---- doorbells ---- */

static void lie(struct rig *r, struct efa_qp *qp, uint32_t ring, uint16_t value)
{
	efa_doorbell_write(r->efa, qp->id * EFA_DB_PAGE + ring, value);
	assert_int_equal(qp->state, EFA_QP_ERR);
}

static void test_sq_overrun(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 10);

	rig_post(r, r->a, &wqe);
	lie(r, r->a, EFA_IO_DB_SQ, RIG_SQ + 1);
	rig_run(r);
	rig_expect(r, r->a->send_cq, wqe.req_id, EFA_IO_FLUSHED);	/* only that one */
	rig_expect_none(r, r->a->send_cq);

	lie(r, r->a, EFA_IO_DB_SQ, RIG_SQ + 2);		/* still refused */
	assert_int_equal(rig_run(r), 0);
}

static void test_sq_backwards(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 10);

	rig_do(r, r->a, &wqe, EFA_IO_OK);
	rig_post(r, r->a, &wqe);
	rig_post(r, r->a, &wqe);
	lie(r, r->a, EFA_IO_DB_SQ, 2);			/* takes one back */
	rig_run(r);
	rig_expect(r, r->a->send_cq, wqe.req_id, EFA_IO_FLUSHED);
	rig_expect(r, r->a->send_cq, wqe.req_id, EFA_IO_FLUSHED);
}

static void test_rq_overrun(void **state)
{
	struct rig *r = *state;

	rig_recv(r, r->b, 31, 0, 10);
	lie(r, r->b, EFA_IO_DB_RQ, RIG_RQ + 1);
	rig_run(r);
	rig_expect(r, r->b->recv_cq, 31, EFA_IO_FLUSHED);
	rig_expect_none(r, r->b->recv_cq);
}

static void test_no_ring(void **state)
{
	struct rig *r = *state;

	r->a->sq_depth = r->b->rq_depth = 0;
	lie(r, r->a, EFA_IO_DB_SQ, 1);
	lie(r, r->b, EFA_IO_DB_RQ, 1);
	assert_int_equal(rig_run(r), 0);
}

static void test_full_ring(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe;

	for (unsigned int round = 0; round < 1100; round++) {	/* the counter wraps */
		uint16_t first = r->a->sq_prod;

		for (unsigned int i = 0; i < RIG_SQ; i++) {
			wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 1);
			wqe.req_id = (uint16_t)(first + i);
			rig_post(r, r->a, &wqe);
		}
		rig_run(r);
		for (unsigned int i = 0; i < RIG_SQ; i++)
			rig_expect(r, r->a->send_cq, (uint16_t)(first + i), EFA_IO_OK);
	}
	assert_int_equal(r->a->state, EFA_QP_RTS);
}

/* Work that is posted early waits for RTS; in RESET there is no ring to post to. */
static void test_states(void **state)
{
	struct rig *r = *state;
	static const enum efa_qp_state quiet[] = {
		EFA_QP_INIT, EFA_QP_RTR, EFA_QP_SQD, EFA_QP_SQE,
	};
	struct efa_io_wqe wqe = rig_rdma(r, EFA_IO_OP_WRITE, r->b, 10);

	r->a->state = EFA_QP_RESET;
	efa_doorbell_write(r->efa, r->a->id * EFA_DB_PAGE, 1);
	assert_int_equal(r->a->sq_prod, 0);
	r->a->state = EFA_QP_INIT;
	rig_post(r, r->a, &wqe);
	for (unsigned int i = 0; i < 4; i++) {
		r->a->state = quiet[i];
		assert_int_equal(rig_run(r), 0);
	}
	r->a->state = EFA_QP_RTS;
	assert_int_equal(rig_run(r), 1);
	rig_expect(r, r->a->send_cq, wqe.req_id, EFA_IO_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(test_write),
		rig_test(test_read),
		rig_test(test_send),
		rig_test(test_send_imm),
		rig_test(test_inline),
		rig_test(test_scatter),
		rig_test(test_zero_length),
		rig_test(test_write_imm),
		rig_test(test_write_imm_unsolicited),
		rig_test(test_to_itself),
		rig_test(test_ud_send),
		rig_test(test_ud_header_across),
		rig_test(test_ud_drops),
		rig_test(test_ud_local_errors),
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
		rig_test(test_sq_overrun),
		rig_test(test_sq_backwards),
		rig_test(test_rq_overrun),
		rig_test(test_no_ring),
		rig_test(test_full_ring),
		rig_test(test_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
