// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The receiver's side of a SEND, and of a WRITE with immediate data. Receives are posted
 * without a doorbell, in a ring of the queue pair's own or in a shared one. A message takes
 * one when it begins to arrive, and completes it at its end; on a connected transport no
 * other message comes in between. A receive that cannot be used fails its queue pair, and
 * the sender learns of that.
 */
#include "work.h"

#define RECV_MAX 512u	/* bytes of a receive request */

/* An XRC target has neither receives nor memory: both are its SRQ's, which the sender names. */
static bool xrc_target(struct mlx5 *mlx5, const struct mlx5_run *run,
		       struct mlx5_target *target)
{
	uint32_t number = mlx5_get32(run->wqe + WQE_XRC_SRQ) & 0xffffff;

	target->srq = mlx5_srq_get(mlx5, number);
	if (!target->srq || !target->srq->xrc ||
	    target->srq->xrcd != mlx5_get(target->qp->ctx, QPC_XRCD))
		return false;
	target->pd = target->srq->pd;
	return true;
}

bool mlx5_target(struct mlx5 *mlx5, struct mlx5_qp *to, const struct mlx5_run *run,
		 struct mlx5_target *target)
{
	*target = (struct mlx5_target){ .qp = to, .pd = to->pd };
	if (to->service == SERVICE_XRC)
		return xrc_target(mlx5, run, target);
	if (mlx5_get(to->ctx, QPC_RQ_TYPE) == RQ_SHARED)
		target->srq = mlx5_srq_get(mlx5, (uint32_t)mlx5_get(to->ctx, QPC_SRQ));
	return true;
}

/* ---- a receive ---- */

static uint32_t xrc_number(const struct mlx5 *mlx5, const struct mlx5_target *to)
{
	return to->srq && to->srq->xrc ? (uint32_t)(to->srq - mlx5->srq) : 0;
}

/*
 * A message that broke off has taken a receive. The next goes on with that, unless it names
 * another XRC queue, which is an error.
 */
static bool takes_other(const struct mlx5 *mlx5, const struct mlx5_target *to)
{
	return to->qp->recv.taken && to->qp->recv.xrc_srq != xrc_number(mlx5, to);
}

/* Return: false if none is posted. */
static bool take(struct mlx5 *mlx5, const struct mlx5_target *to)
{
	struct mlx5_qp *qp = to->qp;
	uint16_t index;

	if (qp->recv.taken)
		return true;
	if (to->srq) {
		if (!mlx5_srq_take(mlx5, to->srq, &index))
			return false;
	} else {
		if (!mlx5_recvs_waiting(mlx5, qp))
			return false;
		index = qp->rq_cons++ & (qp->rq_size - 1u);
	}
	qp->recv = (struct mlx5_recv){
		.taken = true, .index = index, .xrc_srq = xrc_number(mlx5, to),
	};
	return true;
}

/* Its data segments. */
static enum mlx5_syndrome read_list(struct mlx5 *mlx5, const struct mlx5_target *to,
				    struct mlx5_list *list)
{
	const struct mlx5_qp *qp = to->qp;
	const struct mlx5_srq *srq = to->srq;
	const struct mlx5_ring *ring = srq ? &srq->ring : &qp->ring;
	struct mlx5_user user = { .qp = qp, .pd = srq ? srq->pd : qp->pd };
	uint32_t size = srq ? 1u << srq->log_stride : qp->rq_bytes / qp->rq_size;
	uint8_t wqe[RECV_MAX];

	for (uint32_t at = 0; at < size; at += SGE_SIZE)
		if (nic_dma_read(mlx5->nic,
				 mlx5_ring_dma(ring, (uint64_t)qp->recv.index * size + at),
				 wqe + at, SGE_SIZE, 0))
			return SYNDROME_LOCAL_QP;
	return mlx5_list_read(mlx5, &user, wqe + (srq ? SRQ_NEXT_SIZE : 0), wqe + size,
			      REGION_LOCAL_WRITE, list);
}

static void complete(struct mlx5 *mlx5, struct mlx5_qp *to, const struct mlx5_run *run,
		     struct mlx5_completed completed)
{
	completed.counter = to->recv.index;
	completed.xrc_srq = to->recv.xrc_srq;
	completed.imm = mlx5_get32(run->wqe + WQE_IMMEDIATE);
	completed.solicited = run->wqe[WQE_FLAGS] & WQE_SOLICITED;
	mlx5_complete(mlx5, to, &completed);
	to->recv.taken = false;
}

static enum mlx5_syndrome fail(struct mlx5 *mlx5, struct mlx5_qp *to,
			       const struct mlx5_run *run, enum mlx5_syndrome receiver,
			       enum mlx5_syndrome sender)
{
	struct mlx5_completed completed = { .kind = CQE_RESPONDER_ERROR, .syndrome = receiver };

	complete(mlx5, to, run, completed);
	mlx5_qp_fail(mlx5, to);
	return sender;
}

/* ---- messages ---- */

/* The receive is flushed, and the sender told. */
static enum mlx5_syndrome refuse(struct mlx5 *mlx5, struct mlx5_qp *to)
{
	mlx5_qp_fail(mlx5, to);
	return SYNDROME_REMOTE_INVALID;
}

/* On a datagram's way nobody is told that it is lost; the receive stays for the next. */
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

/* A page of the receive, or all of it, cannot be reached. */
static enum mlx5_syndrome unreachable(struct mlx5 *mlx5, const struct mlx5_target *to,
				      struct mlx5_qp *from, bool absent)
{
	enum mlx5_syndrome syndrome = SYNDROME_REMOTE_OPERATION;

	if (absent)
		syndrome = mlx5_pagefault_recv(mlx5, from, to, to->qp->recv.index);
	if (syndrome == SYNDROME_PAGE_FAULT)
		return syndrome;
	return fail(mlx5, to->qp, &from->run, SYNDROME_LOCAL_PROTECTION, syndrome);
}

static enum mlx5_syndrome move(struct mlx5 *mlx5, const struct mlx5_target *to,
			       struct mlx5_qp *from, const struct mlx5_work *work,
			       const struct mlx5_list *list)
{
	bool datagram = to->qp->service == SERVICE_UD;
	uint32_t bytes = datagram ? (uint32_t)work->local.len : mlx5->nic->config.slice;
	struct copy_result moved = verbs_copy(mlx5->nic, list->seg, list->nr, work->local.seg,
					      work->local.nr, from->run.done, bytes);

	if (!datagram || !moved.src_fault)	/* which goes as a whole, perhaps elsewhere */
		from->run.done += moved.moved;
	if (moved.src_fault)
		return moved.absent ? mlx5_pagefault_local(mlx5, from) :
				      SYNDROME_LOCAL_PROTECTION;
	return moved.dst_fault ? unreachable(mlx5, to, from, moved.absent) : SYNDROME_OK;
}

/* The whole message is there. */
static enum mlx5_syndrome arrived(struct mlx5 *mlx5, const struct mlx5_target *to,
				  struct mlx5_qp *from, enum mlx5_request op)
{
	static const enum mlx5_completion kinds[] = {
		[WR_SEND] = CQE_RECV_SEND, [WR_SEND_IMM] = CQE_RECV_SEND_IMM,
		[WR_SEND_INVAL] = CQE_RECV_SEND_INVAL,
	};
	struct mlx5_user user = { .qp = to->qp, .pd = to->pd };

	if (op == WR_SEND_INVAL &&
	    !mlx5_invalidate(mlx5, &user, mlx5_get32(from->run.wqe + WQE_IMMEDIATE)))
		return fail(mlx5, to->qp, &from->run, SYNDROME_LOCAL_PROTECTION,
			    SYNDROME_REMOTE_ACCESS);
	complete(mlx5, to->qp, &from->run, (struct mlx5_completed){
		.kind = kinds[op],
		.bytes = (uint32_t)from->run.done,
		.source = source_of(mlx5, from),
	});
	return SYNDROME_OK;
}

enum mlx5_syndrome mlx5_recv_send(struct mlx5 *mlx5, const struct mlx5_target *to,
				  struct mlx5_qp *from, const struct mlx5_work *work)
{
	struct mlx5_list list = { .nr = 0 };
	enum mlx5_syndrome syndrome;

	if (takes_other(mlx5, to))
		return refuse(mlx5, to->qp);
	if (!take(mlx5, to))
		return SYNDROME_RNR_RETRIES;
	syndrome = read_list(mlx5, to, &list);
	if (syndrome)
		return fail(mlx5, to->qp, &from->run, syndrome, SYNDROME_REMOTE_OPERATION);
	if (list.len < work->local.len)
		return too_long(mlx5, to->qp, &from->run);
	syndrome = move(mlx5, to, from, work, &list);
	if (!syndrome && from->run.done == work->local.len)
		return arrived(mlx5, to, from, work->op);
	return syndrome;
}

enum mlx5_syndrome mlx5_recv_imm(struct mlx5 *mlx5, const struct mlx5_target *to,
				 const struct mlx5_run *run)
{
	struct mlx5_completed completed = { .kind = CQE_RECV_WRITE_IMM,
					    .bytes = (uint32_t)run->done };

	if (takes_other(mlx5, to))
		return refuse(mlx5, to->qp);
	if (!take(mlx5, to))
		return SYNDROME_RNR_RETRIES;
	complete(mlx5, to->qp, run, completed);
	return SYNDROME_OK;
}
