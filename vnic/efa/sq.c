// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Send queue: take the request at the head of the ring, execute a slice of it in every
 * turn, complete it; and what happens to posted requests when the QP's state changes.
 *
 * The request is copied from the ring once, when its execution begins; what the guest
 * writes there later has no effect. Every turn decodes that copy again, so if a region, an
 * address handle or a receiver has gone away between two turns, the request completes with
 * an error. An error does not stop the QP: it goes on with its next request, as on the
 * datagram transports of the real device.
 *
 * Receiver not ready. A datagram (UD) is dropped: its sender never learns of anything that
 * happened beyond its own NIC. On SRD the request is parked at the head of its queue and
 * tried again whenever receive buffers are posted or the state of a QP changes. With
 * rnr_retry 7 it waits for ever. Otherwise it fails after rnr_retry periods of RNR_WAIT_NS
 * without a receive buffer, and at once if rnr_retry is 0.
 *
 * A SEND has at most EFA_MTU bytes and is always executed in one turn, so a receive request
 * is never left partly filled.
 */
#include <string.h>

#include "base/clock.h"
#include "work.h"

#define RNR_WAIT_NS	20000000ull
#define RNR_FOREVER	7u
#define FLUSH_BATCH	64u	/* the most completions of a flush in one turn */

static void load(const struct efa *efa, const struct efa_qp *qp, struct efa_io_wqe *wqe)
{
	size_t slot = qp->sq_cons & (qp->sq_depth - 1u);

	memcpy(wqe, efa->llq + (size_t)qp->id * EFA_LLQ_QP_SIZE + slot * sizeof(*wqe),
	       sizeof(*wqe));
}

static void begin(const struct efa *efa, struct efa_qp *qp)
{
	if (qp->run.active)
		return;
	qp->run = (struct efa_run){ .active = true };
	load(efa, qp, &qp->run.wqe);
}

/* Complete the request at the head of the SQ with @outcome. */
static void finish(struct efa *efa, struct efa_qp *qp, enum outcome outcome)
{
	struct efa_completion c = {
		.req_id = qp->run.wqe.req_id,
		.status = efa_status(outcome),
		.op = qp->run.wqe.ctrl1 & EFA_IO_CTRL1_OP_MASK,
		.qp = qp->id,
	};

	qp->run = (struct efa_run){ 0 };
	qp->sq_cons++;
	efa_cq_push(efa, qp->send_cq, &c);
}

static void count_done(struct efa_counters *count, const struct efa_work *work)
{
	switch (work->op) {
	case EFA_IO_OP_SEND:
		count->sends++;
		count->send_bytes += work->len;
		break;
	case EFA_IO_OP_READ:
		count->reads++;
		count->read_bytes += work->len;
		break;
	case EFA_IO_OP_WRITE:
		count->writes++;
		count->write_bytes += work->len;
		break;
	}
}

/* Park the request. Return: false if it has already waited for as long as it may. */
static bool park(struct efa *efa, struct efa_qp *qp)
{
	struct efa_run *run = &qp->run;

	if (qp->rnr_retry < RNR_FOREVER) {
		uint64_t now = clock_now_ns();

		if (now >= run->retry_at) {	/* retry_at is 0 the first time */
			if (run->retries == qp->rnr_retry)
				return false;
			run->retries++;
			run->retry_at = now + RNR_WAIT_NS;
		}
	}
	run->parked = true;
	efa->count.rnr_parked++;
	return true;
}

/*
 * Execute one slice of a READ or WRITE. Return: false if there is more to do; otherwise
 * true, with *@outcome set.
 */
static bool run_rdma(struct efa *efa, struct efa_qp *qp, const struct efa_work *work,
		     enum outcome *outcome)
{
	bool read = work->op == EFA_IO_OP_READ;
	uint64_t left = work->len - qp->run.done;
	uint32_t slice = efa->nic->config.slice;
	struct copy_result moved;

	if (slice > left)
		slice = (uint32_t)left;
	if (read)
		moved = verbs_copy(efa->nic, work->local, work->nr_local, &work->remote, 1,
				   qp->run.done, slice);
	else
		moved = verbs_copy(efa->nic, &work->remote, 1, work->local, work->nr_local,
				   qp->run.done, slice);
	qp->run.done += moved.moved;

	if (moved.src_fault || moved.dst_fault) {	/* the source of a READ is remote */
		*outcome = moved.src_fault == read ? OUTCOME_REMOTE_ACCESS :
						     OUTCOME_LOCAL_ACCESS;
		return true;
	}
	if (qp->run.done < work->len)
		return false;
	*outcome = work->imm ? efa_inbound_imm(efa, qp, work) : OUTCOME_DONE;
	return true;
}

static void run_head(struct efa *efa, struct efa_qp *qp)
{
	enum outcome outcome;
	struct efa_work work;

	begin(efa, qp);
	qp->run.parked = false;
	outcome = efa_work_decode(efa, qp, &qp->run.wqe, &work);
	if (outcome == OUTCOME_DONE) {
		if (work.op == EFA_IO_OP_SEND)
			outcome = efa_inbound_send(efa, qp, &work);
		else if (!run_rdma(efa, qp, &work, &outcome))
			return;
		if (outcome == OUTCOME_DONE)
			count_done(&efa->count, &work);
	}
	if (qp->type == EFA_QP_UD && outcome_is_remote(outcome)) {
		efa->count.ud_dropped++;
		outcome = OUTCOME_DONE;
	}
	if (outcome == OUTCOME_NOT_READY && park(efa, qp))
		return;
	finish(efa, qp, outcome);
}

/* ---- flush: what was posted is completed in order, but not executed ---- */

static void flush_recv(struct efa *efa, struct efa_qp *qp)
{
	struct efa_completion c = {
		.status = efa_status(OUTCOME_FLUSHED),
		.recv = true,
		.qp = qp->id,
		.ah = EFA_IO_AH_UNKNOWN,
	};
	struct efa_recv recv;

	if (efa_rq_take(efa, qp, &recv)) {
		qp->rq_cons = qp->rq_prod;	/* without the ring, the req_ids are unknown */
		return;
	}
	c.req_id = recv.req_id;
	efa_cq_push(efa, qp->recv_cq, &c);
}

static void run_flush(struct efa *efa, struct efa_qp *qp)
{
	for (unsigned int i = 0; i < FLUSH_BATCH; i++) {
		if (qp->sq_cons != qp->sq_prod) {
			begin(efa, qp);
			finish(efa, qp, OUTCOME_FLUSHED);
		} else if (qp->rq_cons != qp->rq_prod) {
			flush_recv(efa, qp);
		} else {
			return;
		}
	}
}

/* ---- turns and state changes ---- */

void efa_qp_run(struct efa *efa, struct efa_qp *qp)
{
	if (qp->state == EFA_QP_ERR)
		run_flush(efa, qp);
	else
		run_head(efa, qp);
}

/* Is there a request that may begin or go on? In SQD, one that has begun is finished. */
static bool may_send(const struct efa_qp *qp)
{
	if (qp->state == EFA_QP_RTS)
		return qp->sq_cons != qp->sq_prod;
	return qp->state == EFA_QP_SQD && qp->run.active;
}

uint64_t efa_qp_retry_at(const struct efa_qp *qp)
{
	return qp->used && may_send(qp) && qp->run.parked ? qp->run.retry_at : 0;
}

/* Not parked, or parked until a time that has passed. */
static bool awake(const struct efa_run *run)
{
	return !run->parked || (run->retry_at && clock_now_ns() >= run->retry_at);
}

bool efa_qp_has_work(const struct efa_qp *qp)
{
	if (!qp->used)
		return false;
	if (qp->state == EFA_QP_ERR)
		return qp->sq_cons != qp->sq_prod || qp->rq_cons != qp->rq_prod;
	return may_send(qp) && awake(&qp->run);
}

/*
 * The engine does the flush in its turns, because there may be as many completions as both
 * rings have entries: EFA_MAX_DEPTH + EFA_MAX_RQ_DEPTH, 36,864.
 */
void efa_qp_flush(struct efa *efa, struct efa_qp *qp)
{
	qp->state = EFA_QP_ERR;
	efa_qp_unpark(efa);
}

void efa_qp_forget(struct efa *efa, struct efa_qp *qp)
{
	qp->run = (struct efa_run){ 0 };
	qp->sq_prod = 0;
	qp->sq_cons = 0;
	qp->rq_prod = 0;
	qp->rq_cons = 0;
	held_drop(&efa->held, qp->id);
	efa_qp_unpark(efa);
}

void efa_qp_unpark(struct efa *efa)
{
	bool work = false;

	for (unsigned int i = 0; i < EFA_MAX_QP; i++) {
		efa->qp[i].run.parked = false;
		work |= efa_qp_has_work(&efa->qp[i]);
	}
	if (work)
		gate_kick(&efa->nic->gate);
}
