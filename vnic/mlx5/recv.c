// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The receiver's side of a SEND, and of a WRITE with immediate data. Receives are posted
 * without a doorbell. One is consumed only when the whole message has arrived; on a connected
 * transport no other message can come in between. A receive that cannot be used fails its
 * queue pair, and the sender learns of that.
 */
#include "work.h"

#define RECV_MAX 512u	/* bytes of a receive request */

static struct mlx5_completed completion(const struct mlx5_qp *to, const struct mlx5_run *run)
{
	return (struct mlx5_completed){
		.counter = to->rq_cons & (to->rq_size - 1u),
		.imm = mlx5_get32(run->wqe + WQE_IMMEDIATE),
		.solicited = run->wqe[WQE_FLAGS] & WQE_SOLICITED,
	};
}

static enum mlx5_syndrome fail(struct mlx5 *mlx5, struct mlx5_qp *to,
			       const struct mlx5_run *run, enum mlx5_syndrome receiver,
			       enum mlx5_syndrome sender)
{
	struct mlx5_completed completed = completion(to, run);

	completed.kind = CQE_RESPONDER_ERROR;
	completed.syndrome = receiver;
	mlx5_complete(mlx5, to, &completed);
	to->rq_cons++;
	mlx5_qp_fail(mlx5, to);
	return sender;
}

static void finish(struct mlx5 *mlx5, struct mlx5_qp *to, const struct mlx5_run *run,
		   enum mlx5_completion kind, uint32_t source)
{
	struct mlx5_completed completed = completion(to, run);

	completed.kind = kind;
	completed.bytes = (uint32_t)run->done;
	completed.source = source;
	mlx5_complete(mlx5, to, &completed);
	to->rq_cons++;
}

/* The data segments of the receive at the head. */
static enum mlx5_syndrome head(struct mlx5 *mlx5, const struct mlx5_qp *to,
			       struct mlx5_list *list)
{
	uint32_t size = to->rq_bytes / to->rq_size;
	uint64_t off = (to->rq_cons & (to->rq_size - 1u)) * (uint64_t)size;
	uint8_t wqe[RECV_MAX];

	for (uint32_t at = 0; at < size; at += SGE_SIZE)
		if (nic_dma_read(mlx5->nic, mlx5_ring_dma(&to->ring, off + at), wqe + at,
				 SGE_SIZE, 0))
			return SYNDROME_LOCAL_QP;
	return mlx5_list_read(mlx5, to, wqe, wqe + size, REGION_LOCAL_WRITE, list);
}

/* On a datagram's way nobody is told that it is lost. */
static enum mlx5_syndrome too_long(struct mlx5 *mlx5, struct mlx5_qp *to,
				   const struct mlx5_run *run)
{
	if (to->service == SERVICE_UD)
		return SYNDROME_REMOTE_INVALID;
	return fail(mlx5, to, run, SYNDROME_LOCAL_LENGTH, SYNDROME_REMOTE_INVALID);
}

/* Where a datagram comes from, for its completion. */
static uint32_t source_of(const struct mlx5 *mlx5, const struct mlx5_qp *from)
{
	uint32_t has_grh = mlx5_get32(from->run.wqe + WQE_AV_GRH) & AV_GRH ? 1u << 28 : 0;

	return from->service == SERVICE_UD ? has_grh | (uint32_t)(from - mlx5->qp) : 0;
}

enum mlx5_syndrome mlx5_recv_send(struct mlx5 *mlx5, struct mlx5_qp *to, struct mlx5_qp *from,
				  const struct mlx5_work *work)
{
	bool datagram = to->service == SERVICE_UD;
	struct mlx5_list list = { .nr = 0 };
	struct mlx5_run *run = &from->run;
	enum mlx5_syndrome syndrome;
	struct copy_result moved;

	if (!mlx5_recvs_waiting(mlx5, to))
		return SYNDROME_RNR_RETRIES;
	syndrome = head(mlx5, to, &list);
	if (syndrome)
		return fail(mlx5, to, run, syndrome, SYNDROME_REMOTE_OPERATION);
	if (list.len < work->local.len)
		return too_long(mlx5, to, run);
	moved = verbs_copy(mlx5->nic, list.seg, list.nr, work->local.seg, work->local.nr,
			   run->done, datagram ? (uint32_t)work->local.len :
						 mlx5->nic->config.slice);
	run->done += moved.moved;
	if (moved.src_fault)
		return SYNDROME_LOCAL_PROTECTION;
	if (moved.dst_fault)
		return fail(mlx5, to, run, SYNDROME_LOCAL_PROTECTION, SYNDROME_REMOTE_OPERATION);
	if (run->done == work->local.len)
		finish(mlx5, to, run, work->op == WR_SEND ? CQE_RECV_SEND : CQE_RECV_SEND_IMM,
		       source_of(mlx5, from));
	return SYNDROME_OK;
}

enum mlx5_syndrome mlx5_recv_imm(struct mlx5 *mlx5, struct mlx5_qp *to,
				 const struct mlx5_run *run)
{
	if (!mlx5_recvs_waiting(mlx5, to))
		return SYNDROME_RNR_RETRIES;
	finish(mlx5, to, run, CQE_RECV_WRITE_IMM, 0);
	return SYNDROME_OK;
}
