// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The table of NIC drivers: see drivers.h. */
#include <string.h>

#include "drivers.h"

#define CLASS_NETWORK	0x02
#define IRDMA_REMEDY	"boot Linux 7.0 or newer, whose irdma gives buffers back"

static const struct pb_nic_driver drivers[] = {
	{
		.driver = "efa", .module = "efa",
		.registers = "efa_reg_user_mr_dmabuf", .revokes = "efa_dmabuf_revoke",
		.ours = true, .remedy = "load peerbar's efa (rdma/drivers)",
		.writes_since = PB_VERSION(6, 3),
	}, {
		.driver = "mlx5_core", .module = "mlx5_ib",
		.registers = "mlx5_ib_reg_user_mr_dmabuf",
		.revokes = "mlx5_ib_dmabuf_invalidate_cb", .dynamic = true,
		.remedy = "boot a kernel with CONFIG_INFINIBAND_ON_DEMAND_PAGING",
		.otherwise = "mlx5 needs on-demand paging for it, in the kernel "
			     "(CONFIG_INFINIBAND_ON_DEMAND_PAGING) and in the NIC's firmware: "
			     "check both with \"ibv_devinfo -v\"",
	}, {
		.driver = "ice", .module = "irdma",
		.registers = "irdma_reg_user_mr_dmabuf", .revokes = "irdma_umem_dmabuf_revoke",
		.remedy = IRDMA_REMEDY,
	}, {
		.driver = "i40e", .module = "irdma",
		.registers = "irdma_reg_user_mr_dmabuf", .revokes = "irdma_umem_dmabuf_revoke",
		.remedy = IRDMA_REMEDY,
	}, {
		.driver = "idpf", .module = "irdma",
		.registers = "irdma_reg_user_mr_dmabuf", .revokes = "irdma_umem_dmabuf_revoke",
		.remedy = IRDMA_REMEDY,
	}, {
		.driver = "bnxt_en", .module = "bnxt_re",
		.registers = "bnxt_re_reg_user_mr_dmabuf", .remedy = PB_OTHER_NIC,
	}, {
		.driver = "mana", .module = "mana_ib",
		.registers = "mana_ib_reg_user_mr_dmabuf", .remedy = PB_OTHER_NIC,
	}, {
		.driver = "ionic", .module = "ionic_rdma",
		.registers = "ionic_reg_user_mr_dmabuf", .remedy = PB_OTHER_NIC,
	},
	{}
};

_Static_assert(sizeof(drivers) / sizeof(drivers[0]) <= 33, "struct pb_kernel has 32 bits for rows");

/*
 * The network functions that are RDMA NICs, by vendor and device ID. For Intel the driver
 * does not tell whether a NIC has RDMA, so its NICs are listed one by one: E810, E822, E823,
 * E825-C, E830 and E835 (ice), X722 (i40e) and the IPU E2100 (idpf), with the IDs of
 * drivers/net/ethernet/intel in Linux 7.3.
 */
static const struct {
	uint16_t vendor;
	uint16_t mask, device;	/* bits of the device ID that count, their value; 0, 0: any */
	const char *driver;
} functions[] = {
	{ 0x1d0f, 0xfff0, 0xefa0, "efa" },
	{ 0x15b3, 0, 0, "mlx5_core" },
	{ 0x14e4, 0, 0, "bnxt_en" },
	{ 0x1dd8, 0, 0, "ionic" },
	{ 0x1414, 0xffff, 0x00ba, "mana" },
	{ 0x8086, 0xfff8, 0x1248, "ice" },	/* 1248 to 124f */
	{ 0x8086, 0xfff8, 0x1260, "ice" },	/* 1261 to 1267 */
	{ 0x8086, 0xfff0, 0x12d0, "ice" },	/* 12d1 to 12de */
	{ 0x8086, 0xffff, 0x151d, "ice" },
	{ 0x8086, 0xfff0, 0x1590, "ice" },	/* 1591 to 159b */
	{ 0x8086, 0xffff, 0x1888, "ice" },	/* 1889 is iavf's */
	{ 0x8086, 0xfffe, 0x188a, "ice" },
	{ 0x8086, 0xfffc, 0x188c, "ice" },
	{ 0x8086, 0xfff0, 0x1890, "ice" },	/* 1890 to 189a */
	{ 0x8086, 0xfffc, 0x579c, "ice" },
	{ 0x8086, 0xfffe, 0x37ce, "i40e" },
	{ 0x8086, 0xfffc, 0x37d0, "i40e" },
	{ 0x8086, 0xffff, 0x0dda, "i40e" },
	{ 0x8086, 0xffff, 0x1452, "idpf" },
	{ 0x8086, 0xffff, 0x145c, "idpf" },
};

const struct pb_nic_driver *pb_nic_driver(unsigned int row)
{
	return drivers[row].driver ? &drivers[row] : NULL;
}

const struct pb_nic_driver *pb_nic_driver_find(const char *driver)
{
	const struct pb_nic_driver *d;

	for (d = drivers; d->driver; d++)
		if (!strcmp(d->driver, driver))
			return d;
	return NULL;
}

const char *pb_nic_driver_for(const char *address)
{
	uint64_t vendor = 0, device = 0, class = 0;
	unsigned int i;

	if (pb_pci_hex(address, "vendor", &vendor) || pb_pci_hex(address, "device", &device) ||
	    pb_pci_hex(address, "class", &class) || class >> 16 != CLASS_NETWORK)
		return NULL;
	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (functions[i].vendor == vendor &&
		    (device & functions[i].mask) == functions[i].device)
			return functions[i].driver;
	return NULL;
}

enum pb_revoke pb_nic_driver_revoke(const struct pb_kernel *kernel, const char *driver)
{
	const struct pb_nic_driver *d = pb_nic_driver_find(driver);
	uint32_t bit = d ? 1u << (d - drivers) : 0;

	if (!d || !kernel->names_functions)
		return PB_REVOKE_UNKNOWN;
	if (!(kernel->registers & bit))
		return PB_REVOKE_NO_DMABUF;
	if (!(kernel->revokes & bit))
		return PB_REVOKE_PINS;
	return d->ours ? PB_REVOKE_CHANGED : PB_REVOKE_NATIVE;
}
