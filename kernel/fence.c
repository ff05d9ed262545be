// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening a range of a BAR for a client, and closing it so that it is closed.
 *
 * The DMA API's own unmapping is not enough. On a lazy domain, the default of many
 * distributions, it leaves the BAR writable for up to 10 ms, until the flush queue's
 * timer; and it frees the IOVA, which the next registration gets, so that a NIC that
 * still honours the old key reaches the new mapping. So a translated range is closed in
 * the domain itself, where iommu_unmap() returns after the invalidation, and its IOVA
 * stays reserved (compat/iova.h) until the importer detaches.
 *
 * The same closing is the fence: the way to stop importers that cannot let go, and the last
 * resort against one that does not.
 */
#include <linux/ratelimit.h>
#include <linux/sizes.h>

#include "peerbar.h"
#include "trace.h"

/*
 * Larger steps were seen to leave writes landing, on emulated VT-d, which drops an
 * invalidation of more pages than it can count.
 */
#define UNMAP_STEP ((size_t)SZ_1G)

/*
 * The domain is looked up each time: sysfs may change a group's type between strict and
 * lazy while we are attached.
 */
static struct iommu_domain *domain_of(struct device *client)
{
	return iommu_get_domain_for_dev(client);
}

static bool maps(struct iommu_domain *domain, const struct peerbar_span *span)
{
	dma_addr_t last = span->iova.addr + span->len - PAGE_SIZE;

	return iommu_iova_to_phys(domain, span->iova.addr) == span->phys &&
	       iommu_iova_to_phys(domain, last) == span->phys + span->len - PAGE_SIZE;
}

static bool empty(struct iommu_domain *domain, const struct peerbar_span *span)
{
	return !iommu_iova_to_phys(domain, span->iova.addr) &&
	       !iommu_iova_to_phys(domain, span->iova.addr + span->len - PAGE_SIZE);
}

/* A driver may return more than it was asked for: AMD's drops a coalesced entry whole. */
static int close_translated(struct device *client, struct peerbar_span *span)
{
	struct iommu_domain *domain = domain_of(client);
	size_t done = 0, n;

	while (done < span->len) {
		n = iommu_unmap(domain, span->iova.addr + done,
				min(UNMAP_STEP, span->len - done));
		if (!n)
			break;
		done += n;
	}
	return empty(domain, span) ? 0 : -EIO;
}

static int open_translated(struct device *client, struct peerbar_span *span,
			   enum dma_data_direction dir)
{
	int ret;

	ret = peerbar_iova_map(client, &span->iova, span->phys, span->len, dir);
	if (ret)
		return ret;
	/* what cannot be seen in the domain could not be closed there */
	if (!maps(domain_of(client), span)) {
		close_translated(client, span);
		dev_err_ratelimited(client, "peerbar: refused: its IOMMU domain does not show the BAR where it was mapped, and so could not be made to close it\n");
		return -EIO;
	}
	span->addr = span->iova.addr;
	return 0;
}

static int open_direct(struct device *client, struct peerbar_span *span,
		       enum dma_data_direction dir)
{
	span->addr = dma_map_resource(client, span->phys, span->len, dir, 0);
	return dma_mapping_error(client, span->addr);
}

int peerbar_span_open(const struct peerbar_provider *provider, struct device *client,
		      enum peerbar_way way, struct peerbar_span *span,
		      enum dma_data_direction dir)
{
	switch (way) {
	case PEERBAR_TRANSLATED:
		return open_translated(client, span, dir);
	case PEERBAR_DIRECT:
		return open_direct(client, span, dir);
	case PEERBAR_BUS:
		break;
	}
	span->addr = span->phys + provider->bus_offset;
	return 0;
}

int peerbar_span_close(struct device *client, enum peerbar_way way, struct peerbar_span *span,
		       enum dma_data_direction dir)
{
	if (way == PEERBAR_TRANSLATED)
		return close_translated(client, span);
	if (way == PEERBAR_DIRECT)
		dma_unmap_resource(client, span->addr, span->len, dir, 0);
	return 0;
}

void peerbar_span_release(struct device *client, enum peerbar_way way,
			  struct peerbar_span *span)
{
	if (way != PEERBAR_TRANSLATED || !span->iova.len)
		return;
	if (!empty(domain_of(client), span)) {
		dev_err(client, "peerbar: IOVA %pad of %zu bytes cannot be closed and is never reused\n",
			&span->iova.addr, span->len);
		return;
	}
	peerbar_iova_free(client, &span->iova);
}

static int close_all(struct device *client, struct peerbar_mapping *m)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < m->nr_spans; i++)
		ret = peerbar_span_close(client, m->way, &m->span[i], m->dir) ?: ret;
	return ret;
}

static void log_fence(const struct peerbar_attachment *att, const char *device, bool closed)
{
	struct device *client = att->attach->dev;
	const char *driver = dev_driver_string(client);

	if (att->stop == PEERBAR_STOP_NATIVE)
		dev_warn(client, "peerbar: %s did not let go of %s; %s\n", driver, device,
			 closed ? "its mapping is fenced off in the IOMMU" :
				  "nothing translates its DMA: bus mastering is off until its driver is bound again");
	else if (closed)
		dev_info_once(client, "peerbar: %s cannot revoke and is fenced off from %s in the IOMMU, which may report faults of it until it deregisters; said once, see the trace event peerbar:fence\n",
			      driver, device);
	else
		dev_err(client, "peerbar: the IOMMU still lets %s reach %s; bus mastering is off until its driver is bound again\n",
			driver, device);
}

void peerbar_fence(struct peerbar_attachment *att, struct peerbar_mapping *m)
{
	struct device *client = att->attach->dev;
	struct peerbar_buffer *buf = att->attach->dmabuf->priv;
	bool closed;

	closed = m->way == PEERBAR_TRANSLATED && !close_all(client, m);
	if (!closed)
		pci_clear_master(to_pci_dev(client));
	if (m->way == PEERBAR_DIRECT)
		close_all(client, m);
	trace_fence(buf, att, closed);
	log_fence(att, pci_name(buf->context->pdev), closed);
}
