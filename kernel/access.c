// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening a buffer for a client, and closing it so that the client cannot reach it any more.
 *
 * The DMA API's own unmap does not guarantee that. On a lazy domain, the default of many
 * distributions, it leaves the BAR writable for up to 10 ms, until the flush queue's timer
 * fires. It also frees the IOVA, which the next registration may get, so that a NIC that
 * still honours the old key reaches the new mapping. So a translated buffer is closed in
 * the domain itself, where iommu_unmap() returns after the invalidation, and its IOVA
 * stays reserved (compat/iova.h) until the importer detaches.
 *
 * The ranges of a buffer are mapped back to back at one IOVA. That way they are closed
 * together, and not with an invalidation to wait for after each range.
 *
 * Only the domain in which the IOVA was reserved is ever touched. It lives as long as the
 * client has its driver: before the driver goes, clients.c makes sure that nothing is left
 * to close or to give back.
 */
#include <linux/math64.h>
#include <linux/ktime.h>

#include "access.h"
#include "domain.h"

/*
 * A device's mappings may hold 1/IOVA_SHARE of a client's IOVA space. If they hold none yet,
 * a mapping of any size is allowed.
 */
#define IOVA_SHARE 8

static u64 iova_space(struct device *client, const struct iommu_domain *domain)
{
	return min_t(u64, dma_get_mask(client), domain->geometry.aperture_end);
}

static int reserve(struct peerbar_mapping *m)
{
	const struct peerbar_buffer *buf = m->att->buf;
	struct peerbar_context *ctx = buf->context;
	struct device *client = m->att->client;
	struct iommu_domain *domain = iommu_get_domain_for_dev(client);
	s64 held = atomic64_add_return(buf->size, &ctx->iova_bytes);
	int ret = -ENOMEM;

	if (held > buf->size && held > iova_space(client, domain) / IOVA_SHARE)
		peerbar_warn(ctx, client, "refused: mappings of %s hold %lld bytes of IOVA space, which is its share\n",
			     pci_name(ctx->pdev), held - buf->size);
	else
		ret = peerbar_iova_reserve(client, domain, &m->iova, buf->provider->start,
					   buf->size);
	if (ret)
		atomic64_sub(buf->size, &ctx->iova_bytes);
	return ret;
}

/* Map the ranges back to back; on failure the first @done bytes are mapped. */
static int link_ranges(struct peerbar_mapping *m, size_t *done)
{
	const struct peerbar_buffer *buf = m->att->buf;
	const struct peerbar_range *r;
	int ret;

	for (r = buf->range; r < buf->range + buf->nr_ranges; r++) {
		ret = peerbar_iova_link(m->att->client, &m->iova, *done, r->phys, r->len,
					m->dir);
		if (ret)
			return ret;
		*done += r->len;
		cond_resched();
	}
	return peerbar_iova_sync(m->att->client, &m->iova);
}

/* Does the domain translate both ends? What it does not show could not be closed there. */
static bool shows(const struct peerbar_mapping *m)
{
	const struct peerbar_buffer *buf = m->att->buf;
	const struct peerbar_range *last = &buf->range[buf->nr_ranges - 1];
	dma_addr_t addr = peerbar_iova_addr(&m->iova);

	return iommu_iova_to_phys(m->iova.domain, addr) == buf->range[0].phys &&
	       iommu_iova_to_phys(m->iova.domain, addr + buf->size - PAGE_SIZE) ==
	       last->phys + last->len - PAGE_SIZE;
}

static int open_translated(struct peerbar_mapping *m)
{
	size_t done = 0;
	int ret = 0;

	if (!m->iova.domain)
		ret = reserve(m);
	else if (m->iova.domain != iommu_get_domain_for_dev(m->att->client))
		ret = -EIO;
	if (ret)
		return ret;

	ret = link_ranges(m, &done);
	if (!ret && !shows(m)) {
		peerbar_err(m->att->buf->context, m->att->client, "refused: its IOMMU domain does not show the BAR where it was mapped, and so could not be made to close it\n");
		ret = -EIO;
	}
	if (ret)
		peerbar_domain_unmap(m->iova.domain, peerbar_iova_addr(&m->iova), done);
	else
		m->run[0].addr = peerbar_iova_addr(&m->iova);
	return ret;
}

static void close_direct(struct peerbar_mapping *m, unsigned int nr)
{
	/* its driver is going or gone, and the DMA API may already use another domain */
	if (m->att->leaving)
		return;
	while (nr--)
		dma_unmap_resource(m->att->client, m->run[nr].addr, m->run[nr].len, m->dir, 0);
}

static int open_direct(struct peerbar_mapping *m)
{
	const struct peerbar_range *range = m->att->buf->range;
	unsigned int i;

	for (i = 0; i < m->nr_runs; i++) {
		m->run[i].addr = dma_map_resource(m->att->client, range[i].phys, range[i].len,
						  m->dir, 0);
		if (dma_mapping_error(m->att->client, m->run[i].addr)) {
			close_direct(m, i);
			return -ENOMEM;
		}
	}
	return 0;
}

static int open_bus(struct peerbar_mapping *m)
{
	const struct peerbar_buffer *buf = m->att->buf;
	unsigned int i;

	for (i = 0; i < m->nr_runs; i++)
		m->run[i].addr = buf->range[i].phys + buf->provider->bus_offset;
	return 0;
}

/*
 * A revoke has to close what importers do not let go of, one mapping after the other. How
 * long that takes depends on the number of mappings, on the page sizes that suit both their
 * ranges and the IOMMU, and on the machine. So the limit is on the time itself, and all
 * mappings of a device share it. It is half of the default revoke_timeout_ms, so that
 * importers have the other half to let go.
 */
#define MAX_CLOSE_NS (2500 * (s64)NSEC_PER_MSEC)

static int within_close_time(struct peerbar_mapping *m, u64 took_ns)
{
	struct peerbar_context *ctx = m->att->buf->context;
	s64 all;

	m->close_ns = took_ns;
	all = atomic64_add_return(m->close_ns, &ctx->close_ns);
	if (all <= MAX_CLOSE_NS || all == m->close_ns)
		return 0;
	peerbar_access_close(m);
	peerbar_warn(ctx, m->att->client, "refused: it would take %lld ms to close all that is mapped of %s: map less, or in larger pieces\n",
		     div_s64(all, NSEC_PER_MSEC), pci_name(ctx->pdev));
	return -ENOMEM;
}

static int open_way(struct peerbar_mapping *m)
{
	switch (m->way) {
	case PEERBAR_TRANSLATED:
		return open_translated(m);
	case PEERBAR_DIRECT:
		return open_direct(m);
	case PEERBAR_BUS:
		break;
	}
	return open_bus(m);
}

int peerbar_access_open(struct peerbar_mapping *m, enum dma_data_direction dir)
{
	u64 start = ktime_get_ns();
	int ret;

	m->dir = dir;
	ret = open_way(m);
	if (ret || m->way != PEERBAR_TRANSLATED)
		return ret;
	return within_close_time(m, ktime_get_ns() - start);
}

int peerbar_access_close(struct peerbar_mapping *m)
{
	struct peerbar_context *ctx = m->att->buf->context;
	dma_addr_t addr;

	if (m->way == PEERBAR_DIRECT)
		close_direct(m, m->nr_runs);
	if (m->way != PEERBAR_TRANSLATED)
		return 0;

	atomic64_sub(m->close_ns, &ctx->close_ns);
	addr = peerbar_iova_addr(&m->iova);
	peerbar_domain_unmap(m->iova.domain, addr, m->iova.size);
	if (peerbar_domain_empty(m->iova.domain, addr, m->iova.size))
		return 0;
	peerbar_err(ctx, m->att->client, "the IOMMU still translates %pad after it was told to unmap %zu bytes there: %s is within reach of the device\n",
		    &addr, m->iova.size, pci_name(ctx->pdev));
	return -EIO;
}

static void forget(struct peerbar_mapping *m)
{
	atomic64_sub(m->iova.size, &m->att->buf->context->iova_bytes);
	m->iova.domain = NULL;
}

void peerbar_access_release(struct peerbar_mapping *m)
{
	dma_addr_t addr;

	if (!m->iova.domain)
		return;
	addr = peerbar_iova_addr(&m->iova);
	if (peerbar_domain_empty(m->iova.domain, addr, m->iova.size))
		peerbar_iova_free(m->att->client, &m->iova);
	else
		peerbar_err(m->att->buf->context, m->att->client, "IOVA %pad of %zu bytes cannot be closed and is never reused\n",
			    &addr, m->iova.size);
	forget(m);
}

void peerbar_access_forget(struct peerbar_mapping *m)
{
	struct peerbar_context *ctx = m->att->buf->context;

	if (!m->iova.domain)
		return;
	peerbar_warn(ctx, m->att->client, "its driver goes and holds a mapping of %s: closed, and %zu bytes of IOVA are not used again\n",
		     pci_name(ctx->pdev), m->iova.size);
	forget(m);
}
