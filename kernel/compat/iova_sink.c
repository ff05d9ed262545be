// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reserved IOVA before Linux 6.18: the only way to reserve an IOVA is dma_map_resource(), which
 * also maps it, and the only way to give it back is dma_unmap_resource().
 *
 * dma_map_resource() maps the beginning of the BAR, which the importer's user may reach
 * anyway, at an address that nobody knows yet. We unmap that in the domain at once, and then
 * map the buffer there, range by range.
 *
 * dma_unmap_resource() expects the whole IOVA to be mapped (AMD's driver warns otherwise, on
 * every kernel), but access.c has unmapped it. So just before the call we map all of it to the
 * sink: a zeroed page, read-only, because a writable one would carry data from one user of the
 * IOVA to another. On a lazy domain the IOTLB may keep translations to the sink for some
 * milliseconds, so the sink lives as long as the module, and a little longer.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/ratelimit.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>

#include "compat/compat.h"
#include "compat/iova.h"
#include "domain.h"

/* How long the sink outlives its last use. The timer of the flush queue fires after 10 ms. */
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

/* Nothing to do: iommu_map() has already made the mapping visible. */
int peerbar_iova_sync(struct device *client, struct peerbar_iova *iova)
{
	return 0;
}

/* Map the whole IOVA to the sink, page after page; on failure nothing stays mapped. */
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
		/* the direction makes no difference to how an IOMMU unmaps */
		dma_unmap_resource(client, iova->addr, iova->size, DMA_BIDIRECTIONAL, 0);
}

int peerbar_iova_init(void)
{
	struct scatterlist *sg;
	unsigned int i;
	int ret;

	/* 2 MiB if available, so that the IOMMU needs few page table entries */
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
