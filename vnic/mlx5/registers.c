// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * BAR 0: the initialization segment, and the UAR pages behind it, where doorbells are rung.
 * All of it is big endian. What does not exist reads as 0, and a write to it is counted.
 *
 * A UAR page belongs to a process, or to the driver. A doorbell counts only in the page that
 * its queue was made with, so that no process can ring for another, or for the driver.
 */
#include "base/clock.h"
#include "mlx5.h"

#define FW_MAJOR	16u
#define FW_MINOR	35u
#define FW_SUB_MINOR	1000u
#define CMD_REVISION	5u		/* the driver takes no other */
#define LOG_ENTRIES	5u		/* 32 commands at a time */
#define LOG_ENTRY_SIZE	6u
#define HEALTH_PERIOD_NS 10000000u
#define STATE_DISABLED	1u		/* of the NIC interface */
#define SYNDROME_FIRMWARE 1u
#define CMDQ_ADDRESS	0xfffff000u	/* in the low word */

uint32_t mlx5_segment_read(struct mlx5 *mlx5, uint32_t off)
{
	bool dead = mlx5_fault(&mlx5->nic->fault)->internal_error;
	uint32_t state = dead ? STATE_DISABLED : mlx5->cmdq_state;
	uint64_t now = clock_now_ns();

	switch (off) {
	case SEG_FW_REV:
		return FW_MINOR << 16 | FW_MAJOR;
	case SEG_CMD_REV:
		return CMD_REVISION << 16 | FW_SUB_MINOR;
	case SEG_CMDQ_HI:
		return (uint32_t)(mlx5->cmdq >> 32);
	case SEG_CMDQ_LO:
		return (uint32_t)mlx5->cmdq | state << 8 | LOG_ENTRIES << 4 | LOG_ENTRY_SIZE;
	case SEG_SYNDROME:
		return dead ? SYNDROME_FIRMWARE << 16 : 0;
	case SEG_TIMER_HI:
		return (uint32_t)(now >> 32);
	case SEG_TIMER_LO:
		return (uint32_t)now;
	case SEG_COUNTER:
		return (uint32_t)(now / HEALTH_PERIOD_NS);
	default:	/* ready, healthy, default timeouts */
		return 0;
	}
}

/* With a state in it the write changes that alone. */
static void write_cmdq(struct mlx5 *mlx5, uint32_t value)
{
	mlx5->cmdq_state = (value & SEG_CMDQ_STATE) >> 8;
	if (!mlx5->cmdq_state)
		mlx5->cmdq = (mlx5->cmdq & ~(uint64_t)UINT32_MAX) | (value & CMDQ_ADDRESS);
}

void mlx5_segment_write(struct mlx5 *mlx5, uint32_t off, uint32_t value)
{
	switch (off) {
	case SEG_CMDQ_HI:
		mlx5->cmdq = (mlx5->cmdq & UINT32_MAX) | (uint64_t)value << 32;
		break;
	case SEG_CMDQ_LO:
		write_cmdq(mlx5, value);
		break;
	case SEG_DOORBELL:
		for (unsigned int slot = 0; slot < 1u << LOG_ENTRIES; slot++)
			if (value >> slot & 1)
				mlx5_command(mlx5, slot);
		break;
	default:
		mlx5->count.bad_access++;
	}
}

/* ---- doorbells. Return: false if there is no such queue of this page ---- */

static bool ring_eq(struct mlx5 *mlx5, uint32_t uar, uint32_t value, bool arm)
{
	struct mlx5_eq *eq = mlx5_eq_get(mlx5, value >> 24);

	if (!eq || eq->uar != uar)
		return false;
	mlx5_eq_doorbell(mlx5, eq, value, arm);
	return true;
}

static bool ring_sq(struct mlx5 *mlx5, uint32_t uar, uint32_t number)
{
	const struct mlx5_qp *qp = mlx5_qp_get(mlx5, number);

	if (!qp || mlx5_get(qp->ctx, QPC_UAR) != uar)
		return false;
	mlx5_qp_doorbell(mlx5, qp);
	return true;
}

static bool arm_cq(struct mlx5 *mlx5, uint32_t uar, uint32_t number, uint32_t word)
{
	struct mlx5_cq *cq = mlx5_cq_get(mlx5, number);

	if (!cq || mlx5_get(cq->ctx, CQC_UAR) != uar)
		return false;
	mlx5_cq_arm(mlx5, cq, word);
	return true;
}

static bool ring(struct mlx5 *mlx5, uint32_t uar, uint32_t off, const uint8_t *buf,
		 uint32_t len)
{
	if (len == 4 && (off == UAR_EQ_ARM || off == UAR_EQ_UPDATE))
		return ring_eq(mlx5, uar, mlx5_get32(buf), off == UAR_EQ_ARM);
	if (len == 8 && off >= UAR_SQ)
		return ring_sq(mlx5, uar, mlx5_get32(buf + 4) >> 8);
	if (len == 8 && off == UAR_CQ_ARM)
		return arm_cq(mlx5, uar, mlx5_get32(buf + 4) & CQ_INDEX, mlx5_get32(buf));
	return false;
}

void mlx5_doorbell(struct mlx5 *mlx5, uint32_t uar, uint32_t off, const void *buf, uint32_t len)
{
	mlx5->count.doorbells++;
	if (!mlx5_number_live(mlx5, NUMBER_UAR, uar) || !ring(mlx5, uar, off, buf, len))
		mlx5->count.bad_access++;
}
