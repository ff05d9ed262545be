// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Queue pairs: creation, destruction and state.
 *
 * The send ring is in the LLQ BAR, at the QP's own offset, and the receive ring is in guest
 * memory. QP numbers are allocated round robin, so that a message to a QP that is gone does
 * not soon reach a new one.
 */
#include <string.h>

#include "admin_defs.h"
#include "efa.h"
#include "ring.h"

#define WQE_SIZE	64u	/* send ring */
#define RECV_DESC_SIZE	16u	/* receive ring */
#define MAX_RNR_RETRY	7u	/* means "for ever" */

_Static_assert(EFA_MAX_DEPTH * WQE_SIZE <= EFA_LLQ_QP_SIZE, "a send ring fits its slot");
_Static_assert((EFA_MAX_QP & (EFA_MAX_QP - 1)) == 0, "QP numbers index libefa's table");
_Static_assert(EFA_QP_RESET == 0 && EFA_QP_ERR == 6, "MODIFY_QP's numbers of the states");
_Static_assert(EFA_MAX_QP * EFA_DB_PAGE <= EFA_DB_CQ, "doorbell pages end where CQs begin");

struct efa_qp *efa_qp_get(struct efa *efa, uint32_t id)
{
	return id < EFA_MAX_QP && efa->qp[id].used ? &efa->qp[id] : NULL;
}

/* ---- creation ---- */

/*
 * The number of entries in a ring of @bytes with entries of @entry bytes. A queue pair may
 * be without a ring: 0. Return: -1 if that is not a power of two, or more than @max, or
 * less than @depth, the number of work requests asked for.
 */
static int ring_entries(uint32_t bytes, uint32_t entry, uint32_t depth, uint32_t max)
{
	uint32_t n = bytes / entry;

	if (bytes == 0)
		return depth == 0 ? 0 : -1;
	if (bytes % entry || !efa_is_pow2(n) || n > max || depth > n)
		return -1;
	return (int)n;
}

static int sq_entries(const struct efa_create_qp_cmd *cmd)
{
	return ring_entries(cmd->sq_bytes, WQE_SIZE, cmd->sq_depth, EFA_MAX_DEPTH);
}

static int rq_entries(const struct efa_create_qp_cmd *cmd)
{
	int n = ring_entries(cmd->rq_bytes, RECV_DESC_SIZE, cmd->rq_depth, EFA_MAX_RQ_DEPTH);

	if (n > 0 && !efa_ring_ok(cmd->rq_base, (uint32_t)n, EFA_MAX_RQ_DEPTH, RECV_DESC_SIZE))
		return -1;
	return n;
}

static uint8_t check_create(struct efa *efa, const struct efa_create_qp_cmd *cmd)
{
	const uint8_t unoffered = EFA_QP_SQ_VIRT | EFA_QP_RQ_VIRT | EFA_QP_REQ_ID_64;

	if (cmd->flags & ~(unoffered | EFA_QP_UNSOLICITED))
		return EFA_ADMIN_ILLEGAL;
	if (cmd->flags & unoffered || cmd->sq_base)
		return EFA_ADMIN_UNSUPPORTED;
	if (cmd->type != EFA_QP_UD && cmd->type != EFA_QP_SRD)
		return EFA_ADMIN_ILLEGAL;
	if (!efa_pd_get(efa, cmd->pd) || !efa_uar_live(efa, cmd->uar))
		return EFA_ADMIN_ILLEGAL;
	if (!efa_cq_get(efa, cmd->send_cq) || !efa_cq_get(efa, cmd->recv_cq))
		return EFA_ADMIN_ILLEGAL;
	if (sq_entries(cmd) < 0 || rq_entries(cmd) < 0)
		return EFA_ADMIN_ILLEGAL;
	return EFA_ADMIN_OK;
}

static struct efa_qp *find_slot(struct efa *efa)
{
	for (unsigned int i = 0; i < EFA_MAX_QP - 1; i++) {
		uint16_t id = 1 + (efa->next_qp + i) % (EFA_MAX_QP - 1);

		if (efa->qp[id].used)
			continue;
		efa->next_qp = id;
		return &efa->qp[id];
	}
	return NULL;
}

static void setup(struct efa *efa, struct efa_qp *qp, const struct efa_create_qp_cmd *cmd)
{
	*qp = (struct efa_qp){
		.used = true,
		.id = qp - efa->qp,
		.type = cmd->type,
		.state = EFA_QP_RESET,
		.unsolicited_write = cmd->flags & EFA_QP_UNSOLICITED,
		.pd = cmd->pd,
		.uar = cmd->uar,
		.send_cq = cmd->send_cq,
		.recv_cq = cmd->recv_cq,
		.sq_depth = sq_entries(cmd),
		.rq_depth = rq_entries(cmd),
		.rq_base = cmd->rq_base,
		.rnr_retry = MAX_RNR_RETRY,
	};
	efa->pd[qp->pd].users++;
	efa->cq[qp->send_cq].users++;
	efa->cq[qp->recv_cq].users++;
	/* The new owner must not see the work requests of the last one. */
	memset(efa->llq + (size_t)qp->id * EFA_LLQ_QP_SIZE, 0, qp->sq_depth * WQE_SIZE);
}

uint8_t efa_cmd_create_qp(struct efa *efa, const void *cmd_buf, void *rsp_buf)
{
	const struct efa_create_qp_cmd *cmd = cmd_buf;
	struct efa_create_qp_rsp *rsp = rsp_buf;
	uint8_t status = check_create(efa, cmd);
	struct efa_qp *qp;

	if (status)
		return status;
	qp = find_slot(efa);
	if (!qp)
		return EFA_ADMIN_NO_RESOURCE;
	setup(efa, qp, cmd);
	rsp->handle = qp->id;
	rsp->qp_num = qp->id;
	rsp->sq_db = qp->id * EFA_DB_PAGE;
	rsp->rq_db = qp->id * EFA_DB_PAGE + 8;
	rsp->llq = qp->id * EFA_LLQ_QP_SIZE;
	return EFA_ADMIN_OK;
}

uint8_t efa_cmd_destroy_qp(struct efa *efa, const void *cmd_buf, void *rsp)
{
	const struct efa_handle_cmd *cmd = cmd_buf;
	struct efa_qp *qp = efa_qp_get(efa, cmd->handle);

	(void)rsp;
	if (!qp)
		return EFA_ADMIN_ILLEGAL;
	qp->used = false;
	efa_qp_forget(efa, qp);	/* also ends the wait of requests parked for this receiver */
	efa->pd[qp->pd].users--;
	efa->cq[qp->send_cq].users--;
	efa->cq[qp->recv_cq].users--;
	return EFA_ADMIN_OK;
}

/* ---- state ---- */

#define QKEY	EFA_QP_SET_QKEY
#define PSN	EFA_QP_SET_PSN
#define NOTIFY	EFA_QP_SET_DRAIN_NOTIFY
#define RNR	EFA_QP_SET_RNR_RETRY

/*
 * The attributes that each transition requires and allows. allowed() handles transitions to
 * RESET and ERR.
 */
static const struct transition {
	bool legal;
	uint8_t must, may;
} transitions[EFA_QP_ERR + 1][EFA_QP_ERR + 1] = {
	[EFA_QP_RESET][EFA_QP_INIT] = { true, QKEY, 0 },
	[EFA_QP_INIT][EFA_QP_INIT] = { true, 0, QKEY },
	[EFA_QP_INIT][EFA_QP_RTR] = { true, 0, QKEY },
	[EFA_QP_RTR][EFA_QP_RTS] = { true, PSN, QKEY | RNR },
	[EFA_QP_RTS][EFA_QP_RTS] = { true, 0, QKEY },
	[EFA_QP_RTS][EFA_QP_SQD] = { true, 0, NOTIFY },
	[EFA_QP_SQD][EFA_QP_RTS] = { true, 0, QKEY },
	[EFA_QP_SQD][EFA_QP_SQD] = { true, 0, QKEY },
	[EFA_QP_SQE][EFA_QP_RTS] = { true, 0, QKEY },
};

/*
 * RESET and ERR can be reached from every state, and cur_state is not checked. The device
 * puts a QP into ERR by itself, and the driver does not learn of that; if cur_state had to
 * match, the driver could not recover the QP.
 */
static bool allowed(const struct efa_qp *qp, const struct efa_modify_qp_cmd *cmd, uint32_t to)
{
	uint32_t attrs = cmd->mask & ~(EFA_QP_SET_STATE | EFA_QP_SET_CUR_STATE);
	const struct transition *t;

	if (to > EFA_QP_ERR)
		return false;
	if (to == EFA_QP_RESET || to == EFA_QP_ERR)
		return attrs == 0;
	if (cmd->mask & EFA_QP_SET_CUR_STATE && cmd->cur_state != qp->state)
		return false;
	t = &transitions[qp->state][to];
	return t->legal && (attrs & t->must) == t->must && (attrs & ~(t->must | t->may)) == 0;
}

/* Each branch wakes the engine if there is now something to do. */
static void enter(struct efa *efa, struct efa_qp *qp, enum efa_qp_state to)
{
	qp->state = to;
	if (to == EFA_QP_RESET) {
		efa_qp_forget(efa, qp);
		qp->rnr_retry = MAX_RNR_RETRY;
	} else if (to == EFA_QP_ERR) {
		efa_qp_flush(efa, qp);
	} else {
		efa_qp_unpark(efa);
	}
}

static bool rnr_ok(const struct efa_qp *qp, const struct efa_modify_qp_cmd *cmd)
{
	return !(cmd->mask & EFA_QP_SET_RNR_RETRY) ||
	       (qp->type == EFA_QP_SRD && cmd->rnr_retry <= MAX_RNR_RETRY);
}

/* A request for a drain notification is accepted, but the device never sends one. */
uint8_t efa_cmd_modify_qp(struct efa *efa, const void *cmd_buf, void *rsp)
{
	const struct efa_modify_qp_cmd *cmd = cmd_buf;
	struct efa_qp *qp = efa_qp_get(efa, cmd->handle);
	uint32_t to;

	(void)rsp;
	if (!qp)
		return EFA_ADMIN_ILLEGAL;
	to = cmd->mask & EFA_QP_SET_STATE ? cmd->state : qp->state;
	if (!allowed(qp, cmd, to) || !rnr_ok(qp, cmd))
		return EFA_ADMIN_ILLEGAL;
	if (cmd->mask & EFA_QP_SET_QKEY)
		qp->qkey = cmd->qkey;
	if (cmd->mask & EFA_QP_SET_PSN)
		qp->psn = cmd->psn;
	if (cmd->mask & EFA_QP_SET_RNR_RETRY)
		qp->rnr_retry = cmd->rnr_retry;
	enter(efa, qp, to);
	return EFA_ADMIN_OK;
}

uint8_t efa_cmd_query_qp(struct efa *efa, const void *cmd_buf, void *rsp_buf)
{
	const struct efa_handle_cmd *cmd = cmd_buf;
	struct efa_query_qp_rsp *rsp = rsp_buf;
	const struct efa_qp *qp = efa_qp_get(efa, cmd->handle);

	if (!qp)
		return EFA_ADMIN_ILLEGAL;
	rsp->state = qp->state;
	rsp->qkey = qp->qkey;
	rsp->psn = qp->psn;
	rsp->draining = qp->state == EFA_QP_SQD && qp->run.active;
	rsp->rnr_retry = qp->rnr_retry;
	return EFA_ADMIN_OK;
}
