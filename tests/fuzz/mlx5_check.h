/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What must be true of the virtual ConnectX whatever a guest does to it. */
#ifndef FUZZ_MLX5_CHECK_H
#define FUZZ_MLX5_CHECK_H

#include "mlx5/mlx5.h"

void mlx5_check(const struct mlx5 *mlx5);	/* at any time, with the gate held */
void mlx5_check_empty(const struct mlx5 *mlx5);	/* after a reset */

#endif /* FUZZ_MLX5_CHECK_H */
