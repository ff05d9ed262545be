// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reserved IOVA before Linux 6.16: dma_map_resource() reserves and maps in one, and
 * dma_unmap_resource() is the only way to give an IOVA back.
 *
 * It expects to find all of the range mapped (AMD's driver warns otherwise, on every
 * kernel), but fence.c has emptied it. So just before, the range is mapped to the sink:
 * a zeroed page, read-only, because a writable one would carry data from one user of the
 * IOVA to another. On a lazy domain the IOTLB may hold on to the sink for some
 * milliseconds; it lives as long as the module, and a little longer.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>

#include "compat/compat.h"
#include "compat/iova.h"

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

int peerbar_iova_map(struct device *client, struct peerbar_iova *iova, phys_addr_t phys,
		     size_t len, enum dma_data_direction dir)
{
	dma_addr_t addr;
	int prot = IOMMU_MMIO;

	if (iova->len) {
		prot |= dir == DMA_FROM_DEVICE ? 0 : IOMMU_READ;
		prot |= dir == DMA_TO_DEVICE ? 0 : IOMMU_WRITE;
		return peerbar_iommu_map(iommu_get_domain_for_dev(client), iova->addr, phys,
					 len, prot);
	}

	addr = dma_map_resource(client, phys, len, dir, 0);
	if (dma_mapping_error(client, addr))
		return -ENOMEM;
	iova->addr = addr;
	iova->len = len;
	return 0;
}

/* Map the sink all over the range; all of it or nothing. */
static int fill_with_sink(struct iommu_domain *domain, struct peerbar_iova *iova)
{
	const int prot = IOMMU_READ | IOMMU_CACHE;
	size_t done = 0, whole = sink_size(), n;
	ssize_t mapped;
	int ret;

	while (iova->len - done >= whole) {
		n = min_t(size_t, SINK_ENTRIES, (iova->len - done) / whole);
		mapped = peerbar_iommu_map_sg(domain, iova->addr + done, sink_table.sgl, n,
					      prot);
		if (mapped < 0) {
			ret = mapped;
			goto undo;
		}
		done += mapped;
		cond_resched();
	}
	if (done == iova->len)
		return 0;

	ret = peerbar_iommu_map(domain, iova->addr + done, page_to_phys(sink),
				iova->len - done, prot);
	if (!ret)
		return 0;
undo:
	if (done)
		iommu_unmap(domain, iova->addr, done);
	return ret;
}

void peerbar_iova_free(struct device *client, struct peerbar_iova *iova)
{
	int ret = fill_with_sink(iommu_get_domain_for_dev(client), iova);

	if (ret)
		dev_warn(client, "peerbar: IOVA %pad of %zu bytes is lost: error %d\n",
			 &iova->addr, iova->len, ret);
	else
		/* a direction is of no matter to an IOMMU's page tables */
		dma_unmap_resource(client, iova->addr, iova->len, DMA_BIDIRECTIONAL, 0);
	iova->len = 0;
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
