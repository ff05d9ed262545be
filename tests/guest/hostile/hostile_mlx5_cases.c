// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Wrong work requests on a ConnectX, one at a time and each on a new pair: each starts as a
 * correct one, is changed in one respect, and must complete with the status that names its
 * fault. The table also has correct requests, so that a NIC that refuses everything does not
 * pass.
 */
#include <endian.h>
#include <string.h>

#include "hostile_mlx5.h"

/* The remote and the local data segment of the correct WRITE. */
#define REMOTE RAWRC_REMOTE(wqe)
#define LOCAL RAWRC_LOCAL(wqe)

typedef void (*change_fn)(const struct hostile_mlx5 *h, struct rawrc_wqe *wqe);

static struct rawrc_wqe rdma(const struct hostile_mlx5 *h, uint8_t opcode)
{
	struct rawrc_wqe wqe = rawrc_wqe(opcode, 0);

	rawrc_remote(&wqe, (uintptr_t)h->remote, h->remote_mr->rkey);
	rawrc_local(&wqe, HOSTILE_BYTES, h->local_mr->lkey, (uintptr_t)h->local);
	return wqe;
}

struct rawrc_wqe hostile_good_write(const struct hostile_mlx5 *h)
{
	return rdma(h, MLX5_OPCODE_RDMA_WRITE);
}

struct rawrc_wqe hostile_good_send(const struct hostile_mlx5 *h)
{
	struct rawrc_wqe wqe = rawrc_wqe(MLX5_OPCODE_SEND, 0);

	rawrc_local(&wqe, HOSTILE_BYTES, h->local_mr->lkey, (uintptr_t)h->local);
	return wqe;
}

/* An atomic on the first word of the remote region; the old value goes to the local one. */
static struct rawrc_wqe atomic(const struct hostile_mlx5 *h, uint8_t opcode, uint32_t bytes)
{
	struct mlx5_wqe_atomic_seg seg = { .swap_add = htobe64(1), .compare = htobe64(2) };
	struct rawrc_wqe wqe = rawrc_wqe(opcode, 0);

	rawrc_remote(&wqe, (uintptr_t)h->remote, h->remote_mr->rkey);
	rawrc_append(&wqe, &seg, sizeof(seg));
	rawrc_local(&wqe, bytes, h->local_mr->lkey, (uintptr_t)h->local);
	return wqe;
}

/* @n segments of the first @len bytes of @mr, behind the first @size bytes of the request. */
static void segments(struct rawrc_wqe *wqe, unsigned int size, unsigned int n, uint32_t len,
		     const struct ibv_mr *mr)
{
	wqe->size = size;
	while (n--)
		rawrc_local(wqe, len, mr->lkey, (uintptr_t)mr->addr);
}

/* A segment that says it has @says bytes of inline data; @room follow. */
static void inline_data(struct rawrc_wqe *wqe, uint32_t says, unsigned int room)
{
	uint8_t seg[256] = { 0x80, 0, (uint8_t)(says >> 8), (uint8_t)says };

	wqe->size = 32;
	rawrc_append(wqe, seg, 4 + room);
}

static void set_op(struct rawrc_wqe *wqe, uint8_t opcode)
{
	RAWRC_CTRL(wqe)->opmod_idx_opcode = htobe32(opcode);
}

#define CHANGE(name) \
	static void name(const struct hostile_mlx5 *h __attribute__((unused)), \
			 struct rawrc_wqe *wqe)

CHANGE(read_op) { set_op(wqe, MLX5_OPCODE_RDMA_READ); }
CHANGE(no_segment) { wqe->size = 32; }
CHANGE(nop) { *wqe = rawrc_wqe(MLX5_OPCODE_NOP, 0); }

/* operations */
CHANGE(op_02) { set_op(wqe, 0x02); }
CHANGE(op_lso) { set_op(wqe, MLX5_OPCODE_TSO); }
CHANGE(op_13) { set_op(wqe, 0x13); }
CHANGE(op_masked) { set_op(wqe, MLX5_OPCODE_ATOMIC_MASKED_CS); }
CHANGE(op_fmr) { set_op(wqe, MLX5_OPCODE_FMR); }
CHANGE(op_config) { set_op(wqe, MLX5_OPCODE_CONFIG_CMD); }
CHANGE(op_psv) { set_op(wqe, MLX5_OPCODE_SET_PSV); }
CHANGE(op_mmo) { set_op(wqe, MLX5_OPCODE_MMO); }
CHANGE(op_80) { set_op(wqe, 0x80); }
CHANGE(op_ff) { set_op(wqe, 0xff); }

/* keys */
CHANGE(lkey_0) { LOCAL->lkey = 0; }
CHANGE(lkey_100) { LOCAL->lkey = htobe32(0x100); }
CHANGE(lkey_300) { LOCAL->lkey = htobe32(0x300); }
CHANGE(lkey_ones) { LOCAL->lkey = UINT32_MAX; }
CHANGE(lkey_unknown) { LOCAL->lkey = htobe32(0x3fff00); }
CHANGE(lkey_variant) { LOCAL->lkey ^= htobe32(1); }
CHANGE(lkey_stale) { LOCAL->lkey = htobe32(h->stale_key); LOCAL->addr = REMOTE->raddr; }

CHANGE(lkey_other_pd)
{
	LOCAL->lkey = htobe32(h->other_mr->lkey);
	LOCAL->addr = REMOTE->raddr;
}

CHANGE(lkey_other_process)
{
	LOCAL->lkey = htobe32(h->bystander->key);
	LOCAL->addr = htobe64(h->bystander->addr);
}

CHANGE(rkey_0) { REMOTE->rkey = 0; }
CHANGE(rkey_100) { REMOTE->rkey = htobe32(0x100); }
CHANGE(rkey_300) { REMOTE->rkey = htobe32(0x300); }
CHANGE(rkey_ones) { REMOTE->rkey = UINT32_MAX; }
CHANGE(rkey_unknown) { REMOTE->rkey = htobe32(0x3fff00); }
CHANGE(rkey_variant) { REMOTE->rkey ^= htobe32(1); }
CHANGE(rkey_stale) { REMOTE->rkey = htobe32(h->stale_key); }
CHANGE(rkey_other_pd) { REMOTE->rkey = htobe32(h->other_mr->rkey); }

CHANGE(rkey_other_process)
{
	REMOTE->rkey = htobe32(h->bystander->key);
	REMOTE->raddr = htobe64(h->bystander->addr);
}

CHANGE(read_other_process) { rkey_other_process(h, wqe); read_op(h, wqe); }

/* bounds */
static void move_remote(struct rawrc_wqe *wqe, uint64_t by)
{
	REMOTE->raddr = htobe64(be64toh(REMOTE->raddr) + by);
}

static void move_local(struct rawrc_wqe *wqe, uint64_t by)
{
	LOCAL->addr = htobe64(be64toh(LOCAL->addr) + by);
}

CHANGE(remote_last) { move_remote(wqe, HOSTILE_MEM - HOSTILE_BYTES); }
CHANGE(remote_past_end) { move_remote(wqe, HOSTILE_MEM - HOSTILE_BYTES + 1); }
CHANGE(remote_before) { move_remote(wqe, UINT64_MAX); }
CHANGE(remote_wraps) { REMOTE->raddr = htobe64(UINT64_MAX - HOSTILE_BYTES / 2); }
CHANGE(remote_null) { REMOTE->raddr = 0; }
CHANGE(local_last) { move_local(wqe, HOSTILE_MEM - HOSTILE_BYTES); }
CHANGE(local_past_end) { move_local(wqe, HOSTILE_MEM - HOSTILE_BYTES + 1); }
CHANGE(local_before) { move_local(wqe, UINT64_MAX); }
CHANGE(local_wraps) { LOCAL->addr = htobe64(UINT64_MAX - HOSTILE_BYTES / 2); }

static void at_top(const struct hostile_mlx5 *h, struct rawrc_wqe *wqe, uint64_t below)
{
	REMOTE->rkey = htobe32(h->top_mr->rkey);
	REMOTE->raddr = htobe64(-below);
}

CHANGE(top_last) { at_top(h, wqe, HOSTILE_BYTES); }
CHANGE(top_wraps) { at_top(h, wqe, HOSTILE_BYTES - 1); }
CHANGE(top_zero) { at_top(h, wqe, 0); }
CHANGE(top_before) { at_top(h, wqe, HOSTILE_MEM + 1); }

/* access */
CHANGE(write_to_read_only) { REMOTE->rkey = htobe32(h->read_only_mr->rkey); }
CHANGE(read_without_right) { write_to_read_only(h, wqe); read_op(h, wqe); }

CHANGE(read_into_read_only)
{
	LOCAL->lkey = htobe32(h->read_only_mr->lkey);
	LOCAL->addr = REMOTE->raddr;
	read_op(h, wqe);
}

/* lengths */
CHANGE(len_0) { LOCAL->byte_count = 0; }	/* which stands for 2^31 */
CHANGE(len_inline_bit) { LOCAL->byte_count = htobe32(UINT32_MAX >> 1); }
CHANGE(len_past_max) { segments(wqe, 32, 40, HOSTILE_BIG, h->big_mr); }
CHANGE(units_0) { wqe->units = 0; }
CHANGE(units_1) { wqe->units = 1; }
CHANGE(units_2) { wqe->units = 2; }
CHANGE(units_unposted) { wqe->units = 63; }
CHANGE(units_63) { segments(wqe, 32, RAWRC_UNITS - 2, 1, h->local_mr); }
CHANGE(units_63_short) { units_63(h, wqe); wqe->size -= MLX5_SEND_WQE_BB; wqe->units = 63; }

CHANGE(last_segment_bad)
{
	segments(wqe, 32, RAWRC_UNITS - 3, 1, h->local_mr);
	rawrc_local(wqe, 1, 0xabcdef, (uintptr_t)h->local);
}

CHANGE(second_segment_wraps)
{
	rawrc_local(wqe, HOSTILE_BYTES, h->local_mr->lkey, UINT64_MAX - 1);
}

/* inline data */
CHANGE(inline_outside) { inline_data(wqe, 1023, 12); }
CHANGE(inline_by_one) { inline_data(wqe, 13, 12); }
CHANGE(inline_read) { inline_data(wqe, 12, 12); read_op(h, wqe); }
CHANGE(inline_none) { inline_data(wqe, 0, 12); }

/* atomics */
CHANGE(fetch_add_aside) { *wqe = atomic(h, MLX5_OPCODE_ATOMIC_FA, 8); move_remote(wqe, 4); }
CHANGE(swap_aside) { *wqe = atomic(h, MLX5_OPCODE_ATOMIC_CS, 8); move_remote(wqe, 1); }
CHANGE(atomic_4) { *wqe = atomic(h, MLX5_OPCODE_ATOMIC_FA, 4); }
CHANGE(atomic_7) { *wqe = atomic(h, MLX5_OPCODE_ATOMIC_FA, 7); }
CHANGE(atomic_16) { *wqe = atomic(h, MLX5_OPCODE_ATOMIC_CS, 16); }
CHANGE(atomic_cut) { *wqe = atomic(h, MLX5_OPCODE_ATOMIC_CS, 8); wqe->units = 2; }
CHANGE(atomic_nowhere) { *wqe = atomic(h, MLX5_OPCODE_ATOMIC_FA, 8); wqe->units = 3; }

CHANGE(atomic_past_end)
{
	*wqe = atomic(h, MLX5_OPCODE_ATOMIC_FA, 8);
	move_remote(wqe, HOSTILE_MEM);
}

CHANGE(atomic_without_right)
{
	*wqe = atomic(h, MLX5_OPCODE_ATOMIC_FA, 8);
	REMOTE->rkey = htobe32(h->read_only_mr->rkey);
}

CHANGE(atomic_other_process)
{
	*wqe = atomic(h, MLX5_OPCODE_ATOMIC_FA, 8);
	rkey_other_process(h, wqe);
}

static const struct {
	const char *name;
	change_fn change;
	enum ibv_wc_status expect;
} cases[] = {
	{ "a correct READ", read_op, IBV_WC_SUCCESS },
	{ "a WRITE of no bytes", no_segment, IBV_WC_SUCCESS },
	{ "a NOP", nop, IBV_WC_SUCCESS },
	{ "operation 0x02", op_02, IBV_WC_LOC_QP_OP_ERR },
	{ "a large SEND of Ethernet", op_lso, IBV_WC_LOC_QP_OP_ERR },
	{ "operation 0x13", op_13, IBV_WC_LOC_QP_OP_ERR },
	{ "a masked atomic", op_masked, IBV_WC_LOC_QP_OP_ERR },
	{ "a fast registration of old", op_fmr, IBV_WC_LOC_QP_OP_ERR },
	{ "a configuration command", op_config, IBV_WC_LOC_QP_OP_ERR },
	{ "operation SET_PSV", op_psv, IBV_WC_LOC_QP_OP_ERR },
	{ "operation MMO", op_mmo, IBV_WC_LOC_QP_OP_ERR },
	{ "operation 0x80", op_80, IBV_WC_LOC_QP_OP_ERR },
	{ "operation 0xff", op_ff, IBV_WC_LOC_QP_OP_ERR },
	{ "lkey 0", lkey_0, IBV_WC_LOC_PROT_ERR },
	{ "lkey 0x100, which ends lists of receives", lkey_100, IBV_WC_LOC_PROT_ERR },
	{ "lkey 0x300", lkey_300, IBV_WC_LOC_PROT_ERR },
	{ "lkey of all ones", lkey_ones, IBV_WC_LOC_PROT_ERR },
	{ "unknown lkey", lkey_unknown, IBV_WC_LOC_PROT_ERR },
	{ "lkey with another low byte", lkey_variant, IBV_WC_LOC_PROT_ERR },
	{ "lkey of a deregistered MR", lkey_stale, IBV_WC_LOC_PROT_ERR },
	{ "lkey of another PD", lkey_other_pd, IBV_WC_LOC_PROT_ERR },
	{ "lkey of another process", lkey_other_process, IBV_WC_LOC_PROT_ERR },
	{ "rkey 0", rkey_0, IBV_WC_REM_ACCESS_ERR },
	{ "rkey 0x100", rkey_100, IBV_WC_REM_ACCESS_ERR },
	{ "rkey 0x300", rkey_300, IBV_WC_REM_ACCESS_ERR },
	{ "rkey of all ones", rkey_ones, IBV_WC_REM_ACCESS_ERR },
	{ "unknown rkey", rkey_unknown, IBV_WC_REM_ACCESS_ERR },
	{ "rkey with another low byte", rkey_variant, IBV_WC_REM_ACCESS_ERR },
	{ "rkey of a deregistered MR", rkey_stale, IBV_WC_REM_ACCESS_ERR },
	{ "rkey of another PD", rkey_other_pd, IBV_WC_REM_ACCESS_ERR },
	{ "WRITE with the rkey of another process", rkey_other_process, IBV_WC_REM_ACCESS_ERR },
	{ "READ with the rkey of another process", read_other_process, IBV_WC_REM_ACCESS_ERR },
	{ "the last bytes of the remote region", remote_last, IBV_WC_SUCCESS },
	{ "remote range one byte past the end", remote_past_end, IBV_WC_REM_ACCESS_ERR },
	{ "remote range one byte before the start", remote_before, IBV_WC_REM_ACCESS_ERR },
	{ "remote range that wraps around", remote_wraps, IBV_WC_REM_ACCESS_ERR },
	{ "remote address 0", remote_null, IBV_WC_REM_ACCESS_ERR },
	{ "the last bytes of the local region", local_last, IBV_WC_SUCCESS },
	{ "local range one byte past the end", local_past_end, IBV_WC_LOC_PROT_ERR },
	{ "local range one byte before the start", local_before, IBV_WC_LOC_PROT_ERR },
	{ "local range that wraps around", local_wraps, IBV_WC_LOC_PROT_ERR },
	{ "the last bytes below 2^64", top_last, IBV_WC_SUCCESS },
	{ "one byte past 2^64", top_wraps, IBV_WC_REM_ACCESS_ERR },
	{ "address 0 of a region that ends at 2^64", top_zero, IBV_WC_REM_ACCESS_ERR },
	{ "one byte before a region that ends at 2^64", top_before, IBV_WC_REM_ACCESS_ERR },
	{ "WRITE without remote write access", write_to_read_only, IBV_WC_REM_ACCESS_ERR },
	{ "READ without remote read access", read_without_right, IBV_WC_REM_ACCESS_ERR },
	{ "READ without local write access", read_into_read_only, IBV_WC_LOC_PROT_ERR },
	{ "a length of 0, which is 2 GiB", len_0, IBV_WC_LOC_PROT_ERR },
	{ "a length of 2 GiB less one byte", len_inline_bit, IBV_WC_LOC_PROT_ERR },
	{ "longer than the longest message", len_past_max, IBV_WC_LOC_LEN_ERR },
	{ "a request of 0 units", units_0, IBV_WC_LOC_QP_OP_ERR },
	{ "a request of a control segment only", units_1, IBV_WC_LOC_QP_OP_ERR },
	{ "a WRITE of two units moves nothing", units_2, IBV_WC_SUCCESS },
	{ "63 units, of which one block is posted", units_unposted, IBV_WC_LOC_QP_OP_ERR },
	{ "63 units", units_63, IBV_WC_SUCCESS },
	{ "63 units, of which the last block is not posted", units_63_short,
	  IBV_WC_LOC_QP_OP_ERR },
	{ "63 units whose last segment is bad", last_segment_bad, IBV_WC_LOC_PROT_ERR },
	{ "a second segment that wraps around", second_segment_wraps, IBV_WC_LOC_PROT_ERR },
	{ "1,023 bytes inline that end outside", inline_outside, IBV_WC_LOC_QP_OP_ERR },
	{ "one byte inline too many", inline_by_one, IBV_WC_LOC_QP_OP_ERR },
	{ "a READ into inline data", inline_read, IBV_WC_LOC_QP_OP_ERR },
	{ "no bytes inline", inline_none, IBV_WC_SUCCESS },
	{ "fetch-and-add at 4", fetch_add_aside, IBV_WC_REM_INV_REQ_ERR },
	{ "compare-and-swap at 1", swap_aside, IBV_WC_REM_INV_REQ_ERR },
	{ "an atomic of 4 bytes", atomic_4, IBV_WC_LOC_LEN_ERR },
	{ "an atomic of 7 bytes", atomic_7, IBV_WC_LOC_LEN_ERR },
	{ "an atomic of 16 bytes", atomic_16, IBV_WC_LOC_LEN_ERR },
	{ "an atomic without its operands", atomic_cut, IBV_WC_LOC_QP_OP_ERR },
	{ "an atomic with nowhere to deliver", atomic_nowhere, IBV_WC_LOC_LEN_ERR },
	{ "an atomic behind the region", atomic_past_end, IBV_WC_REM_ACCESS_ERR },
	{ "an atomic without the right", atomic_without_right, IBV_WC_REM_ACCESS_ERR },
	{ "an atomic on another process", atomic_other_process, IBV_WC_REM_ACCESS_ERR },
};

/* What comes behind a request that failed is flushed. */
static int run(struct hostile_mlx5 *h, const struct rawrc_wqe *wqe)
{
	struct rawrc_wqe next = rawrc_wqe(MLX5_OPCODE_NOP, 0);
	int status = rawrc_one(&h->raw, wqe), after = rawrc_one(&h->raw, &next);

	return after == (status ? IBV_WC_WR_FLUSH_ERR : IBV_WC_SUCCESS) ? status : -2;
}

void hostile_mlx5_cases(struct hostile_mlx5 *h)
{
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rawrc_wqe wqe = hostile_good_write(h);

		hostile_pair(h, IBV_QPT_RC, NULL);
		cases[i].change(h, &wqe);
		hostile_verdict(h, cases[i].name, run(h, &wqe), cases[i].expect);
		hostile_unpair(h);
	}
}
