/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What options and fault switches set that only this model has. */
#ifndef VNIC_MLX5_SETTINGS_H
#define VNIC_MLX5_SETTINGS_H

#include <stdbool.h>
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
	uint32_t lose_opcode;		/* command that gets no answer; 0: none */
	uint32_t lose_resume;		/* ignore this many of the next answers to page faults */
	bool stall_umr;			/* do nothing that is posted to the queue for keys */
	/*
	 * Keep a key's pages when the driver takes them away. Accesses through them count as
	 * STRAY_ZAPPED where the IOMMU still lets them through.
	 */
	bool ignore_zap;
	/* Honour a key that the driver makes free, in the same way: STRAY_DEREGISTERED. */
	bool ignore_dereg;
	bool internal_error;		/* the firmware has failed: nothing is done any more */
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
