/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * struct nic: the whole device, and the only way its parts reach one another.
 *
 *   vfu (messages) ─▶ nic.c ─▶ pci (config, MSI-X)
 *                        ├───▶ dma (what the IOMMU lets us reach)
 *                        └───▶ model (registers, commands, objects, data path)
 */
#ifndef VNIC_NIC_H
#define VNIC_NIC_H

#include <stddef.h>
#include <stdint.h>

#include "base/gate.h"
#include "bus/dma.h"
#include "bus/pci.h"
#include "bus/vfu.h"
#include "model.h"
#include "stray.h"

struct json_object;

struct nic_config {
	const struct nic_model *model;
	uint8_t gid[16];	/* the port's GID, not all zero */
	uint32_t slice;		/* bytes that the engine moves in one turn */
	union nic_own own;	/* the model's */
};

struct nic {
	struct gate gate;
	struct nic_config config;
	struct pci pci;
	struct dma_space *dma;
	struct stray stray;
	struct fault fault;
	void *device;		/* of the model */
};

struct nic_config nic_default_config(const struct nic_model *model);

int nic_init(struct nic *nic, const struct nic_config *config);	/* 0 or -errno */
void nic_release(struct nic *nic);
extern const struct vfu_ops nic_vfu_ops;	/* priv is the struct nic */

/*
 * DMA by the device, of any length, clipped map by map. An access that finds no
 * live map is noted as stray with @key and ends the copy.
 * Return: 0 or -EFAULT. Gate held.
 */
int nic_dma_read(struct nic *nic, uint64_t iova, void *dst, size_t len, uint32_t key);
int nic_dma_write(struct nic *nic, uint64_t iova, const void *src, size_t len,
		  uint32_t key);

/*
 * Like dma_translate(), with the stray accounting: the host address of the
 * first *@len bytes (clipped), or NULL.
 */
void *nic_dma_window(struct nic *nic, uint64_t iova, uint64_t *len, uint32_t prot,
		     uint32_t key);

/*
 * Write @len bytes (a multiple of 4, inside one 4 KiB page, 4-aligned) so that
 * the first dword, which carries the phase bit, becomes visible last.
 */
int nic_dma_publish(struct nic *nic, uint64_t iova, const void *src, size_t len);

/* Counters, faults, stray records and configuration; the caller puts it. */
struct json_object *nic_report(struct nic *nic);

#endif /* VNIC_NIC_H */
