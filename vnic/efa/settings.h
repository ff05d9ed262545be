/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The options and the fault switches that only this model has. */
#ifndef VNIC_EFA_SETTINGS_H
#define VNIC_EFA_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/nic.h"

struct efa_config {
	uint64_t page_sizes;	/* page_size_cap of the device attributes */
	uint32_t dma_bits;	/* width of DMA addresses reported to the driver, 32 to 64 */
	uint32_t admin_timeout_ms;	/* reported, in steps of 100; 0: the driver's default */
	uint16_t part;		/* PCI device id, 0xefa0 to 0xefa3 */
};

struct efa_fault {
	/*
	 * Answer DEREG_MR with success, but go on accepting the key. Accesses through it
	 * count as STRAY_DEREGISTERED where the IOMMU still lets them through.
	 */
	bool ignore_dereg;
	bool stall_aq;		/* ignore the admin queue until this is cleared */
	uint32_t drop_acq;	/* lose this many of the next admin completions */
	uint32_t delay_acq_us;	/* delay each admin completion; blocks the message loop */
	uint32_t fail_opcode;	/* fail admin commands with this opcode; 0: none */
	uint32_t fail_status;	/* with this status (EFA_ADMIN_*); 0: EFA_ADMIN_UNKNOWN */
	uint32_t fail_count;	/* this many of them */
};

extern const struct efa_config efa_defaults;
extern const struct nic_option efa_options[];
extern const struct fault_desc efa_faults[];

static inline const struct efa_config *efa_config(const struct nic_config *config)
{
	return NIC_OWN(const struct efa_config, &config->own);
}

static inline struct efa_fault *efa_fault(struct fault *fault)
{
	return NIC_OWN(struct efa_fault, &fault->own);
}

#endif /* VNIC_EFA_SETTINGS_H */
