/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The model of NVIDIA's ConnectX-5; all that the rest of the program knows of it. */
#ifndef VNIC_MLX5_MODEL_H
#define VNIC_MLX5_MODEL_H

#include "core/model.h"

extern const struct nic_model mlx5_model;

#endif /* VNIC_MLX5_MODEL_H */
