// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Queue pairs: creation, destruction and state.
 *
 * One buffer has both rings, that for receives first. A context comes with every change of
 * state; which of its fields count then, is a mask, and on the way up to ready-to-receive
 * what each step is for.
 */
#include <string.h>

#include "core/slots.h"
#include "mlx5.h"

#define LOG_BLOCK	6u		/* send rings are counted in blocks of 64 bytes */
#define LOG_MAX_RECV	9u		/* bytes of a receive request, as in capability.c */
#define FIRST_QP	0x10u		/* the driver calls 0 and 1 what it likes */
#define PATH		0x18u		/* primary path, in the context */
#define PATH_SIZE	44u
#define MTU_AND_MSG	FIELD(0x40, 8)

/* Bits of the mask. */
#define OPT_RRE		(1u << 1)
#define OPT_RAE		(1u << 2)
#define OPT_RWE		(1u << 3)
#define OPT_QKEY	(1u << 5)
#define OPT_RNR_RETRY	(1u << 13)

#define QPC_NEXT_SEND_PSN FIELD(0x3c8, 24)

struct mlx5_qp *mlx5_qp_get(struct mlx5 *mlx5, uint32_t number)
{
	return number < 1u << LOG_MAX_QP && mlx5->qp[number].used ? &mlx5->qp[number] : NULL;
}

static struct mlx5_qp *find_slot(struct mlx5 *mlx5)
{
	uint32_t n = SLOTS_FIND(mlx5->qp, FIRST_QP, &mlx5->last_qp);

	return n ? &mlx5->qp[n] : NULL;
}

void mlx5_qp_doorbell(struct mlx5 *mlx5, const struct mlx5_qp *qp)
{
	mlx5_look(mlx5, qp, true);
	gate_kick(&mlx5->nic->gate);
}

/* It neither sends nor receives any more: nobody waits for memory on its account. */
static void stop(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	qp->run.active = false;
	mlx5_pagefault_forget(mlx5, qp);
}

/* Who shares receives is told that no more of them will complete here. */
static void tell_last(struct mlx5 *mlx5, const struct mlx5_qp *qp)
{
	struct mlx5_eq *eq = mlx5_eq_for(mlx5, EV_LAST_REQUEST);
	uint8_t data[EQE_DATA_SIZE] = { 0 };

	mlx5_put32(data + EVENT_NUMBER, (uint32_t)(qp - mlx5->qp));
	if (eq && mlx5_get(qp->ctx, QPC_RQ_TYPE) == RQ_SHARED)
		mlx5_eq_post(mlx5, eq, EV_LAST_REQUEST, 0, data);
}

void mlx5_qp_fail(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	if (qp->state != QP_ERR)
		tell_last(mlx5, qp);
	qp->state = QP_ERR;
	stop(mlx5, qp);
	mlx5_look(mlx5, qp, true);
}

/* ---- creation ---- */

static bool service_offered(enum mlx5_service service)
{
	switch (service) {
	case SERVICE_RC:
	case SERVICE_UC:
	case SERVICE_UD:
	case SERVICE_XRC:
	case SERVICE_QP0:
	case SERVICE_QP1:
	case SERVICE_UMR:
		return true;
	default:
		return false;
	}
}

/* The queue pair for memory keys belongs to no protection domain. */
static bool pd_ok(const struct mlx5 *mlx5, const struct mlx5_qp *qp)
{
	return qp->service == SERVICE_UMR ? !qp->pd || mlx5_number_live(mlx5, NUMBER_PD, qp->pd)
					  : mlx5_number_live(mlx5, NUMBER_PD, qp->pd);
}

/* Without a ring it need not have a queue, and holds none that is made later by that number. */
static enum mlx5_status check_queues(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	enum mlx5_rq_type type = (enum mlx5_rq_type)mlx5_get(qp->ctx, QPC_RQ_TYPE);
	bool send = mlx5_cq_get(mlx5, qp->send_cq), recv = mlx5_cq_get(mlx5, qp->recv_cq);

	if ((qp->sq_bytes && !send) || (type != RQ_NONE && !recv))
		return ST_BAD_RESOURCE;
	if (type == RQ_SHARED && !mlx5_srq_get(mlx5, (uint32_t)mlx5_get(qp->ctx, QPC_SRQ)))
		return ST_BAD_RESOURCE;
	if (!send)
		qp->send_cq = 0;
	if (!recv)
		qp->recv_cq = 0;
	return ST_OK;
}

static enum mlx5_status read_context(struct mlx5 *mlx5, const uint8_t *ctx, struct mlx5_qp *qp)
{
	uint32_t rq_log = (uint32_t)mlx5_get(ctx, QPC_LOG_RQ);
	uint32_t stride = (uint32_t)mlx5_get(ctx, QPC_RQ_STRIDE) + 4;
	uint32_t sq_log = (uint32_t)mlx5_get(ctx, QPC_LOG_SQ);
	enum mlx5_rq_type type = (enum mlx5_rq_type)mlx5_get(ctx, QPC_RQ_TYPE);

	memcpy(qp->ctx, ctx, QPC_SIZE);
	qp->service = (enum mlx5_service)mlx5_get(ctx, QPC_SERVICE);
	qp->pd = (uint32_t)mlx5_get(ctx, QPC_PD);
	qp->send_cq = (uint32_t)mlx5_get(ctx, QPC_SEND_CQ);
	qp->recv_cq = (uint32_t)mlx5_get(ctx, QPC_RECV_CQ);
	if (type == RQ_OWN) {
		qp->rq_size = (uint16_t)(1u << rq_log);
		qp->rq_bytes = 1u << (rq_log + stride);
	}
	if (!mlx5_get(ctx, QPC_NO_SQ)) {
		qp->sq_size = (uint16_t)(1u << sq_log);
		qp->sq_bytes = 1u << (sq_log + LOG_BLOCK);
	}
	if (rq_log > LOG_MAX_QP_SIZE || stride > LOG_MAX_RECV || sq_log > LOG_MAX_QP_SIZE ||
	    !service_offered(qp->service) || !pd_ok(mlx5, qp))
		return ST_BAD_PARAM;
	return check_queues(mlx5, qp);
}

/* Both ends of a QP hold their CQ, also if it has no ring there; and it holds its SRQ. */
static void hold_queues(struct mlx5 *mlx5, const struct mlx5_qp *qp, int by)
{
	struct mlx5_cq *send = mlx5_cq_get(mlx5, qp->send_cq);
	struct mlx5_cq *recv = mlx5_cq_get(mlx5, qp->recv_cq);
	struct mlx5_srq *srq = mlx5_srq_get(mlx5, (uint32_t)mlx5_get(qp->ctx, QPC_SRQ));

	if (srq && mlx5_get(qp->ctx, QPC_RQ_TYPE) == RQ_SHARED)
		srq->users += (uint32_t)by;

	if (send)
		send->users += (uint32_t)by;
	if (recv)
		recv->users += (uint32_t)by;
}

enum mlx5_status mlx5_create_qp(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const uint8_t *ctx = cmd->in + QPC_IN;
	unsigned int shift = 12 + (unsigned int)mlx5_get(ctx, QPC_LOG_PAGE);
	struct mlx5_qp qp = { .used = true }, *slot;
	enum mlx5_status status = read_context(mlx5, ctx, &qp);

	if (status)
		return status;
	slot = find_slot(mlx5);
	if (!slot)
		return ST_NO_RESOURCES;
	status = mlx5_ring_take(cmd, (uint64_t)qp.rq_bytes + qp.sq_bytes, shift,
				(struct mlx5_part){ mlx5_get(ctx, QPC_PAGE_OFFSET), 6 },
				&qp.ring);
	if (status)
		return status;
	*slot = qp;
	hold_queues(mlx5, slot, 1);
	mlx5_set(cmd->out, OUT_OBJECT, slot - mlx5->qp);
	return ST_OK;
}

static void drop(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	held_drop(&mlx5->held, (uint32_t)(qp - mlx5->qp));
	mlx5_look(mlx5, qp, false);
	mlx5_ring_free(&qp->ring);
	*qp = (struct mlx5_qp){ 0 };
}

enum mlx5_status mlx5_destroy_qp(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	struct mlx5_qp *qp = mlx5_qp_get(mlx5, (uint32_t)mlx5_get(cmd->in, IN_OBJECT));

	if (!qp)
		return ST_BAD_RESOURCE;
	hold_queues(mlx5, qp, -1);
	stop(mlx5, qp);
	drop(mlx5, qp);
	return ST_OK;
}

void mlx5_qp_forget(struct mlx5 *mlx5)
{
	for (uint32_t n = 0; n < 1u << LOG_MAX_QP; n++)
		if (mlx5->qp[n].used)
			drop(mlx5, &mlx5->qp[n]);
}

/* ---- state ---- */

static const struct step {
	uint16_t opcode;
	unsigned int from;	/* states, a bit each */
	enum mlx5_qp_state to;
} steps[] = {
	{ OP_RST2INIT_QP, 1u << QP_RST, QP_INIT },
	{ OP_INIT2INIT_QP, 1u << QP_INIT, QP_INIT },
	{ OP_INIT2RTR_QP, 1u << QP_INIT, QP_RTR },
	{ OP_RTR2RTS_QP, 1u << QP_RTR, QP_RTS },
	{ OP_RTS2RTS_QP, 1u << QP_RTS, QP_RTS },
	{ OP_SQERR2RTS_QP, 1u << QP_SQER, QP_RTS },
	{ OP_2ERR_QP, ~0u, QP_ERR },
	{ OP_2RST_QP, ~0u, QP_RST },
};

static const struct step *find_step(uint16_t opcode)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i].opcode == opcode)
			return &steps[i];
	return NULL;
}

static void copy(uint8_t *to, const uint8_t *from, unsigned int field)
{
	mlx5_set(to, field, mlx5_get(from, field));
}

/* What this step is for, and then what the mask names. */
static void take_fields(uint8_t *ctx, const struct mlx5_cmd *cmd)
{
	const uint8_t *new = cmd->in + QPC_IN;
	uint32_t mask = mlx5_get32(cmd->in + QP_OPT_MASK);

	switch (cmd->opcode) {
	case OP_RST2INIT_QP:
		mask |= OPT_RRE | OPT_RWE | OPT_RAE | OPT_QKEY;
		break;
	case OP_INIT2RTR_QP:
		copy(ctx, new, QPC_REMOTE_QPN);
		copy(ctx, new, MTU_AND_MSG);
		memcpy(ctx + PATH, new + PATH, PATH_SIZE);
		break;
	case OP_RTR2RTS_QP:
		copy(ctx, new, QPC_NEXT_SEND_PSN);
		mask |= OPT_RNR_RETRY;
		break;
	}
	if (mask & OPT_RRE)
		copy(ctx, new, QPC_RRE);
	if (mask & OPT_RWE)
		copy(ctx, new, QPC_RWE);
	if (mask & OPT_RAE)
		copy(ctx, new, QPC_RAE);
	if (mask & OPT_QKEY)
		copy(ctx, new, QPC_QKEY);
	if (mask & OPT_RNR_RETRY)
		copy(ctx, new, QPC_RNR_RETRY);
}

enum mlx5_status mlx5_modify_qp(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	struct mlx5_qp *qp = mlx5_qp_get(mlx5, (uint32_t)mlx5_get(cmd->in, IN_OBJECT));
	const struct step *step = find_step(cmd->opcode);

	if (!qp)
		return ST_BAD_RESOURCE;
	if (!(step->from >> qp->state & 1))
		return ST_BAD_RESOURCE_STATE;
	if (step->to != QP_ERR && step->to != QP_RST)
		take_fields(qp->ctx, cmd);
	if (step->to == QP_ERR) {
		mlx5_qp_fail(mlx5, qp);
	} else if (step->to == QP_RST) {
		qp->rq_cons = 0;
		qp->sq_cons = 0;
		qp->recv.taken = false;
		stop(mlx5, qp);
	}
	qp->state = step->to;
	mlx5_qp_doorbell(mlx5, qp);	/* it may have been rung too early */
	return ST_OK;
}

enum mlx5_status mlx5_query_qp(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const struct mlx5_qp *qp = mlx5_qp_get(mlx5, (uint32_t)mlx5_get(cmd->in, IN_OBJECT));

	if (!qp)
		return ST_BAD_RESOURCE;
	memcpy(cmd->out + QPC_IN, qp->ctx, QPC_SIZE);
	mlx5_set(cmd->out + QPC_IN, QPC_STATE, qp->state);
	return ST_OK;
}
