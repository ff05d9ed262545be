// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an importer does to a buffer: attach, map, unmap, detach.
 *
 * A mapping belongs to its attachment for good. Unmapped, it is parked: closed, with its
 * IOVA reserved, and taken again at the next map. So a dynamic importer that comes back
 * after a revoke uses no more IOVA than before, its memory region gets the DMA address
 * that it had, and no other memory region can get it until the importer has detached.
 */
#include <linux/dma-resv.h>
#include <linux/overflow.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "peerbar.h"
#include "trace.h"

/*
 * The length of an sg entry has 32 bits. Cut where the largest pages of NICs and IOMMUs
 * stay whole, not at the largest length that fits.
 */
#define SG_PIECE ((size_t)SZ_2G)

static phys_addr_t last_byte(const struct peerbar_buffer *buf)
{
	phys_addr_t last = 0;
	unsigned int i;

	for (i = 0; i < buf->nr_ranges; i++)
		last = max(last, buf->range[i].phys + buf->range[i].len - 1);
	return last;
}

/* Checks in mainline's order. Whether the BAR can be reached shows at the first map. */
int peerbar_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach)
{
	struct peerbar_buffer *buf = dmabuf->priv;
	struct peerbar_attachment *att;
	int ret;

	if (!attach->peer2peer)
		return -EOPNOTSUPP;
	if (READ_ONCE(buf->revoked))
		return -ENODEV;
	att = kzalloc_obj(*att);
	if (!att)
		return -ENOMEM;
	att->attach = attach;
	INIT_LIST_HEAD(&att->mappings);
	att->route = peerbar_provider_map_type(buf->provider, attach->dev, last_byte(buf));
	ret = peerbar_admit(att);
	if (ret) {
		kfree(att);
		return ret;
	}
	if (att->route.type == PEERBAR_MAP_NOT_SUPPORTED)
		dev_warn_ratelimited(attach->dev, "peerbar: cannot reach BAR %td of %s: %s\n",
				     buf->provider - buf->context->provider,
				     pci_name(buf->context->pdev),
				     peerbar_reason_text(att->route.reason));
	attach->priv = att;

	mutex_lock(&buf->lock);
	list_add_tail(&att->node, &buf->attachments);
	mutex_unlock(&buf->lock);
	trace_attach(buf, att);
	return 0;
}

static unsigned int sg_entries(const struct peerbar_buffer *buf)
{
	unsigned int i, nents = 0;

	for (i = 0; i < buf->nr_ranges; i++)
		if (check_add_overflow(nents,
				       (unsigned int)DIV_ROUND_UP(buf->range[i].len, SG_PIECE),
				       &nents))
			return 0;
	return nents;
}

static void mapping_destroy(struct peerbar_attachment *att, struct peerbar_mapping *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_spans; i++)
		peerbar_span_release(att->attach->dev, m->way, &m->span[i]);
	list_del(&m->node);
	/* importers see none of the entries that a CPU would use; the free wants them */
	m->sgt.orig_nents = m->sgt.nents;
	sg_free_table(&m->sgt);
	kvfree(m);
}

static enum peerbar_way way_of(const struct peerbar_attachment *att)
{
	if (att->route.type == PEERBAR_MAP_BUS_ADDR)
		return PEERBAR_BUS;
	if (peerbar_iommu_of(att->attach->dev) == PEERBAR_IOMMU_TRANSLATES)
		return PEERBAR_TRANSLATED;
	return PEERBAR_DIRECT;
}

static struct peerbar_mapping *mapping_create(struct peerbar_attachment *att)
{
	struct peerbar_buffer *buf = att->attach->dmabuf->priv;
	enum peerbar_way way = way_of(att);
	struct peerbar_mapping *m;
	unsigned int i;

	/* let in for the fence, and no domain to close it in any more */
	if (att->stop == PEERBAR_STOP_FENCE && way != PEERBAR_TRANSLATED)
		return ERR_PTR(-EIO);

	m = kvzalloc(struct_size(m, span, buf->nr_ranges), GFP_KERNEL);
	if (!m)
		return ERR_PTR(-ENOMEM);
	if (sg_alloc_table(&m->sgt, sg_entries(buf), GFP_KERNEL)) {
		kvfree(m);
		return ERR_PTR(-ENOMEM);
	}
	m->sgt.orig_nents = 0;

	m->way = way;
	m->nr_spans = buf->nr_ranges;
	for (i = 0; i < m->nr_spans; i++) {
		m->span[i].phys = buf->range[i].phys;
		m->span[i].len = buf->range[i].len;
	}
	list_add_tail(&m->node, &att->mappings);
	return m;
}

/* Page pointers stay NULL: there are none, and an importer that looks must notice. */
static void fill_sg(struct peerbar_mapping *m)
{
	struct scatterlist *sg = m->sgt.sgl;
	unsigned int i;
	size_t done, n;

	for (i = 0; i < m->nr_spans; i++) {
		for (done = 0; done < m->span[i].len; done += n) {
			n = min(m->span[i].len - done, SG_PIECE);
			sg_set_page(sg, NULL, 0, 0);
			sg_dma_address(sg) = m->span[i].addr + done;
			sg_dma_len(sg) = n;
			sg = sg_next(sg);
		}
	}
}

/*
 * Close the first @nr spans. What the IOMMU cannot be made to close is stopped at its
 * source.
 */
static void mapping_close(struct peerbar_attachment *att, struct peerbar_mapping *m,
			  unsigned int nr)
{
	struct device *client = att->attach->dev;
	int ret = 0;

	while (nr--)
		ret = peerbar_span_close(client, m->way, &m->span[nr], m->dir) ?: ret;
	m->state = PEERBAR_PARKED;
	if (ret) {
		att->fenced = true;
		pci_clear_master(to_pci_dev(client));
		dev_err(client, "peerbar: the IOMMU still translates after an unmap; bus mastering is off until its driver is bound again\n");
	}
}

static int mapping_open(struct peerbar_attachment *att, struct peerbar_mapping *m,
			enum dma_data_direction dir)
{
	struct peerbar_buffer *buf = att->attach->dmabuf->priv;
	unsigned int i;
	int ret;

	m->dir = dir;
	for (i = 0; i < m->nr_spans; i++) {
		ret = peerbar_span_open(buf->provider, att->attach->dev, m->way, &m->span[i],
					dir);
		if (ret) {
			mapping_close(att, m, i);
			return ret;
		}
	}
	fill_sg(m);
	m->state = PEERBAR_LIVE;
	return 0;
}

/* A parked mapping if there is one, else a new one; opened. */
static struct peerbar_mapping *mapping_get(struct peerbar_attachment *att,
					   enum dma_data_direction dir)
{
	struct peerbar_mapping *m, *found = NULL;
	int ret;

	list_for_each_entry(m, &att->mappings, node) {
		if (m->state == PEERBAR_PARKED) {
			found = m;
			break;
		}
	}
	if (!found)
		found = mapping_create(att);
	if (IS_ERR(found))
		return found;
	ret = mapping_open(att, found, dir);
	return ret ? ERR_PTR(ret) : found;
}

struct sg_table *peerbar_map(struct dma_buf_attachment *attach, enum dma_data_direction dir)
{
	struct peerbar_buffer *buf = attach->dmabuf->priv;
	struct peerbar_attachment *att = attach->priv;
	u64 start = ktime_get_ns();
	struct peerbar_mapping *m;

	dma_resv_assert_held(attach->dmabuf->resv);
	mutex_lock(&buf->lock);
	if (buf->revoked || att->fenced) {
		m = ERR_PTR(-ENODEV);
	} else if (att->route.type == PEERBAR_MAP_NOT_SUPPORTED) {
		m = ERR_PTR(-EINVAL);
	} else {
		m = mapping_get(att, dir);
		if (!IS_ERR(m))
			buf->live++;
	}
	mutex_unlock(&buf->lock);

	if (IS_ERR(m))
		return ERR_CAST(m);
	trace_map(buf, attach->dev, m->span[0].addr, ktime_get_ns() - start);
	return &m->sgt;
}

/* With peerbar_buffer.lock held. A fenced mapping was closed, and counted, before. */
static void mapping_put(struct peerbar_attachment *att, struct peerbar_mapping *m)
{
	struct peerbar_buffer *buf = att->attach->dmabuf->priv;

	if (m->state == PEERBAR_LIVE) {
		mapping_close(att, m, m->nr_spans);
		if (!--buf->live)
			wake_up_all(&buf->idle);
	}
	m->state = PEERBAR_PARKED;
}

void peerbar_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
		   enum dma_data_direction dir)
{
	struct peerbar_mapping *m = container_of(sgt, struct peerbar_mapping, sgt);
	struct peerbar_buffer *buf = attach->dmabuf->priv;

	mutex_lock(&buf->lock);
	mapping_put(attach->priv, m);
	mutex_unlock(&buf->lock);
}

void peerbar_detach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach)
{
	struct peerbar_attachment *att = attach->priv;
	struct peerbar_buffer *buf = dmabuf->priv;
	struct peerbar_mapping *m, *next;

	mutex_lock(&buf->lock);
	list_del(&att->node);
	list_for_each_entry(m, &att->mappings, node) {
		if (m->state != PEERBAR_PARKED)
			dev_warn(attach->dev, "peerbar: driver %s detaches what it has mapped\n",
				 dev_driver_string(attach->dev));
		mapping_put(att, m);
	}
	mutex_unlock(&buf->lock);

	/* Nobody finds them any more, and no revoke waits: before 6.16 this may take long. */
	list_for_each_entry_safe(m, next, &att->mappings, node)
		mapping_destroy(att, m);
	kfree(att);
}
