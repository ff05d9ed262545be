// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Completion queues: creation, destruction, another ring, what a query tells; entries and
 * arming.
 *
 * How far the driver has read, it writes into a doorbell record in its memory. A queue is
 * armed for one event, either for any entry or for a solicited one. If there is such an entry
 * already that the driver had not seen when it armed, the event comes at once, unless the last
 * event was for that entry: a program may arm before it takes what the event was for.
 */
#include <string.h>

#include "core/slots.h"
#include "mlx5.h"

#define LOG_CQE_64	6u
#define LOG_CQE_128	7u

struct mlx5_cq *mlx5_cq_get(struct mlx5 *mlx5, uint32_t number)
{
	return number < 1u << LOG_MAX_CQ && mlx5->cq[number].used ? &mlx5->cq[number] : NULL;
}

static struct mlx5_cq *find_slot(struct mlx5 *mlx5)
{
	uint32_t n = SLOTS_FIND(mlx5->cq, 1, &mlx5->last_cq);

	return n ? &mlx5->cq[n] : NULL;
}

/* The ring that a command gives a queue, with entries of 1 << @log_cqe bytes. */
static enum mlx5_status take_ring(const struct mlx5_cmd *cmd, unsigned int log_cqe,
				  struct mlx5_ring *ring)
{
	const uint8_t *ctx = cmd->in + CQC;
	struct mlx5_part start = { mlx5_get(ctx, CQC_PAGE_OFFSET), 6 };
	uint64_t log_size = mlx5_get(ctx, CQC_LOG_SIZE);

	if (log_size > LOG_MAX_CQ_SIZE)
		return ST_BAD_PARAM;
	return mlx5_ring_take(cmd, 1ull << (log_size + log_cqe),
			      12 + (unsigned int)mlx5_get(ctx, CQC_LOG_PAGE), start, ring);
}

static enum mlx5_status check(struct mlx5 *mlx5, const uint8_t *ctx)
{
	uint64_t eq = mlx5_get(ctx, CQC_EQ);

	if (mlx5_get(ctx, CQC_CQE_SZ) > 2 ||
	    !mlx5_number_live(mlx5, NUMBER_UAR, (uint32_t)mlx5_get(ctx, CQC_UAR)))
		return ST_BAD_PARAM;
	return eq < 1u << LOG_MAX_EQ && mlx5->eq[eq].used ? ST_OK : ST_BAD_RESOURCE;
}

enum mlx5_status mlx5_create_cq(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const uint8_t *ctx = cmd->in + CQC;
	struct mlx5_cq cq = {
		.used = true,
		.log_size = (uint8_t)mlx5_get(ctx, CQC_LOG_SIZE),
		.log_cqe = mlx5_get(ctx, CQC_CQE_SZ) ? LOG_CQE_128 : LOG_CQE_64,
		.eq = (uint8_t)mlx5_get(ctx, CQC_EQ),
	};
	enum mlx5_status status = check(mlx5, ctx);
	struct mlx5_cq *slot;

	if (status)
		return status;
	slot = find_slot(mlx5);
	if (!slot)
		return ST_NO_RESOURCES;
	status = take_ring(cmd, cq.log_cqe, &cq.ring);
	if (status)
		return status;
	memcpy(cq.ctx, ctx, CQC_SIZE);
	*slot = cq;
	mlx5_set(cmd->out, OUT_OBJECT, slot - mlx5->cq);
	return ST_OK;
}

static void drop(struct mlx5_cq *cq)
{
	mlx5_ring_free(&cq->ring);
	*cq = (struct mlx5_cq){ 0 };
}

enum mlx5_status mlx5_destroy_cq(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	struct mlx5_cq *cq = mlx5_cq_get(mlx5, (uint32_t)mlx5_get(cmd->in, IN_OBJECT));

	if (!cq)
		return ST_BAD_RESOURCE;
	if (cq->users)
		return ST_BAD_RESOURCE_STATE;
	drop(cq);
	return ST_OK;
}

enum mlx5_status mlx5_query_cq(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const struct mlx5_cq *cq = mlx5_cq_get(mlx5, (uint32_t)mlx5_get(cmd->in, IN_OBJECT));

	if (!cq)
		return ST_BAD_RESOURCE;
	memcpy(cmd->out + CQC, cq->ctx, CQC_SIZE);
	return ST_OK;
}

void mlx5_cq_forget(struct mlx5 *mlx5)
{
	for (uint32_t n = 0; n < 1u << LOG_MAX_CQ; n++)
		if (mlx5->cq[n].used)
			drop(&mlx5->cq[n]);
}

/* ---- entries ---- */

static void fire(struct mlx5 *mlx5, struct mlx5_cq *cq)
{
	struct mlx5_eq *eq = &mlx5->eq[cq->eq];
	uint8_t data[EQE_DATA_SIZE] = { 0 };

	mlx5_put32(data + EVENT_CQN, (uint32_t)(cq - mlx5->cq));
	if (!mlx5_eq_post(mlx5, eq, EV_COMPLETION, 0, data))
		return;			/* the next completion tries again */
	cq->armed = CQ_NOT_ARMED;
	cq->told = cq->prod;
}

/*
 * How many entries has the consumer not read yet? One that cannot be asked is taken to have read
 * none, and one that lets the queue be overrun says nothing about it.
 */
static uint32_t unread(struct mlx5 *mlx5, const struct mlx5_cq *cq)
{
	uint64_t record = mlx5_get(cq->ctx, CQC_DBR);
	uint8_t cons[4] = { 0 };

	if (mlx5_get(cq->ctx, CQC_OVERRUN))
		return 0;
	nic_dma_read(mlx5->nic, record + CQ_DBR_CONS, cons, sizeof(cons), 0);
	return (cq->prod - mlx5_get32(cons)) & CQ_INDEX;
}

static bool full(struct mlx5 *mlx5, const struct mlx5_cq *cq)
{
	return unread(mlx5, cq) >= 1u << cq->log_size;
}

static void fail(struct mlx5 *mlx5, struct mlx5_cq *cq)
{
	struct mlx5_eq *eq = mlx5_eq_for(mlx5, EV_CQ_ERROR);
	uint8_t data[EQE_DATA_SIZE] = { 0 };

	cq->failed = true;
	mlx5_put32(data, (uint32_t)(cq - mlx5->cq));
	data[CQ_SYNDROME] = CQ_OVERRUN;
	if (eq)
		mlx5_eq_post(mlx5, eq, EV_CQ_ERROR, 0, data);
}

/* The last dword, which has the owner bit, becomes visible last. */
static int publish(struct mlx5 *mlx5, struct mlx5_cq *cq, const uint8_t cqe[CQE_SIZE])
{
	uint64_t slot = cq->prod & ((1u << cq->log_size) - 1);
	uint64_t at = mlx5_ring_dma(&cq->ring, ((slot + 1) << cq->log_cqe) - CQE_SIZE);

	if (nic_dma_write(mlx5->nic, at, cqe, CQE_LAST, 0))
		return -1;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	return nic_dma_write(mlx5->nic, at + CQE_LAST, cqe + CQE_LAST, CQE_SIZE - CQE_LAST, 0);
}

/* Return: false if it is lost. */
static bool append(struct mlx5 *mlx5, struct mlx5_cq *cq, uint8_t cqe[CQE_SIZE])
{
	if (!cq->failed && full(mlx5, cq))
		fail(mlx5, cq);
	cqe[CQE_OWNER] = (uint8_t)((cqe[CQE_OWNER] & ~1u) | (cq->prod >> cq->log_size & 1));
	if (cq->failed || publish(mlx5, cq, cqe))
		return false;
	cq->prod++;
	return true;
}

void mlx5_cq_post(struct mlx5 *mlx5, struct mlx5_cq *cq, uint8_t cqe[CQE_SIZE], bool solicited)
{
	if (!append(mlx5, cq, cqe)) {
		mlx5->count.completions_lost++;
		return;
	}
	mlx5->count.completions++;
	if (solicited)
		cq->solicited = cq->prod;
	if (cq->armed == CQ_ARMED || (cq->armed == CQ_ARMED_SOLICITED && solicited))
		fire(mlx5, cq);
}

void mlx5_cq_arm(struct mlx5 *mlx5, struct mlx5_cq *cq, uint32_t word)
{
	uint32_t seen = word & CQ_INDEX, news;

	cq->armed = word & CQ_ARM_SOLICITED ? CQ_ARMED_SOLICITED : CQ_ARMED;
	news = cq->armed == CQ_ARMED ? cq->prod : cq->solicited;
	/* entries that wait: at most as many as the ring has, so that a wrap tells nothing */
	if (((news - seen) & CQ_INDEX) - 1 < 1u << cq->log_size && (int32_t)(news - cq->told) > 0)
		fire(mlx5, cq);
}

/* ---- another ring ---- */

/*
 * The last entry of the old ring says that the queue goes on in the new one. The driver copies
 * there what it has not read yet. If there is no room for this, nothing changes.
 */
static enum mlx5_status resize(struct mlx5 *mlx5, struct mlx5_cq *cq, const struct mlx5_cmd *cmd)
{
	uint8_t last[CQE_SIZE] = { [CQE_OWNER] = CQE_RESIZED << 4 };
	const uint8_t *ctx = cmd->in + CQC;
	struct mlx5_ring ring;
	enum mlx5_status status;
	uint32_t waiting;

	if (cmd->in_len < CQC + CQC_SIZE)
		return ST_BAD_INPUT_LENGTH;
	waiting = unread(mlx5, cq);
	if (waiting > 1ull << mlx5_get(ctx, CQC_LOG_SIZE))
		return ST_UNREAD_ENTRIES;
	if (waiting >= 1u << cq->log_size)
		return ST_BAD_RESOURCE_STATE;
	status = take_ring(cmd, cq->log_cqe, &ring);
	if (status)
		return status;
	if (!append(mlx5, cq, last)) {
		mlx5_ring_free(&ring);
		return ST_BAD_RESOURCE_STATE;
	}
	mlx5_ring_free(&cq->ring);
	cq->ring = ring;
	cq->log_size = (uint8_t)mlx5_get(ctx, CQC_LOG_SIZE);
	mlx5_set(cq->ctx, CQC_LOG_SIZE, cq->log_size);
	return ST_OK;
}

/* But for another ring it is about moderation, of which there is none. */
enum mlx5_status mlx5_modify_cq(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	struct mlx5_cq *cq = mlx5_cq_get(mlx5, (uint32_t)mlx5_get(cmd->in, IN_OBJECT));

	if (!cq)
		return ST_BAD_RESOURCE;
	return cmd->op_mod == MODIFY_CQ_RESIZE ? resize(mlx5, cq, cmd) : ST_OK;
}
