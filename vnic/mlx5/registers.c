// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * BAR 0: the initialization segment, and the UAR pages behind it, where doorbells are rung.
 * All of it is big endian. What does not exist reads as 0, and a write to it is counted.
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
	uint64_t now = clock_now_ns();

	switch (off) {
	case SEG_FW_REV:
		return FW_MINOR << 16 | FW_MAJOR;
	case SEG_CMD_REV:
		return CMD_REVISION << 16 | FW_SUB_MINOR;
	case SEG_CMDQ_HI:
		return (uint32_t)(mlx5->cmdq >> 32);
	case SEG_CMDQ_LO:
		return (uint32_t)mlx5->cmdq | (dead ? STATE_DISABLED : mlx5->cmdq_state) << 8 | LOG_ENTRIES << 4 |
		       LOG_ENTRY_SIZE;
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

void mlx5_doorbell(struct mlx5 *mlx5, uint32_t uar, uint32_t off, const void *buf, uint32_t len)
{
	mlx5->count.doorbells++;
	if (!mlx5_number_live(mlx5, NUMBER_UAR, uar))
		mlx5->count.bad_access++;
	else if (len == 4 && (off == UAR_EQ_ARM || off == UAR_EQ_UPDATE))
		mlx5_eq_doorbell(mlx5, mlx5_get32(buf), off == UAR_EQ_ARM);
	else if (len == 8 && off >= UAR_SQ)
		mlx5_qp_doorbell(mlx5, mlx5_get32((const uint8_t *)buf + 4) >> 8);
	else if (len == 8 && off == UAR_CQ_ARM)
		mlx5_cq_arm(mlx5, mlx5_get32((const uint8_t *)buf + 4), mlx5_get32(buf));
}
