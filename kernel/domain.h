/* SPDX-License-Identifier: GPL-2.0-only */
/* Unmapping in an IOMMU domain, with the invalidation done, and checking what is mapped. */
#ifndef PEERBAR_DOMAIN_H
#define PEERBAR_DOMAIN_H

#include <linux/iommu.h>
#include <linux/sched.h>
#include <linux/sizes.h>

/*
 * With larger steps, writes were seen to reach memory after the unmap: on emulated VT-d, which
 * drops an invalidation of more pages than it can count.
 */
#define PEERBAR_UNMAP_STEP ((size_t)SZ_1G)

/**
 * peerbar_domain_unmap - unmap a part of a domain; the invalidation is done on return
 * @domain: the domain
 * @addr: start of the part
 * @size: its length in bytes, all of them mapped
 *
 * One call may unmap more than it was asked for: AMD's driver removes a coalesced entry as a
 * whole.
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
 * @addr: start of the part
 * @size: its length in bytes
 *
 * Return: true if so.
 */
static inline bool peerbar_domain_empty(struct iommu_domain *domain, dma_addr_t addr, size_t size)
{
	return !iommu_iova_to_phys(domain, addr) &&
	       !iommu_iova_to_phys(domain, addr + size - PAGE_SIZE);
}

#endif
