// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The send queue: take the request at the head of the ring, execute a slice of it in every
 * turn, complete it. The first error fails the queue pair; flush.c does the rest.
 *
 * The other side is a queue pair of this device, as the port's own LID is the only one that
 * can be reached. A receiver that is not ready is looked at again and again, since it posts
 * without a doorbell: for ever if the retry count is 7, and otherwise for that many periods
 * of RNR_WAIT_NS. One that does not answer at all, because its queue pair is not connected yet
 * or not any more, is tried for RETRY_NS, whatever the driver asks for.
 */
#include "base/clock.h"
#include "work.h"

#define RNR_FOREVER	7u
#define RNR_WAIT_NS	20000000ull
#define RETRY_NS	500000000ull
#define LOOK_NS		500000ull

/* ---- begin and end ---- */

/* Return: false if nothing is posted. */
static bool begin(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	uint16_t waiting;

	if (qp->run.active)
		return true;
	waiting = mlx5_sends_waiting(mlx5, qp);
	if (!waiting)
		return false;
	qp->run = (struct mlx5_run){ .active = true };
	mlx5_send_block(mlx5, qp, 0, qp->run.wqe);
	qp->run.blocks = mlx5_wqe_blocks(qp->run.wqe);
	if (!qp->run.blocks || qp->run.blocks > waiting) {
		qp->run.wqe[WQE_DS] = 0;	/* which is an error of every operation */
		qp->run.blocks = qp->run.blocks ? waiting : 1;
	}
	for (uint16_t n = 1; n < qp->run.blocks && qp->run.wqe[WQE_DS]; n++)
		mlx5_send_block(mlx5, qp, n, qp->run.wqe + n * WQE_BLOCK);
	return true;
}

static void finish(struct mlx5 *mlx5, struct mlx5_qp *qp, enum mlx5_syndrome syndrome)
{
	const uint8_t *wqe = qp->run.wqe;
	struct mlx5_completed completed = {
		.kind = syndrome ? CQE_REQUESTER_ERROR : CQE_REQUESTER,
		.syndrome = syndrome,
		.opcode = wqe[WQE_OPCODE],
		.counter = qp->sq_cons,
		.bytes = (uint32_t)qp->run.done,
	};

	mlx5->count.requests++;
	if (syndrome || wqe[WQE_FLAGS] & WQE_SIGNALED)
		mlx5_complete(mlx5, qp, &completed);
	qp->sq_cons = (uint16_t)(qp->sq_cons + qp->run.blocks);
	qp->run.active = false;
	if (syndrome) {
		mlx5->count.request_errors++;
		mlx5_qp_fail(mlx5, qp);
	}
}

/* Wait for the receiver. Return: false if the request has already waited as long as it may. */
static bool wait_for_receiver(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	uint64_t limit = mlx5_get(qp->ctx, QPC_RNR_RETRY), now = clock_now_ns();
	struct mlx5_run *run = &qp->run;

	if (limit != RNR_FOREVER && now >= run->retry_at) {	/* 0 the first time */
		if (run->retries == limit)
			return false;
		run->retries++;
		run->retry_at = now + RNR_WAIT_NS;
	}
	run->look_at = now + LOOK_NS;
	mlx5->count.rnr_waits++;
	return true;
}

/* Try again. Return: false if the other side has not answered for as long as it may. */
static bool wait_for_answer(struct mlx5_run *run)
{
	uint64_t now = clock_now_ns();

	if (!run->silent_until)
		run->silent_until = now + RETRY_NS;
	run->look_at = now + LOOK_NS;
	return now < run->silent_until;
}

/* May a request that ended so be run again later? */
static bool waits(struct mlx5 *mlx5, struct mlx5_qp *qp, enum mlx5_syndrome syndrome)
{
	if (syndrome == SYNDROME_RETRIES)
		return wait_for_answer(&qp->run);
	qp->run.silent_until = 0;
	return syndrome == SYNDROME_PAGE_FAULT ||
	       (syndrome == SYNDROME_RNR_RETRIES && wait_for_receiver(mlx5, qp));
}

/* ---- operations ---- */

/* The queue pair that this one is connected with, if it is ready to receive. */
static struct mlx5_qp *peer(struct mlx5 *mlx5, const struct mlx5_qp *qp)
{
	struct mlx5_qp *to = mlx5_qp_get(mlx5, (uint32_t)mlx5_get(qp->ctx, QPC_REMOTE_QPN));
	uint16_t lid = mlx5_config(&mlx5->nic->config)->lid;

	if (!to || to->service != qp->service || (to->state != QP_RTR && to->state != QP_RTS) ||
	    mlx5_get(to->ctx, QPC_REMOTE_QPN) != (uint64_t)(qp - mlx5->qp) ||
	    mlx5_get(qp->ctx, QPC_REMOTE_LID) != lid)
		return NULL;
	return to;
}

/* Why a slice did not move whole. */
static enum mlx5_syndrome blame(struct mlx5 *mlx5, struct mlx5_qp *qp,
				const struct mlx5_target *to, const struct mlx5_work *work,
				const struct copy_result *moved)
{
	bool remote = moved->src_fault == (work->op == WR_READ);

	if (remote)
		return moved->absent ? mlx5_pagefault_remote(mlx5, qp, to, work) :
				       SYNDROME_REMOTE_ACCESS;
	return moved->absent ? mlx5_pagefault_local(mlx5, qp) : SYNDROME_LOCAL_PROTECTION;
}

/* Move a slice between the local list and the other side's memory. */
static enum mlx5_syndrome run_rdma(struct mlx5 *mlx5, struct mlx5_qp *qp,
				   const struct mlx5_target *to, const struct mlx5_work *work)
{
	const struct mlx5_list *local = &work->local;
	struct mlx5_user user = { .qp = to->qp, .pd = to->pd };
	bool read = work->op == WR_READ;
	uint8_t access = read ? REGION_REMOTE_READ : REGION_REMOTE_WRITE;
	struct mlx5_list remote = { .nr = 0 };
	struct copy_result moved;

	if (!local->len)
		return SYNDROME_OK;
	if (!mlx5_get(to->qp->ctx, read ? QPC_RRE : QPC_RWE) ||
	    !mlx5_access(mlx5, &user, work->key, work->addr, local->len, access, &remote))
		return SYNDROME_REMOTE_ACCESS;
	if (read)
		moved = verbs_copy(mlx5->nic, local->seg, local->nr, remote.seg, remote.nr,
				   qp->run.done, mlx5->nic->config.slice);
	else
		moved = verbs_copy(mlx5->nic, remote.seg, remote.nr, local->seg, local->nr,
				   qp->run.done, mlx5->nic->config.slice);
	qp->run.done += moved.moved;
	if (!moved.src_fault && !moved.dst_fault)
		return SYNDROME_OK;
	return blame(mlx5, qp, to, work, &moved);
}

static enum mlx5_syndrome run_operation(struct mlx5 *mlx5, struct mlx5_qp *qp,
					const struct mlx5_target *to,
					const struct mlx5_work *work)
{
	switch (work->op) {
	case WR_SEND:
	case WR_SEND_IMM:
	case WR_SEND_INVAL:
		return mlx5_recv_send(mlx5, to, qp, work);
	case WR_COMPARE_SWAP:
	case WR_FETCH_ADD:
		return mlx5_atomic(mlx5, qp, to, work);
	default:	/* which moves nothing if only the immediate data are left */
		return run_rdma(mlx5, qp, to, work);
	}
}

/* One slice of @work. Sets *@more if there is more to do. */
static enum mlx5_syndrome run_work(struct mlx5 *mlx5, struct mlx5_qp *qp,
				   const struct mlx5_work *work, bool *more)
{
	struct mlx5_qp *other = peer(mlx5, qp);
	enum mlx5_syndrome syndrome;
	uint64_t before = qp->run.done;
	struct mlx5_target to;

	if (!other)
		return SYNDROME_RETRIES;
	if (!mlx5_target(mlx5, other, &qp->run, &to))
		return SYNDROME_REMOTE_INVALID;
	syndrome = run_operation(mlx5, qp, &to, work);
	mlx5->count.bytes += qp->run.done - before;
	*more = !syndrome && qp->run.done < work->local.len;
	if (!syndrome && !*more && work->op == WR_WRITE_IMM)
		syndrome = mlx5_recv_imm(mlx5, &to, &qp->run);
	return syndrome;
}

static enum mlx5_syndrome run_connected(struct mlx5 *mlx5, struct mlx5_qp *qp, bool *more)
{
	struct mlx5_work work;
	enum mlx5_syndrome syndrome;

	if (qp->run.wqe[WQE_OPCODE] == WR_UMR)
		return mlx5_umr(mlx5, qp);
	syndrome = mlx5_wqe_decode(mlx5, qp, &work);
	if (!syndrome)
		syndrome = run_work(mlx5, qp, &work, more);
	/* an unreliable sender learns of nothing that happens beyond its own device */
	if (qp->service == SERVICE_UC && syndrome >= SYNDROME_REMOTE_INVALID)
		return SYNDROME_OK;
	return syndrome;
}

static enum mlx5_syndrome run_head(struct mlx5 *mlx5, struct mlx5_qp *qp, bool *more)
{
	if (!qp->run.wqe[WQE_DS])
		return SYNDROME_LOCAL_QP;
	if (qp->run.wqe[WQE_OPCODE] == WR_NOP)
		return SYNDROME_OK;
	switch (qp->service) {
	case SERVICE_RC:
	case SERVICE_UC:
	case SERVICE_XRC:
		return run_connected(mlx5, qp, more);
	case SERVICE_UMR:
		return qp->run.wqe[WQE_OPCODE] == WR_UMR ? mlx5_umr(mlx5, qp) :
							   SYNDROME_LOCAL_QP;
	case SERVICE_UD:
		return mlx5_datagram(mlx5, qp);
	default:	/* management datagrams: there is nobody to answer them */
		mlx5->count.dropped++;
		return SYNDROME_OK;
	}
}

/* A queue for keys that a fault switch has stopped. */
static bool stalled(struct mlx5 *mlx5, const struct mlx5_qp *qp)
{
	return qp->service == SERVICE_UMR && mlx5_fault(&mlx5->nic->fault)->stall_umr;
}

void mlx5_sq_run(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	enum mlx5_syndrome syndrome;
	bool more = false;

	if (!begin(mlx5, qp) || qp->run.fault.token) {
		mlx5_look(mlx5, qp, false);
		return;
	}
	qp->run.look_at = 0;
	if (stalled(mlx5, qp)) {
		qp->run.look_at = clock_now_ns() + LOOK_NS;
		return;
	}
	syndrome = run_head(mlx5, qp, &more);
	if (!waits(mlx5, qp, syndrome) && !more)
		finish(mlx5, qp, syndrome);
}
