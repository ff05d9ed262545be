// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the core asks of a model, answered by the parts of this one. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mlx5.h"
#include "model.h"

#define PCI_VENDOR_MELLANOX	0x15b3
#define SUBSYSTEM		0x0020
#define CLASS_INFINIBAND	0x020700

static void describe(const struct nic_config *config, struct pci_function *function)
{
	*function = (struct pci_function){
		.id = {
			.vendor = PCI_VENDOR_MELLANOX, .device = mlx5_config(config)->part,
			.subvendor = PCI_VENDOR_MELLANOX, .subdevice = SUBSYSTEM,
			.class_code = CLASS_INFINIBAND,
		},
		.bar = {
			[MLX5_BAR] = { .size = MLX5_BAR_SIZE, .is64 = true, .prefetch = true },
			[MLX5_MSIX_BAR] = { .size = MLX5_MSIX_SIZE },
		},
		.msix = {
			.vectors = MLX5_VECTORS, .bar = MLX5_MSIX_BAR, .pba = MLX5_MSIX_PBA,
		},
	};
}

static void destroy(void *device)
{
	struct mlx5 *mlx5 = device;

	mlx5_forget(mlx5);
	mlx5_numbers_free(mlx5);
	free(mlx5);
}

static void *create(struct nic *nic)
{
	struct mlx5 *mlx5 = calloc(1, sizeof(*mlx5));

	if (!mlx5)
		return NULL;
	mlx5->nic = nic;
	if (mlx5_numbers_init(mlx5)) {
		mlx5_numbers_free(mlx5);
		free(mlx5);
		return NULL;
	}
	return mlx5;
}

/* Who is used by others goes after them. */
void mlx5_forget(struct mlx5 *mlx5)
{
	mlx5_qp_forget(mlx5);
	mlx5_srq_forget(mlx5);
	mlx5_mkey_forget(mlx5);
	mlx5_cq_forget(mlx5);
	mlx5_eq_forget(mlx5);
	mlx5_numbers_forget(mlx5);
}

static void reset(void *device)
{
	struct mlx5 *mlx5 = device;

	mlx5_forget(mlx5);
	mlx5->cmdq = 0;
	mlx5->cmdq_state = 0;
	mlx5->enabled = false;
	mlx5->nr_lent = 0;
	mlx5->count.resets++;
}

/* ---- BARs ---- */

static void region(void *device, unsigned int bar, struct vfu_region *info)
{
	(void)device;
	if (bar == MLX5_BAR)
		info->size = MLX5_BAR_SIZE;
	else if (bar == MLX5_MSIX_BAR)
		info->size = MLX5_MSIX_SIZE;
}

/* QEMU keeps the MSI-X table itself. An access of the segment lies within one dword. */
static int read_bar(void *device, unsigned int bar, uint64_t off, void *buf, uint32_t len)
{
	uint8_t dword[4];

	memset(buf, 0, len);
	if (bar != MLX5_BAR || off >= SEG_SIZE)
		return 0;
	for (uint32_t at = 0; at < len; at++) {
		uint64_t byte = off + at;

		mlx5_put32(dword, mlx5_segment_read(device, (uint32_t)(byte & ~3ull)));
		((uint8_t *)buf)[at] = dword[byte & 3];
	}
	return 0;
}

static int write_segment(struct mlx5 *mlx5, uint32_t off, const void *buf, uint32_t len)
{
	if (len % 4 || off % 4)
		return -EINVAL;
	for (uint32_t at = 0; at < len; at += 4)
		mlx5_segment_write(mlx5, off + at, mlx5_get32((const uint8_t *)buf + at));
	return 0;
}

static int write_bar(void *device, unsigned int bar, uint64_t off, const void *buf,
		     uint32_t len)
{
	if (bar != MLX5_BAR)
		return 0;
	if (off < FIRST_UAR * UAR_PAGE)
		return write_segment(device, (uint32_t)off, buf, len);
	if ((len != 4 && len != 8) || off % len)
		return -EINVAL;
	mlx5_doorbell(device, (uint32_t)(off / UAR_PAGE), (uint32_t)(off % UAR_PAGE), buf, len);
	return 0;
}

/* ---- the engine, the faults, the report ---- */

static bool step(void *device, uint32_t *pause_us)
{
	return mlx5_step(device, pause_us);
}

/* What a switch had stopped goes on. */
static void faults_changed(void *device)
{
	struct mlx5 *mlx5 = device;

	gate_kick(&mlx5->nic->gate);
}

static void clear(void *device)
{
	struct mlx5 *mlx5 = device;

	memset(&mlx5->count, 0, sizeof(mlx5->count));
}

static struct json_object *report(const void *device)
{
	return mlx5_report(device);
}

static void report_config(const struct nic_config *config, struct json_object *to)
{
	const struct mlx5_config *own = mlx5_config(config);
	char part[sizeof("1017")];

	snprintf(part, sizeof(part), "%04x", own->part);
	json_object_object_add(to, "part", json_object_new_string(part));
	json_object_object_add(to, "lid", json_object_new_int(own->lid));
}

const struct nic_model mlx5_model = {
	.name = "mlx5",
	.about = "NVIDIA's ConnectX-5, an InfiniBand port",
	.defaults = &mlx5_defaults,
	.defaults_size = sizeof(mlx5_defaults),
	.options = mlx5_options,
	.faults = mlx5_faults,
	.describe = describe,
	.create = create,
	.destroy = destroy,
	.reset = reset,
	.region = region,
	.read = read_bar,
	.write = write_bar,
	.step = step,
	.faults_changed = faults_changed,
	.clear = clear,
	.report = report,
	.report_config = report_config,
};
