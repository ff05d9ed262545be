// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* wqe.c, sq.c, inbound.c: every operation, with success. */
#include <string.h>

#include "efa_rig.h"

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

/* The receiver learns who sent by the number that its own PD has for the sender's GID. */
static void test_send_source(void **state)
{
	struct rig *r = *state;
	uint16_t pd = rig_pd(r);
	struct efa_qp *to = rig_qp(r, EFA_QP_SRD, pd);
	struct efa_io_wqe wqe = rig_send(r, to, 0);
	uint16_t ah;

	rig_recv(r, to, 1, 0, 0);
	rig_do(r, r->a, &wqe, EFA_IO_OK);
	assert_int_equal(rig_expect(r, to->recv_cq, 1, EFA_IO_OK).ah, EFA_IO_AH_UNKNOWN);
	ah = rig_ah(r, pd);
	assert_int_not_equal(ah, r->ah);
	rig_recv(r, to, 2, 0, 0);
	rig_do(r, r->a, &wqe, EFA_IO_OK);
	assert_int_equal(rig_expect(r, to->recv_cq, 2, EFA_IO_OK).ah, ah);
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

/* No bytes are moved, so no key is needed; receive requests are still consumed. */
static void test_zero_length(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe;

	for (uint16_t sges = 0; sges < 2; sges++) {
		for (int op = EFA_IO_OP_READ; op <= EFA_IO_OP_WRITE; op++) {
			wqe = rig_rdma(r, op, r->b, 0);
			wqe.length = sges;
			wqe.rdma.local.key = 0;
			wqe.rdma.remote.key = 0;
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
	rig_recv(r, r->b, 12, 0, 0);		/* immediate data needs no buffer */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(test_write),
		rig_test(test_read),
		rig_test(test_send),
		rig_test(test_send_source),
		rig_test(test_send_imm),
		rig_test(test_inline),
		rig_test(test_scatter),
		rig_test(test_zero_length),
		rig_test(test_write_imm),
		rig_test(test_write_imm_unsolicited),
		rig_test(test_to_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
