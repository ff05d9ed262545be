// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Datagrams: room for a header before the data, and no error for those that are lost. */
#include "efa_rig.h"

struct ud {
	struct efa_qp *a, *b;
};

static struct ud make_ud(struct rig *r)
{
	return (struct ud){ rig_qp(r, EFA_QP_UD, r->pd), rig_qp(r, EFA_QP_UD, r->pd) };
}

/* The 40 bytes before the data are not written, but count in the length. */
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

/* The sender of a datagram does not learn what happens to it on its way. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(test_ud_send),
		rig_test(test_ud_header_across),
		rig_test(test_ud_drops),
		rig_test(test_ud_local_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
