// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reserved IOVA before Linux 6.18: dma_map_resource() reserves and maps in one, and
 * dma_unmap_resource() is the only way to give an IOVA back.
 *
 * The first maps the beginning of the BAR, which the importer's user may reach anyway,
 * at an address that nobody knows yet. It is emptied at once, to be mapped anew, range
 * by range.
 *
 * The second expects to find all of it mapped (AMD's driver warns otherwise, on every
 * kernel), but access.c has emptied it. So just before, it is mapped to the sink:
 * a zeroed page, read-only, because a writable one would carry data from one user of the
 * IOVA to another. On a lazy domain the IOTLB may hold on to the sink for some
 * milliseconds; it lives as long as the module, and a little longer.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/ratelimit.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>

#include "compat/compat.h"
#include "compat/iova.h"
#include "domain.h"

/* The flush queue's timer runs every 10 ms. */
#define SINK_LINGERS_MS 100
#define SINK_ENTRIES 512

static struct page *sink;
static unsigned int sink_order;
static struct sg_table sink_table;

static size_t sink_size(void)
{
	return PAGE_SIZE << sink_order;
}

int peerbar_iova_reserve(struct device *client, struct iommu_domain *domain,
			 struct peerbar_iova *iova, phys_addr_t bar, size_t size)
{
	dma_addr_t addr = dma_map_resource(client, bar, size, DMA_TO_DEVICE, 0);

	if (dma_mapping_error(client, addr))
		return -ENOMEM;
	peerbar_domain_unmap(domain, addr, size);
	iova->domain = domain;
	iova->size = size;
	iova->addr = addr;
	return 0;
}

int peerbar_iova_link(struct device *client, struct peerbar_iova *iova, size_t offset,
		      phys_addr_t phys, size_t len, enum dma_data_direction dir)
{
	int prot = IOMMU_MMIO;

	prot |= dir == DMA_FROM_DEVICE ? 0 : IOMMU_READ;
	prot |= dir == DMA_TO_DEVICE ? 0 : IOMMU_WRITE;
	return peerbar_iommu_map(iova->domain, iova->addr + offset, phys, len, prot);
}

/* iommu_map() has done so. */
int peerbar_iova_sync(struct device *client, struct peerbar_iova *iova)
{
	return 0;
}

/* Map the sink all over the range; all of it or nothing. */
static int fill_with_sink(struct peerbar_iova *iova)
{
	const int prot = IOMMU_READ | IOMMU_CACHE;
	size_t done = 0, whole = sink_size(), n;
	ssize_t mapped;
	int ret;

	while (iova->size - done >= whole) {
		n = min_t(size_t, SINK_ENTRIES, (iova->size - done) / whole);
		mapped = peerbar_iommu_map_sg(iova->domain, iova->addr + done, sink_table.sgl, n,
					      prot);
		if (mapped < 0) {
			ret = mapped;
			goto undo;
		}
		done += mapped;
		cond_resched();
	}
	if (done == iova->size)
		return 0;

	ret = peerbar_iommu_map(iova->domain, iova->addr + done, page_to_phys(sink),
				iova->size - done, prot);
	if (!ret)
		return 0;
undo:
	peerbar_domain_unmap(iova->domain, iova->addr, done);
	return ret;
}

void peerbar_iova_free(struct device *client, struct peerbar_iova *iova)
{
	int ret = fill_with_sink(iova);

	if (ret)
		dev_warn_ratelimited(client, "peerbar: IOVA %pad of %zu bytes is lost: error %d\n",
				     &iova->addr, iova->size, ret);
	else
		/* a direction is of no matter to an IOMMU's page tables */
		dma_unmap_resource(client, iova->addr, iova->size, DMA_BIDIRECTIONAL, 0);
}

int peerbar_iova_init(void)
{
	struct scatterlist *sg;
	unsigned int i;
	int ret;

	/* 2 MiB if it can be had, so that the IOMMU needs few entries */
	for (sink_order = get_order(SZ_2M); ; sink_order--) {
		sink = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_COMP | __GFP_NOWARN,
				   sink_order);
		if (sink)
			break;
		if (!sink_order)
			return -ENOMEM;
	}

	ret = sg_alloc_table(&sink_table, SINK_ENTRIES, GFP_KERNEL);
	if (ret) {
		__free_pages(sink, sink_order);
		return ret;
	}
	for_each_sgtable_sg(&sink_table, sg, i)
		sg_set_page(sg, sink, sink_size(), 0);
	return 0;
}

void peerbar_iova_exit(void)
{
	msleep(SINK_LINGERS_MS);
	sg_free_table(&sink_table);
	__free_pages(sink, sink_order);
}
