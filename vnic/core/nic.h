/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * struct nic: the whole device. Its parts reach one another only through it.
 *
 *   vfu (messages) ─▶ nic.c ─▶ pci (config space, MSI-X)
 *                        ├───▶ dma (the memory that the guest's IOMMU lets us reach)
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
	uint32_t slice;		/* the most bytes that the engine moves in one turn */
	union nic_own own;	/* the model's own configuration */
};

struct nic {
	struct gate gate;
	struct nic_config config;
	struct pci pci;
	struct dma_space *dma;
	struct stray stray;
	struct fault fault;
	void *device;		/* what nic_model.create() returned */
};

struct nic_config nic_default_config(const struct nic_model *model);

int nic_init(struct nic *nic, const struct nic_config *config);	/* 0 or -errno */
void nic_release(struct nic *nic);
extern const struct vfu_ops nic_vfu_ops;	/* priv is the struct nic */

/*
 * DMA by the device, of any length and across any number of maps. The first address
 * that no live map covers ends the copy, and the access is recorded as stray with
 * @key; what was copied before stays copied.
 * Return: 0 or -EFAULT. Called with the gate held.
 */
int nic_dma_read(struct nic *nic, uint64_t iova, void *dst, size_t len, uint32_t key);
int nic_dma_write(struct nic *nic, uint64_t iova, const void *src, size_t len,
		  uint32_t key);

/*
 * dma_translate() plus bus mastering and stray accounting: the host address of
 * @iova, with *@len clipped at the end of its map. NULL: the access is refused,
 * and recorded as stray with @key (see struct stray_record).
 */
void *nic_dma_window(struct nic *nic, uint64_t iova, uint64_t *len, uint32_t prot,
		     uint32_t key);

/*
 * Write @len bytes so that the first dword becomes visible last: a guest that polls
 * it, usually for its phase bit, then sees the rest. @iova and @len are multiples of
 * 4, and the bytes lie inside one 4 KiB page. Return: 0 or -EFAULT.
 */
int nic_dma_publish(struct nic *nic, uint64_t iova, const void *src, size_t len);

/* Counters, faults, stray records and configuration as JSON; the caller puts it. */
struct json_object *nic_report(struct nic *nic);

#endif /* VNIC_NIC_H */
