// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Event queues. An entry is valid when its owner bit says which time round it is. A queue
 * is armed for one interrupt; arming it when it has entries that the driver has not seen
 * raises the interrupt at once.
 */
#include <string.h>

#include "mlx5.h"

#define CONS_MASK 0xffffffu

enum mlx5_status mlx5_create_eq(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const uint8_t *ctx = cmd->in + EQC;
	uint32_t vector = (uint32_t)mlx5_get(ctx, EQC_VECTOR);
	uint32_t log_size = (uint32_t)mlx5_get(ctx, EQC_LOG_SIZE);
	uint32_t uar = (uint32_t)mlx5_get(ctx, EQC_UAR);
	enum mlx5_status status;
	struct mlx5_ring ring;
	unsigned int n;

	if (vector >= MLX5_VECTORS || log_size > LOG_MAX_EQ_SIZE ||
	    !mlx5_number_live(mlx5, NUMBER_UAR, uar))
		return ST_BAD_PARAM;
	for (n = 1; n < 1u << LOG_MAX_EQ && mlx5->eq[n].used; n++)
		;
	if (n == 1u << LOG_MAX_EQ)
		return ST_NO_RESOURCES;
	status = mlx5_ring_take(cmd, (uint64_t)EQE_SIZE << log_size,
				12 + (unsigned int)mlx5_get(ctx, EQC_LOG_PAGE),
				(struct mlx5_part){ 0 }, &ring);
	if (status)
		return status;
	mlx5->eq[n] = (struct mlx5_eq){ .used = true, .vector = (uint8_t)vector,
					.log_size = (uint8_t)log_size, .uar = uar,
					.ring = ring };
	for (unsigned int i = 0; i < 4; i++)
		mlx5->eq[n].events[i] = mlx5_get64(cmd->in + EQ_EVENTS + 8 * i);
	mlx5_set(cmd->out, OUT_EQ, n);
	return ST_OK;
}

static void drop(struct mlx5_eq *eq)
{
	mlx5_ring_free(&eq->ring);
	*eq = (struct mlx5_eq){ 0 };
}

static bool has_cqs(const struct mlx5 *mlx5, unsigned int n)
{
	for (unsigned int i = 0; i < 1u << LOG_MAX_CQ; i++)
		if (mlx5->cq[i].used && mlx5->cq[i].eq == n)
			return true;
	return false;
}

enum mlx5_status mlx5_destroy_eq(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	unsigned int n = (unsigned int)mlx5_get(cmd->in, IN_EQ);

	if (n >= 1u << LOG_MAX_EQ || !mlx5->eq[n].used)
		return ST_BAD_RESOURCE;
	if (has_cqs(mlx5, n))
		return ST_BAD_RESOURCE_STATE;
	drop(&mlx5->eq[n]);
	return ST_OK;
}

void mlx5_eq_forget(struct mlx5 *mlx5)
{
	for (unsigned int n = 0; n < 1u << LOG_MAX_EQ; n++)
		drop(&mlx5->eq[n]);
}

struct mlx5_eq *mlx5_eq_for(struct mlx5 *mlx5, enum mlx5_event type)
{
	for (unsigned int n = 1; n < 1u << LOG_MAX_EQ; n++)
		if (mlx5->eq[n].used && mlx5->eq[n].events[type / 64] >> type % 64 & 1)
			return &mlx5->eq[n];
	return NULL;
}

/* The last dword, which has the owner bit, becomes visible last. */
static int publish(struct mlx5 *mlx5, uint64_t at, const uint8_t eqe[EQE_SIZE])
{
	const uint32_t tail = EQE_SIZE - 4;

	if (nic_dma_write(mlx5->nic, at, eqe, tail, 0))
		return -1;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	return nic_dma_write(mlx5->nic, at + tail, eqe + tail, EQE_SIZE - tail, 0);
}

/* The driver says how far it has read only now and then, so "full" may come early. */
static bool is_full(const struct mlx5_eq *eq)
{
	return ((eq->prod - eq->cons) & CONS_MASK) >= 1u << eq->log_size;
}

bool mlx5_eq_post(struct mlx5 *mlx5, struct mlx5_eq *eq, enum mlx5_event type,
		  uint8_t sub_type, const uint8_t data[EQE_DATA_SIZE])
{
	uint32_t slot = eq->prod & ((1u << eq->log_size) - 1);
	uint8_t eqe[EQE_SIZE] = { [EQE_TYPE] = (uint8_t)type, [EQE_SUB_TYPE] = sub_type };

	memcpy(eqe + EQE_DATA, data, EQE_DATA_SIZE);
	eqe[EQE_OWNER] = eq->prod >> eq->log_size & 1;
	if (is_full(eq) ||
	    publish(mlx5, mlx5_ring_dma(&eq->ring, (uint64_t)slot * EQE_SIZE), eqe)) {
		mlx5->count.events_lost++;
		return false;
	}
	eq->prod++;
	mlx5->count.events++;
	if (eq->armed) {
		eq->armed = false;
		pci_raise(&mlx5->nic->pci, eq->vector);
	}
	return true;
}

struct mlx5_eq *mlx5_eq_get(struct mlx5 *mlx5, uint32_t number)
{
	return number < 1u << LOG_MAX_EQ && mlx5->eq[number].used ? &mlx5->eq[number] : NULL;
}

void mlx5_eq_doorbell(struct mlx5 *mlx5, struct mlx5_eq *eq, uint32_t cons, bool arm)
{
	eq->cons = cons & CONS_MASK;
	if (!arm)
		return;
	eq->armed = (eq->prod & CONS_MASK) == eq->cons;
	if (!eq->armed)
		pci_raise(&mlx5->nic->pci, eq->vector);
}
