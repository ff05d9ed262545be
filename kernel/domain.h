/* SPDX-License-Identifier: GPL-2.0-only */
/* An IOMMU domain's page tables: emptied so that the device knows, and looked at. */
#ifndef PEERBAR_DOMAIN_H
#define PEERBAR_DOMAIN_H

#include <linux/iommu.h>
#include <linux/sched.h>
#include <linux/sizes.h>

/*
 * Larger steps were seen to leave writes landing, on emulated VT-d, which drops an
 * invalidation of more pages than it can count.
 */
#define PEERBAR_UNMAP_STEP ((size_t)SZ_1G)

/**
 * peerbar_domain_unmap - empty a part of a domain; the invalidation is over on return
 * @domain: the domain
 * @addr: where it begins
 * @size: bytes, all of them mapped
 *
 * A driver may unmap more than it was asked for: AMD's drops a coalesced entry whole.
 */
static inline void peerbar_domain_unmap(struct iommu_domain *domain, dma_addr_t addr, size_t size)
{
	size_t done = 0, n;

	while (done < size) {
		n = iommu_unmap(domain, addr + done, min(PEERBAR_UNMAP_STEP, size - done));
		if (!n)
			break;
		done += n;
		cond_resched();
	}
}

/**
 * peerbar_domain_empty - is nothing mapped at either end?
 * @domain: the domain
 * @addr: where the part begins
 * @size: its length
 *
 * Return: true if so.
 */
static inline bool peerbar_domain_empty(struct iommu_domain *domain, dma_addr_t addr, size_t size)
{
	return !iommu_iova_to_phys(domain, addr) &&
	       !iommu_iova_to_phys(domain, addr + size - PAGE_SIZE);
}

#endif
