/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The table of NIC drivers: how each registers a dma-buf, and how it gives one back when the
 * exporter revokes it. Other places that list drivers are generated from this table or
 * tested against it: see rdma/drivers/README.md, "Another driver".
 */
#ifndef PEERBAR_DRIVERS_H
#define PEERBAR_DRIVERS_H

#include "facts.h"

#define PB_OTHER_NIC "use another NIC"	/* for drivers that nothing makes revocable */

struct pb_nic_driver {
	const char *driver;	/* the driver of the PCI function: "mlx5_core" */
	const char *module;	/* the module that makes the RDMA device: "mlx5_ib" */
	const char *registers;	/* a module that contains this function has dma-buf MRs */
	const char *revokes;	/* one that contains this one revokes them; NULL: none does */
	bool ours;		/* @revokes exists only after the change in rdma/drivers */
	bool dynamic;		/* a revoked MR is mapped again when the NIC uses it */
	const char *remedy;	/* how to get a driver that revokes */
	unsigned int writes_since;	/* first kernel (PB_VERSION) with RDMA WRITE; 0: all */
	const char *otherwise;	/* why one that revokes may still refuse; NULL if not known */
};

/* Return row @row of the table, or NULL after the last one. */
const struct pb_nic_driver *pb_nic_driver(unsigned int row);

/* Return the row of the driver of a PCI function, or NULL if the table does not have it. */
const struct pb_nic_driver *pb_nic_driver_find(const char *driver);

/*
 * Return the name of the driver that a PCI function needs, judged by its IDs, even if that
 * driver is not installed. Returns NULL if the function is not a known RDMA NIC.
 */
const char *pb_nic_driver_for(const char *address);

/* How the driver revokes, judged by the functions that the kernel and its modules have. */
enum pb_revoke pb_nic_driver_revoke(const struct pb_kernel *kernel, const char *driver);

#endif /* PEERBAR_DRIVERS_H */
