// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Shared receive queues, of two kinds: a plain one is a receive memory pool (RMP) and
 * completes to the CQ of the queue pair that received; one for XRC has a CQ of its own. Both
 * kinds are in one table, since the driver takes their numbers for one space.
 *
 * The receives are a list: each begins with the index of the next, and the first one is at
 * index 0. How many were posted, the doorbell record says.
 */
#include <string.h>

#include "core/slots.h"
#include "work.h"

#define NEXT_INDEX	2u	/* u16, in a receive */
#define STRIDE_MIN	4u	/* an XRC queue's log2 of bytes counts from here */
#define LOG_MAX_RECV	9u	/* bytes of a receive request, as in capability.c */

struct mlx5_srq *mlx5_srq_get(struct mlx5 *mlx5, uint32_t number)
{
	return number < 1u << LOG_MAX_SRQ && mlx5->srq[number].used ? &mlx5->srq[number] : NULL;
}

static struct mlx5_srq *find_slot(struct mlx5 *mlx5)
{
	uint32_t n = SLOTS_FIND(mlx5->srq, 1, &mlx5->last_srq);

	return n ? &mlx5->srq[n] : NULL;
}

/* ---- creation and destruction ---- */

static enum mlx5_status create(struct mlx5 *mlx5, struct mlx5_cmd *cmd, struct mlx5_srq *srq,
			       unsigned int shift, struct mlx5_part start)
{
	enum mlx5_status status;
	struct mlx5_srq *slot;
	struct mlx5_cq *cq = mlx5_cq_get(mlx5, srq->cq);

	if (srq->log_size > LOG_MAX_SRQ_SIZE || srq->log_stride > LOG_MAX_RECV ||
	    srq->log_stride < STRIDE_MIN || !mlx5_number_live(mlx5, NUMBER_PD, srq->pd))
		return ST_BAD_PARAM;
	if (srq->xrc && (!cq || !mlx5_number_live(mlx5, NUMBER_XRCD, srq->xrcd)))
		return ST_BAD_RESOURCE;
	slot = find_slot(mlx5);
	if (!slot)
		return ST_NO_RESOURCES;
	status = mlx5_ring_take(cmd, 1ull << (srq->log_size + srq->log_stride), shift, start,
				&srq->ring);
	if (status)
		return status;
	*slot = *srq;
	if (srq->xrc)
		cq->users++;
	mlx5_set(cmd->out, OUT_OBJECT, slot - mlx5->srq);
	return ST_OK;
}

enum mlx5_status mlx5_create_rmp(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const uint8_t *ctx = cmd->in + RMP_IN;
	unsigned int shift = 12 + (unsigned int)mlx5_get(ctx, RMPC_LOG_PAGE);
	struct mlx5_srq srq = {
		.used = true,
		.pd = (uint32_t)mlx5_get(ctx, RMPC_PD),
		.log_size = (uint8_t)mlx5_get(ctx, RMPC_LOG_SIZE),
		.log_stride = (uint8_t)mlx5_get(ctx, RMPC_LOG_STRIDE),
		.record = mlx5_get(ctx, RMPC_DBR),
	};

	memcpy(srq.ctx, ctx, RMPC_SIZE);
	return create(mlx5, cmd, &srq, shift,
		      (struct mlx5_part){ mlx5_get(ctx, RMPC_PAGE_OFFSET), 5 });
}

enum mlx5_status mlx5_create_xrc_srq(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const uint8_t *ctx = cmd->in + XRC_SRQ_IN;
	unsigned int shift = 12 + (unsigned int)mlx5_get(ctx, XRC_SRQC_LOG_PAGE);
	struct mlx5_srq srq = {
		.used = true,
		.xrc = true,
		.pd = (uint32_t)mlx5_get(ctx, XRC_SRQC_PD),
		.xrcd = (uint32_t)mlx5_get(ctx, XRC_SRQC_XRCD),
		.cq = (uint32_t)mlx5_get(ctx, XRC_SRQC_CQ),
		.user_index = (uint32_t)mlx5_get(ctx, XRC_SRQC_USER_INDEX),
		.log_size = (uint8_t)mlx5_get(ctx, XRC_SRQC_LOG_SIZE),
		.log_stride = (uint8_t)(mlx5_get(ctx, XRC_SRQC_STRIDE) + STRIDE_MIN),
		.record = mlx5_get(ctx, XRC_SRQC_DBR),
	};

	memcpy(srq.ctx, ctx, XRC_SRQC_SIZE);
	return create(mlx5, cmd, &srq, shift,
		      (struct mlx5_part){ mlx5_get(ctx, XRC_SRQC_PAGE_OFFSET), 6 });
}

static void drop(struct mlx5_srq *srq)
{
	mlx5_ring_free(&srq->ring);
	*srq = (struct mlx5_srq){ 0 };
}

/* Receives of messages that have begun to arrive go with the queue that they are from. */
static void drop_taken(struct mlx5 *mlx5, uint32_t xrc_srq)
{
	for (uint32_t n = 0; n < 1u << LOG_MAX_QP; n++) {
		struct mlx5_recv *recv = &mlx5->qp[n].recv;

		if (recv->taken && recv->xrc_srq == xrc_srq)
			recv->taken = false;
	}
}

/* The one that a command names, which has to be of the command's kind. */
static struct mlx5_srq *named(struct mlx5 *mlx5, const struct mlx5_cmd *cmd, bool xrc)
{
	struct mlx5_srq *srq = mlx5_srq_get(mlx5, (uint32_t)mlx5_get(cmd->in, IN_OBJECT));

	return srq && srq->xrc == xrc ? srq : NULL;
}

enum mlx5_status mlx5_destroy_srq(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	struct mlx5_srq *srq = named(mlx5, cmd, cmd->opcode == OP_DESTROY_XRC_SRQ);
	struct mlx5_cq *cq;

	if (!srq)
		return ST_BAD_RESOURCE;
	if (srq->users)
		return ST_BAD_RESOURCE_STATE;
	cq = srq->xrc ? mlx5_cq_get(mlx5, srq->cq) : NULL;
	if (cq) {
		cq->users--;
		drop_taken(mlx5, (uint32_t)(srq - mlx5->srq));
	}
	drop(srq);
	return ST_OK;
}

void mlx5_srq_forget(struct mlx5 *mlx5)
{
	for (uint32_t n = 0; n < 1u << LOG_MAX_SRQ; n++)
		drop(&mlx5->srq[n]);
}

/* ---- query, and the limit ---- */

enum mlx5_status mlx5_query_rmp(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const struct mlx5_srq *srq = named(mlx5, cmd, false);

	if (!srq)
		return ST_BAD_RESOURCE;
	memcpy(cmd->out + RMP_IN, srq->ctx, RMPC_SIZE);
	mlx5_set(cmd->out + RMP_IN, RMPC_LIMIT, srq->limit);
	return ST_OK;
}

enum mlx5_status mlx5_query_xrc_srq(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const struct mlx5_srq *srq = named(mlx5, cmd, true);

	if (!srq)
		return ST_BAD_RESOURCE;
	memcpy(cmd->out + XRC_SRQ_IN, srq->ctx, XRC_SRQC_SIZE);
	mlx5_set(cmd->out + XRC_SRQ_IN, XRC_SRQC_LIMIT, srq->limit);
	return ST_OK;
}

static uint16_t waiting(struct mlx5 *mlx5, const struct mlx5_srq *srq)
{
	uint8_t posted[4] = { 0 };

	nic_dma_read(mlx5->nic, srq->record, posted, sizeof(posted), 0);
	return (uint16_t)(mlx5_get32(posted) - srq->taken);
}

/* One event when fewer receives than the limit are left; then there is no limit any more. */
static void check_limit(struct mlx5 *mlx5, struct mlx5_srq *srq)
{
	struct mlx5_eq *eq = mlx5_eq_for(mlx5, EV_SRQ_LIMIT);
	uint8_t data[EQE_DATA_SIZE] = { 0 };

	if (!srq->limit || waiting(mlx5, srq) >= srq->limit)
		return;
	srq->limit = 0;
	mlx5_put32(data + EVENT_NUMBER, (uint32_t)(srq - mlx5->srq));
	if (eq)
		mlx5_eq_post(mlx5, eq, EV_SRQ_LIMIT, 0, data);
}

static enum mlx5_status arm(struct mlx5 *mlx5, struct mlx5_srq *srq, uint64_t limit)
{
	if (!srq)
		return ST_BAD_RESOURCE;
	srq->limit = (uint16_t)limit;
	check_limit(mlx5, srq);
	return ST_OK;
}

enum mlx5_status mlx5_modify_rmp(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	if (!(mlx5_get64(cmd->in + MODIFY_RMP_MASK) & MODIFY_RMP_LIMIT))
		return ST_BAD_PARAM;
	return arm(mlx5, named(mlx5, cmd, false), mlx5_get(cmd->in + RMP_IN, RMPC_LIMIT));
}

enum mlx5_status mlx5_arm_xrc_srq(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	return arm(mlx5, named(mlx5, cmd, true), mlx5_get(cmd->in, ARM_XRC_SRQ_LIMIT));
}

/* ---- receives ---- */

bool mlx5_srq_take(struct mlx5 *mlx5, struct mlx5_srq *srq, uint16_t *index)
{
	uint64_t at = mlx5_ring_dma(&srq->ring, (uint64_t)srq->head << srq->log_stride);
	uint8_t begin[NEXT_INDEX + 2];
	uint16_t left = waiting(mlx5, srq);

	/* more than it has room for is nonsense in the doorbell record */
	if (!left || left > 1u << srq->log_size ||
	    nic_dma_read(mlx5->nic, at, begin, sizeof(begin), 0))
		return false;
	*index = srq->head;
	srq->head = mlx5_get16(begin + NEXT_INDEX) & ((1u << srq->log_size) - 1);
	srq->taken++;
	check_limit(mlx5, srq);
	return true;
}
