// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A queue pair of a ConnectX driven by hand; see rawrc.h. */
#include <endian.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "clock.h"
#include "rawrc.h"
#include "tap.h"

#define TIMEOUT_MS	10000u
#define PAGE		4096u
#define SQ_DOORBELL	0x800u
#define PORT		1u

/* ---- creation ---- */

static void create_cq(struct rawrc_cq *cq, struct ibv_pd *pd, struct ibv_comp_channel *channel)
{
	struct mlx5dv_obj obj = { .cq.out = &cq->at };

	cq->cq = ibv_create_cq(pd->context, RAWRC_CQES - 1, NULL, channel, 0);
	if (!cq->cq)
		tap_die("raw QP", "cannot create its CQ: %s", strerror(errno));
	obj.cq.in = cq->cq;
	if (mlx5dv_init_obj(&obj, MLX5DV_OBJ_CQ) || cq->at.cqe_size != 64)
		tap_die("raw QP", "no CQ of 64-byte entries");
}

static void create_qp(struct rawrc *raw, struct ibv_pd *pd,
		      const struct rawrc_options *options)
{
	struct ibv_qp_init_attr attr = {
		.qp_type = options->type ? options->type : IBV_QPT_RC,
		.send_cq = raw->send.cq,
		.recv_cq = raw->recv.cq,
		.srq = options->srq,
		/* the provider takes each for the longest, of several blocks */
		.cap = { .max_send_wr = RAWRC_BLOCKS / 4, .max_send_sge = 1,
			 .max_recv_wr = options->srq ? 0 : RAWRC_RECVS,
			 .max_recv_sge = options->srq ? 0 : 1 },
	};
	struct mlx5dv_obj obj = { .qp.out = &raw->at };

	raw->qp = ibv_create_qp(pd, &attr);
	if (!raw->qp)
		tap_die("raw QP", "cannot create it: %s", strerror(errno));
	obj.qp.in = raw->qp;
	if (mlx5dv_init_obj(&obj, MLX5DV_OBJ_QP))
		tap_die("raw QP", "the provider does not tell where it is");
	if (raw->at.sq.wqe_cnt < RAWRC_BLOCKS)
		tap_die("raw QP", "its ring has %u blocks", raw->at.sq.wqe_cnt);
}

void rawrc_open(struct rawrc *raw, struct ibv_pd *pd, const struct rawrc_options *options)
{
	memset(raw, 0, sizeof(*raw));
	create_cq(&raw->send, pd, options->channel);
	create_cq(&raw->recv, pd, options->channel);
	create_qp(raw, pd, options);
}

void rawrc_close(struct rawrc *raw)
{
	int err = ibv_destroy_qp(raw->qp);

	if (!err)
		err = ibv_destroy_cq(raw->send.cq);
	if (!err)
		err = ibv_destroy_cq(raw->recv.cq);
	if (err)
		tap_die("raw QP", "cannot be destroyed: %s", strerror(err));
}

/* ---- connection ---- */

static int to_init(struct rawrc *raw, int access)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT, .port_num = PORT,
		.qp_access_flags = (unsigned int)access,
	};

	return ibv_modify_qp(raw->qp, &attr, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
					     IBV_QP_ACCESS_FLAGS);
}

static int to_rtr(struct rawrc *raw, uint32_t number, uint16_t lid)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTR, .path_mtu = IBV_MTU_4096, .dest_qp_num = number,
		.max_dest_rd_atomic = 1, .min_rnr_timer = 12,
		.ah_attr = { .port_num = PORT, .dlid = lid },
	};
	int mask = IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN;

	if (raw->qp->qp_type == IBV_QPT_RC)
		mask |= IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER;
	return ibv_modify_qp(raw->qp, &attr, mask);
}

/* Without a receive a SEND fails soon: it is not retried. */
static int to_rts(struct rawrc *raw)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTS, .timeout = 14, .max_rd_atomic = 1,
	};
	int mask = IBV_QP_STATE | IBV_QP_SQ_PSN;

	if (raw->qp->qp_type == IBV_QPT_RC)
		mask |= IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
			IBV_QP_MAX_QP_RD_ATOMIC;
	return ibv_modify_qp(raw->qp, &attr, mask);
}

void rawrc_connect(struct rawrc *raw, uint32_t number, int access)
{
	struct ibv_port_attr port;
	int err = ibv_query_port(raw->qp->context, PORT, &port);

	if (!err)
		err = to_init(raw, access);
	if (!err)
		err = to_rtr(raw, number, port.lid);
	if (!err)
		err = to_rts(raw);
	if (err)
		tap_die("raw QP", "does not come up: %s", strerror(err));
}

/* ---- requests ---- */

struct rawrc_wqe rawrc_wqe(uint8_t opcode, uint32_t imm)
{
	struct rawrc_wqe wqe = { .size = 16, .units = -1 };
	struct mlx5_wqe_ctrl_seg *ctrl = RAWRC_CTRL(&wqe);

	ctrl->opmod_idx_opcode = htobe32(opcode);
	ctrl->fm_ce_se = MLX5_WQE_CTRL_CQ_UPDATE;
	ctrl->imm = htobe32(imm);
	return wqe;
}

void rawrc_append(struct rawrc_wqe *wqe, const void *segment, unsigned int size)
{
	memcpy(wqe->byte + wqe->size, segment, size);
	wqe->size += (size + 15) / 16 * 16;
}

void rawrc_remote(struct rawrc_wqe *wqe, uint64_t addr, uint32_t rkey)
{
	struct mlx5_wqe_raddr_seg seg = { .raddr = htobe64(addr), .rkey = htobe32(rkey) };

	rawrc_append(wqe, &seg, sizeof(seg));
}

void rawrc_local(struct rawrc_wqe *wqe, uint32_t len, uint32_t lkey, uint64_t addr)
{
	struct mlx5_wqe_data_seg seg = {
		.byte_count = htobe32(len), .lkey = htobe32(lkey), .addr = htobe64(addr),
	};

	rawrc_append(wqe, &seg, sizeof(seg));
}

void rawrc_put_bytes(struct rawrc *raw, const uint8_t *blocks, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		memcpy((uint8_t *)raw->at.sq.buf +
		       (uint16_t)(raw->prod + i) % raw->at.sq.wqe_cnt * MLX5_SEND_WQE_BB,
		       blocks + i * MLX5_SEND_WQE_BB, MLX5_SEND_WQE_BB);
	raw->prod = (uint16_t)(raw->prod + nr);
}

void rawrc_put(struct rawrc *raw, const struct rawrc_wqe *wqe)
{
	uint32_t units = wqe->units < 0 ? wqe->size / 16 : (uint32_t)wqe->units;
	struct rawrc_wqe copy = *wqe;
	struct mlx5_wqe_ctrl_seg *ctrl = RAWRC_CTRL(&copy);

	ctrl->opmod_idx_opcode |= htobe32((uint32_t)raw->prod << 8);
	ctrl->qpn_ds = htobe32(raw->qp->qp_num << 8 | units);
	rawrc_put_bytes(raw, copy.byte, (wqe->size + MLX5_SEND_WQE_BB - 1) / MLX5_SEND_WQE_BB);
}

volatile uint8_t *rawrc_page(const struct rawrc *raw)
{
	return (volatile uint8_t *)((uintptr_t)raw->at.bf.reg & ~(uintptr_t)(PAGE - 1));
}

void rawrc_store(const struct rawrc *raw, uint32_t off, uint32_t first, uint32_t second)
{
	uint64_t value = htobe64((uint64_t)first << 32 | second);

	__builtin_ia32_sfence();
	*(volatile uint64_t *)(rawrc_page(raw) + off) = value;
}

void rawrc_record(const struct rawrc *raw, uint32_t blocks)
{
	__builtin_ia32_sfence();
	*(volatile uint32_t *)&raw->at.dbrec[MLX5_SND_DBR] = htobe32(blocks);
}

void rawrc_ring(struct rawrc *raw)
{
	rawrc_record(raw, raw->prod);
	rawrc_store(raw, SQ_DOORBELL, 0, raw->qp->qp_num << 8);
}

void rawrc_recv(struct rawrc *raw, uint32_t len, uint32_t lkey, uint64_t addr)
{
	uint32_t slot = raw->posted++ % raw->at.rq.wqe_cnt;
	struct rawrc_wqe wqe = { .size = 0 };

	rawrc_local(&wqe, len, lkey, addr);
	if (raw->at.rq.stride > wqe.size)
		rawrc_local(&wqe, 0, MLX5_INVALID_LKEY, 0);	/* the list ends here */
	memcpy((uint8_t *)raw->at.rq.buf + slot * raw->at.rq.stride, wqe.byte, wqe.size);
	__builtin_ia32_sfence();
	*(volatile uint32_t *)&raw->at.dbrec[MLX5_RCV_DBR] = htobe32(raw->posted);
}

/* ---- completions ---- */

static int status_of(uint8_t syndrome)
{
	static const int status[] = {
		[MLX5_CQE_SYNDROME_LOCAL_LENGTH_ERR] = IBV_WC_LOC_LEN_ERR,
		[MLX5_CQE_SYNDROME_LOCAL_QP_OP_ERR] = IBV_WC_LOC_QP_OP_ERR,
		[MLX5_CQE_SYNDROME_LOCAL_PROT_ERR] = IBV_WC_LOC_PROT_ERR,
		[MLX5_CQE_SYNDROME_WR_FLUSH_ERR] = IBV_WC_WR_FLUSH_ERR,
		[MLX5_CQE_SYNDROME_MW_BIND_ERR] = IBV_WC_MW_BIND_ERR,
		[MLX5_CQE_SYNDROME_BAD_RESP_ERR] = IBV_WC_BAD_RESP_ERR,
		[MLX5_CQE_SYNDROME_LOCAL_ACCESS_ERR] = IBV_WC_LOC_ACCESS_ERR,
		[MLX5_CQE_SYNDROME_REMOTE_INVAL_REQ_ERR] = IBV_WC_REM_INV_REQ_ERR,
		[MLX5_CQE_SYNDROME_REMOTE_ACCESS_ERR] = IBV_WC_REM_ACCESS_ERR,
		[MLX5_CQE_SYNDROME_REMOTE_OP_ERR] = IBV_WC_REM_OP_ERR,
		[MLX5_CQE_SYNDROME_TRANSPORT_RETRY_EXC_ERR] = IBV_WC_RETRY_EXC_ERR,
		[MLX5_CQE_SYNDROME_RNR_RETRY_EXC_ERR] = IBV_WC_RNR_RETRY_EXC_ERR,
	};

	return syndrome < sizeof(status) / sizeof(*status) && status[syndrome] ?
	       status[syndrome] : -1;
}

static void read_entry(const struct mlx5_cqe64 *cqe, struct rawrc_done *done)
{
	uint8_t opcode = cqe->op_own >> 4;

	done->counter = be16toh(cqe->wqe_counter);
	done->bytes = be32toh(cqe->byte_cnt);
	if (opcode == MLX5_CQE_REQ_ERR || opcode == MLX5_CQE_RESP_ERR)
		done->status = status_of(((const struct mlx5_err_cqe *)cqe)->syndrome);
	else
		done->status = opcode <= MLX5_CQE_RESP_SEND_INV ? IBV_WC_SUCCESS : -1;
}

static bool take(struct rawrc_cq *cq, struct rawrc_done *done, unsigned int timeout_ms)
{
	const struct mlx5_cqe64 *cqe = (const struct mlx5_cqe64 *)cq->at.buf +
				       cq->seen % cq->at.cqe_cnt;
	const volatile uint8_t *owner = &cqe->op_own;
	uint8_t round = cq->seen / cq->at.cqe_cnt & 1;
	uint64_t end = now_us() + timeout_ms * 1000ull;

	while ((*owner & MLX5_CQE_OWNER_MASK) != round || *owner >> 4 == MLX5_CQE_INVALID) {
		if (now_us() > end)
			return false;
		sleep_us(20);
	}
	atomic_thread_fence(memory_order_acquire);
	read_entry(cqe, done);
	cq->seen++;
	*(volatile uint32_t *)&cq->at.dbrec[0] = htobe32(cq->seen & 0xffffff);
	return true;
}

bool rawrc_sent(struct rawrc *raw, struct rawrc_done *done, unsigned int timeout_ms)
{
	return take(&raw->send, done, timeout_ms);
}

bool rawrc_received(struct rawrc *raw, struct rawrc_done *done, unsigned int timeout_ms)
{
	return take(&raw->recv, done, timeout_ms);
}

int rawrc_one(struct rawrc *raw, const struct rawrc_wqe *wqe)
{
	struct rawrc_done done;

	rawrc_put(raw, wqe);
	rawrc_ring(raw);
	return rawrc_sent(raw, &done, TIMEOUT_MS) ? done.status : -1;
}
