// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reserved IOVA on Linux 6.18 and newer: dma_iova_try_alloc() reserves, dma_iova_link()
 * with DMA_ATTR_MMIO maps, and dma_iova_free() gives an empty part back.
 */
#include "compat/compat.h"
#include "compat/iova.h"

int peerbar_iova_reserve(struct device *client, struct iommu_domain *domain,
			 struct peerbar_iova *iova, phys_addr_t bar, size_t size)
{
	if (!dma_iova_try_alloc(client, &iova->state, bar, size))
		return -ENOMEM;
	iova->domain = domain;
	iova->size = size;
	return 0;
}

int peerbar_iova_link(struct device *client, struct peerbar_iova *iova, size_t offset,
		      phys_addr_t phys, size_t len, enum dma_data_direction dir)
{
	return dma_iova_link(client, &iova->state, phys, offset, len, dir, DMA_ATTR_MMIO);
}

int peerbar_iova_sync(struct device *client, struct peerbar_iova *iova)
{
	return dma_iova_sync(client, &iova->state, 0, iova->size);
}

void peerbar_iova_free(struct device *client, struct peerbar_iova *iova)
{
	dma_iova_free(client, &iova->state);
}

int peerbar_iova_init(void)
{
	return 0;
}

void peerbar_iova_exit(void)
{
}
