/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Counts the objects that a revoke could leave behind: in the kernel, in the NIC and in
 * this process.
 */
#ifndef GUEST_CENSUS_H
#define GUEST_CENSUS_H

#include <stdbool.h>
#include <stdint.h>

struct census {
	uint64_t dmabufs;	/* in the whole kernel */
	uint64_t mrs;		/* of the RDMA device, as the RDMA core counts them */
	uint64_t nic_mrs;	/* as the NIC counts them */
	uint64_t dma_maps;	/* IOVA ranges that the NIC can reach now */
	uint64_t dma_bytes;
	uint64_t fds;		/* open in this process */
};

/* @ibdev: such as "efa_0". A figure that cannot be read ends the test. */
void census_take(struct census *census, const char *ibdev);

/* One check named @name: nothing has grown. A failure gives the figures as its reason. */
bool census_check(const struct census *before, const struct census *after, const char *name);
void census_show(const struct census *census, const char *when);

#endif /* GUEST_CENSUS_H */
