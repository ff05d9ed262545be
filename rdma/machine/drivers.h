/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The table of NIC drivers: how each registers a dma-buf, and how it gives one back. What
 * else has names of drivers is made from it, or checked against it: see
 * rdma/drivers/README.md, "Another driver".
 */
#ifndef PEERBAR_DRIVERS_H
#define PEERBAR_DRIVERS_H

#include "facts.h"

#define PB_OTHER_NIC "use another NIC"	/* the remedy where there is none */

struct pb_nic_driver {
	const char *driver;	/* of the PCI function, "mlx5_core" */
	const char *module;	/* that has the RDMA device, "mlx5_ib" */
	const char *registers;	/* with this function it has dma-buf MRs */
	const char *revokes;	/* with this one it gives them back; NULL: no version does */
	bool ours;		/* it is rdma/drivers that puts that one there */
	const char *remedy;	/* what makes it give them back */
	const char *otherwise;	/* why it refuses all the same; NULL: nothing is known */
};

/* The rows of the table; NULL behind the last. */
const struct pb_nic_driver *pb_nic_driver(unsigned int row);

/* The row of the driver of a PCI function. NULL: nothing is known of it. */
const struct pb_nic_driver *pb_nic_driver_find(const char *driver);

/*
 * The driver that a PCI function wants, by its IDs, whether it is there or not. NULL: it is
 * no RDMA NIC that is known.
 */
const char *pb_nic_driver_for(const char *address);

/* As the driver is loaded now. */
enum pb_revoke pb_nic_driver_revoke(const char *driver);

#endif /* PEERBAR_DRIVERS_H */
