// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Wrong work requests, one at a time: each starts as a correct one, is changed in one
 * respect, and must complete with the status that names its fault. The table also has
 * correct requests, so that a NIC that refuses everything does not pass.
 */
#include <string.h>

#include "hostile.h"
#include "lib/tap.h"

#define BYTES 64u	/* of the correct request */

/* The local and the remote data segment. */
#define LOCAL (wqe->rdma.local)
#define REMOTE (wqe->rdma.remote)

typedef void (*change_fn)(const struct hostile *h, struct efa_io_wqe *wqe);

struct efa_io_wqe hostile_good_wqe(const struct hostile *h)
{
	return (struct efa_io_wqe){
		.req_id = 1,
		.ctrl1 = EFA_IO_CTRL1_META | (h->can_write ? EFA_IO_OP_WRITE : EFA_IO_OP_READ),
		.ctrl2 = EFA_IO_CTRL2_ALWAYS,
		.dest_qp = (uint16_t)h->peer.qp->qp_num,
		.length = 1,
		.ah = h->ahn,
		.qkey = RAWQP_QKEY,
		.rdma = {
			.remote = { BYTES, h->remote_mr->rkey, (uintptr_t)h->remote },
			.local = { BYTES, h->local_mr->lkey, (uintptr_t)h->local },
		},
	};
}

static void set_op(struct efa_io_wqe *wqe, uint8_t op)
{
	wqe->ctrl1 = (uint8_t)((wqe->ctrl1 & ~EFA_IO_CTRL1_OP_MASK) | op);
}

static void set_len(struct efa_io_wqe *wqe, uint32_t len)
{
	LOCAL.len = len;
	REMOTE.len = len;
}

/* The SEND that corresponds to the correct request. */
static void make_send(const struct hostile *h, struct efa_io_wqe *wqe)
{
	set_op(wqe, EFA_IO_OP_SEND);
	memset(wqe->sge, 0, sizeof(wqe->sge));
	wqe->sge[0] = (struct efa_io_sge){ BYTES, h->local_mr->lkey, (uintptr_t)h->local };
}

#define CHANGE(name) \
	static void name(const struct hostile *h __attribute__((unused)), struct efa_io_wqe *wqe)

CHANGE(nothing) { (void)wqe; }
CHANGE(read_op) { set_op(wqe, EFA_IO_OP_READ); }
CHANGE(write_op) { set_op(wqe, EFA_IO_OP_WRITE); }
CHANGE(no_bytes) { set_len(wqe, 0); }

/* keys */
CHANGE(lkey_unknown) { LOCAL.key = 0xabcdef; }
CHANGE(lkey_stale) { LOCAL.key = h->stale_key; }
CHANGE(lkey_other_pd) { LOCAL.key = h->other_mr->lkey; LOCAL.addr = (uintptr_t)h->remote; }
CHANGE(lkey_other_process) { LOCAL.key = h->foreign_key; LOCAL.addr = h->foreign_addr; }
CHANGE(rkey_unknown) { REMOTE.key = 0xabcdef; }
CHANGE(rkey_zero) { REMOTE.key = 0; }
CHANGE(rkey_high_bits) { REMOTE.key |= 0x55000000; }
CHANGE(rkey_stale) { REMOTE.key = h->stale_key; }
CHANGE(rkey_other_pd) { REMOTE.key = h->other_mr->rkey; }
CHANGE(rkey_other_process) { REMOTE.key = h->foreign_key; REMOTE.addr = h->foreign_addr; }

/* bounds */
CHANGE(remote_past_end) { REMOTE.addr += HOSTILE_MEM - BYTES + 1; }
CHANGE(remote_before) { REMOTE.addr -= 1; }
CHANGE(remote_wraps) { REMOTE.addr = UINT64_MAX - BYTES / 2; }
CHANGE(remote_null) { REMOTE.addr = 0; }
CHANGE(local_past_end) { LOCAL.addr += HOSTILE_MEM - BYTES + 1; }
CHANGE(local_before) { LOCAL.addr -= 1; }
CHANGE(local_wraps) { LOCAL.addr = UINT64_MAX - BYTES / 2; }

/* access */
CHANGE(write_to_read_only) { REMOTE.key = h->read_only_mr->rkey; write_op(h, wqe); }
CHANGE(read_without_right) { REMOTE.key = h->read_only_mr->rkey; read_op(h, wqe); }

CHANGE(read_into_read_only)
{
	LOCAL.key = h->read_only_mr->lkey;
	LOCAL.addr = (uintptr_t)h->remote;
	read_op(h, wqe);
}

/* lengths */
CHANGE(len_4g) { set_len(wqe, UINT32_MAX); }
CHANGE(len_past_max) { set_len(wqe, (1u << 30) + 1); }
CHANGE(len_max) { set_len(wqe, 1u << 30); }
CHANGE(len_differs) { LOCAL.len = BYTES / 2; }
CHANGE(sges_two) { wqe->length = 2; }
CHANGE(sges_many) { wqe->length = UINT16_MAX; }
CHANGE(sges_none) { wqe->length = 0; }

/* address */
CHANGE(ah_unknown) { wqe->ah = UINT16_MAX; }
CHANGE(ah_zero) { wqe->ah = 0; }
CHANGE(ah_other_pd) { wqe->ah = h->other_ahn; }
CHANGE(qpn_unknown) { wqe->dest_qp = UINT16_MAX; }
CHANGE(qpn_zero) { wqe->dest_qp = 0; }
CHANGE(qkey_wrong) { wqe->qkey ^= 1; }

/* control bits */
CHANGE(op_three) { set_op(wqe, 3); }
CHANGE(op_fifteen) { set_op(wqe, 15); }
CHANGE(no_meta) { wqe->ctrl1 &= (uint8_t)~EFA_IO_CTRL1_META; }
CHANGE(extension) { wqe->ctrl1 |= EFA_IO_CTRL1_EXTENSION; }
CHANGE(no_first) { wqe->ctrl2 &= (uint8_t)~EFA_IO_CTRL2_FIRST; }
CHANGE(no_completion) { wqe->ctrl2 &= (uint8_t)~EFA_IO_CTRL2_COMP_REQ; }
CHANGE(read_imm) { read_op(h, wqe); wqe->ctrl1 |= EFA_IO_CTRL1_IMM; }
CHANGE(write_inline) { write_op(h, wqe); wqe->ctrl1 |= EFA_IO_CTRL1_INLINE; }

/* SEND; the peer has no receive buffer, and with rnr_retry 0 that is an error at once */
CHANGE(send_no_buffer) { make_send(h, wqe); }
CHANGE(send_long) { make_send(h, wqe); wqe->sge[0].len = HOSTILE_MEM; }
CHANGE(send_three) { make_send(h, wqe); wqe->length = 3; }

CHANGE(send_second_bad)
{
	make_send(h, wqe);
	wqe->length = 2;
	wqe->sge[1] = (struct efa_io_sge){ BYTES, 0xabcdef, (uintptr_t)h->local };
}

CHANGE(send_inline_long)
{
	make_send(h, wqe);
	wqe->ctrl1 |= EFA_IO_CTRL1_INLINE;
	wqe->length = 33;
}

static const struct {
	const char *name;
	change_fn change;
	enum efa_io_status expect;
} cases[] = {
	{ "a correct request", nothing, EFA_IO_OK },
	{ "a correct READ", read_op, EFA_IO_OK },
	{ "no bytes at all", no_bytes, EFA_IO_OK },
	{ "unknown lkey", lkey_unknown, EFA_IO_BAD_LKEY },
	{ "lkey of a deregistered MR", lkey_stale, EFA_IO_BAD_LKEY },
	{ "lkey of another PD", lkey_other_pd, EFA_IO_BAD_LKEY },
	{ "lkey of another process", lkey_other_process, EFA_IO_BAD_LKEY },
	{ "unknown rkey", rkey_unknown, EFA_IO_REMOTE_ADDRESS },
	{ "rkey 0", rkey_zero, EFA_IO_REMOTE_ADDRESS },
	{ "rkey with bits above 24", rkey_high_bits, EFA_IO_REMOTE_ADDRESS },
	{ "rkey of a deregistered MR", rkey_stale, EFA_IO_REMOTE_ADDRESS },
	{ "rkey of another PD", rkey_other_pd, EFA_IO_REMOTE_ADDRESS },
	{ "rkey of another process", rkey_other_process, EFA_IO_REMOTE_ADDRESS },
	{ "remote range one byte past the end", remote_past_end, EFA_IO_REMOTE_ADDRESS },
	{ "remote range one byte before the start", remote_before, EFA_IO_REMOTE_ADDRESS },
	{ "remote range that wraps around", remote_wraps, EFA_IO_REMOTE_ADDRESS },
	{ "remote address 0", remote_null, EFA_IO_REMOTE_ADDRESS },
	{ "local range one byte past the end", local_past_end, EFA_IO_BAD_LKEY },
	{ "local range one byte before the start", local_before, EFA_IO_BAD_LKEY },
	{ "local range that wraps around", local_wraps, EFA_IO_BAD_LKEY },
	{ "WRITE without remote write access", write_to_read_only, EFA_IO_REMOTE_ADDRESS },
	{ "READ without remote read access", read_without_right, EFA_IO_REMOTE_ADDRESS },
	{ "READ without local write access", read_into_read_only, EFA_IO_BAD_LKEY },
	{ "4 GiB less one byte", len_4g, EFA_IO_BAD_LENGTH },
	{ "one byte above the longest", len_past_max, EFA_IO_BAD_LENGTH },
	{ "the longest, but outside the MR", len_max, EFA_IO_BAD_LKEY },
	{ "two lengths that differ", len_differs, EFA_IO_BAD_LENGTH },
	{ "two local segments for RDMA", sges_two, EFA_IO_BAD_LENGTH },
	{ "65,535 local segments", sges_many, EFA_IO_BAD_LENGTH },
	{ "no local segment", sges_none, EFA_IO_BAD_LENGTH },
	{ "unknown address handle", ah_unknown, EFA_IO_BAD_AH },
	{ "address handle 0", ah_zero, EFA_IO_BAD_AH },
	{ "address handle of another PD", ah_other_pd, EFA_IO_BAD_AH },
	{ "unknown QP number", qpn_unknown, EFA_IO_BAD_DEST_QPN },
	{ "QP number 0", qpn_zero, EFA_IO_BAD_DEST_QPN },
	{ "wrong qkey", qkey_wrong, EFA_IO_BAD_DEST_QPN },
	{ "operation 3", op_three, EFA_IO_UNSUPPORTED_OP },
	{ "operation 15", op_fifteen, EFA_IO_UNSUPPORTED_OP },
	{ "not a meta descriptor", no_meta, EFA_IO_UNSUPPORTED_OP },
	{ "extended meta descriptor", extension, EFA_IO_UNSUPPORTED_OP },
	{ "not a first descriptor", no_first, EFA_IO_UNSUPPORTED_OP },
	{ "no completion wanted", no_completion, EFA_IO_UNSUPPORTED_OP },
	{ "READ with immediate data", read_imm, EFA_IO_UNSUPPORTED_OP },
	{ "inline WRITE", write_inline, EFA_IO_UNSUPPORTED_OP },
	{ "SEND without a receive buffer", send_no_buffer, EFA_IO_RNR },
	{ "SEND longer than the MTU", send_long, EFA_IO_BAD_LENGTH },
	{ "SEND of three segments", send_three, EFA_IO_BAD_LENGTH },
	{ "SEND with a bad second segment", send_second_bad, EFA_IO_BAD_LKEY },
	{ "inline SEND of 33 bytes", send_inline_long, EFA_IO_BAD_LENGTH },
	{ "a correct request after all that", nothing, EFA_IO_OK },
};

void hostile_cases(struct hostile *h)
{
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct efa_io_wqe wqe = hostile_good_wqe(h);
		int status;

		cases[i].change(h, &wqe);
		status = rawqp_one(&h->raw, &wqe);
		tap_check(status == (int)cases[i].expect, cases[i].name,
			  "status %d instead of %d", status, cases[i].expect);
	}
}
