/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A part of a client's IOVA space that stays reserved while nothing is mapped there.
 *
 * The DMA API frees an IOVA together with its mapping. An IOVA that is freed at a revoke may be
 * handed out again at the next registration, and then a NIC that still honours an old key
 * reaches the new mapping. So the page tables are emptied through the domain (access.c), and
 * the IOVA is given back separately, when the importer detaches.
 *
 * iova_link.c implements this with dma_iova_*() as of Linux 6.18, iova_sink.c without them.
 */
#ifndef PEERBAR_IOVA_H
#define PEERBAR_IOVA_H

#include <linux/dma-mapping.h>
#include <linux/types.h>

struct iommu_domain;

/**
 * struct peerbar_iova - a reserved part of an IOVA space
 * @domain: the domain that it belongs to; NULL if nothing is reserved
 * @size: its length in bytes
 * @state: the DMA API's own record of it
 * @addr: its start, on kernels that have no @state
 */
struct peerbar_iova {
	struct iommu_domain *domain;
	size_t size;
#ifdef PEERBAR_HAVE_DMA_IOVA
	struct dma_iova_state state;
#else
	dma_addr_t addr;
#endif
};

static inline dma_addr_t peerbar_iova_addr(const struct peerbar_iova *iova)
{
#ifdef PEERBAR_HAVE_DMA_IOVA
	return iova->state.addr;
#else
	return iova->addr;
#endif
}

/**
 * peerbar_iova_reserve - reserve a part of a client's IOVA space
 * @client: the device that will do the DMA
 * @domain: the client's domain, which the DMA API manages and which translates
 * @iova: filled in
 * @bar: start of the BAR that will be mapped
 * @size: bytes, not more than the BAR has
 *
 * Return: 0, or -ENOMEM if no IOVA below the client's DMA mask or no memory is left.
 */
int peerbar_iova_reserve(struct device *client, struct iommu_domain *domain,
			 struct peerbar_iova *iova, phys_addr_t bar, size_t size);

/**
 * peerbar_iova_link - map a physical range into a reserved IOVA
 * @client: as in peerbar_iova_reserve()
 * @iova: reserved
 * @offset: where to map, in bytes from the start of @iova; nothing may be mapped there yet
 * @phys: start of the range, page aligned
 * @len: its length, whole pages
 * @dir: direction of the transfers
 *
 * Return: 0, or an errno with nothing of the range mapped.
 */
int peerbar_iova_link(struct device *client, struct peerbar_iova *iova, size_t offset,
		      phys_addr_t phys, size_t len, enum dma_data_direction dir);

/**
 * peerbar_iova_sync - make what was linked visible to the client
 * @client: as in peerbar_iova_reserve()
 * @iova: reserved, with all of it linked
 *
 * Return: 0 or an errno.
 */
int peerbar_iova_sync(struct device *client, struct peerbar_iova *iova);

/**
 * peerbar_iova_free - give a reserved IOVA back
 * @client: as in peerbar_iova_reserve(), still with the driver that it had then
 * @iova: reserved, with nothing mapped
 *
 * If that fails (out of memory), it stays reserved for ever and the log says so.
 */
void peerbar_iova_free(struct device *client, struct peerbar_iova *iova);

int peerbar_iova_init(void);
void peerbar_iova_exit(void);

#endif
