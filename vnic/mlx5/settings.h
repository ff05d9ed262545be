/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What options and fault switches set that only this model has. */
#ifndef VNIC_MLX5_SETTINGS_H
#define VNIC_MLX5_SETTINGS_H

#include <stdint.h>

#include "core/nic.h"

struct mlx5_config {
	uint16_t part;		/* PCI device id: 0x1017, or 0x1018, its virtual function */
	uint16_t lid;		/* of the port, which is its own subnet manager's, too */
};

struct mlx5_fault {
	uint32_t drop_command_eqe;	/* lose that many of the next command events */
	uint32_t fail_opcode;		/* command to fail; 0: none */
	uint32_t fail_status;		/* with this status; 0: internal error */
	uint32_t fail_count;		/* that many times */
};

extern const struct mlx5_config mlx5_defaults;
extern const struct nic_option mlx5_options[];
extern const struct fault_desc mlx5_faults[];

static inline const struct mlx5_config *mlx5_config(const struct nic_config *config)
{
	return NIC_OWN(const struct mlx5_config, &config->own);
}

static inline struct mlx5_fault *mlx5_fault(struct fault *fault)
{
	return NIC_OWN(struct mlx5_fault, &fault->own);
}

#endif /* VNIC_MLX5_SETTINGS_H */
