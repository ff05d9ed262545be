// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an importer does with a buffer: attach, map, unmap, detach.
 *
 * A mapping belongs to its attachment until the importer detaches. When it is unmapped, it is
 * only parked: it is closed, but its IOVA stays reserved, and the next map uses it again. So a
 * dynamic importer that comes back after a revoke uses no more IOVA than before, its memory
 * region gets the same DMA address as before, and no other memory region can get that address
 * until the importer has detached.
 *
 * Memory that we allocate for an importer is charged to the process on whose behalf it calls.
 */
#include <linux/dma-resv.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "access.h"
#include "revoke.h"
#include "trace.h"

/*
 * The length of an sg entry has 32 bits, so longer runs are cut into pieces. This is not the
 * largest length that fits, but a power of two, which does not cut through the largest pages of
 * NICs and IOMMUs.
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

static struct peerbar_attachment *attachment_create(struct peerbar_buffer *buf,
						    struct dma_buf_attachment *attach)
{
	struct peerbar_attachment *att = kzalloc(sizeof(*att), GFP_KERNEL_ACCOUNT);

	if (!att)
		return NULL;
	att->attach = attach;
	att->buf = buf;
	att->client = get_device(attach->dev);
	INIT_LIST_HEAD(&att->mappings);
	att->route = peerbar_provider_map_type(buf->provider, attach->dev, last_byte(buf));
	return att;
}

static void attachment_free(struct peerbar_attachment *att)
{
	put_device(att->client);
	kfree(att);
}

/*
 * The attachment is listed before the driver is checked: so either clients.c finds it, or we
 * see here that the driver is going. An importer that cannot reach the BAR never maps anything,
 * so for that one it does not matter.
 */
static int attachment_list(struct peerbar_attachment *att)
{
	struct peerbar_buffer *buf = att->buf;
	int ret = 0;

	mutex_lock(&buf->lock);
	list_add_tail(&att->node, &buf->attachments);
	if (att->route.type != PEERBAR_MAP_NOT_SUPPORTED && !peerbar_client_stays(att->client)) {
		list_del(&att->node);
		ret = -ENODEV;
	}
	mutex_unlock(&buf->lock);
	return ret;
}

/*
 * The checks are in mainline's order. An importer that cannot reach the BAR may attach, and
 * gets its error at the first map.
 */
int peerbar_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach)
{
	struct peerbar_buffer *buf = dmabuf->priv;
	struct peerbar_attachment *att;
	int ret;

	if (!attach->peer2peer)
		return -EOPNOTSUPP;
	if (READ_ONCE(buf->revoked))
		return -ENODEV;
	att = attachment_create(buf, attach);
	if (!att)
		return -ENOMEM;
	ret = peerbar_admit(att);
	if (!ret)
		ret = attachment_list(att);
	if (ret) {
		attachment_free(att);
		return ret;
	}
	if (att->route.type == PEERBAR_MAP_NOT_SUPPORTED)
		peerbar_warn(buf->context, attach->dev, "cannot reach BAR %td of %s: %s\n",
			     buf->provider - buf->context->provider,
			     pci_name(buf->context->pdev),
			     peerbar_refusal_text(att->route.reason));
	attach->priv = att;
	trace_attach(buf, att);
	return 0;
}

static enum peerbar_way way_of(const struct peerbar_attachment *att)
{
	if (att->route.type == PEERBAR_MAP_BUS_ADDR)
		return PEERBAR_BUS;
	if (peerbar_iommu_of(att->client) == PEERBAR_IOMMU_TRANSLATES)
		return PEERBAR_TRANSLATED;
	return PEERBAR_DIRECT;
}

static unsigned int sg_entries(const struct peerbar_mapping *m)
{
	unsigned int i, nents = 0;

	for (i = 0; i < m->nr_runs; i++)
		nents += DIV_ROUND_UP(m->run[i].len, SG_PIECE);
	return nents;
}

static void set_runs(struct peerbar_mapping *m)
{
	const struct peerbar_buffer *buf = m->att->buf;
	unsigned int i;

	for (i = 0; i < m->nr_runs; i++)
		m->run[i].len = m->way == PEERBAR_TRANSLATED ? buf->size : buf->range[i].len;
}

static struct peerbar_mapping *mapping_create(struct peerbar_attachment *att)
{
	enum peerbar_way way = way_of(att);
	unsigned int nr = way == PEERBAR_TRANSLATED ? 1 : att->buf->nr_ranges;
	struct peerbar_mapping *m;

	/* accepted because of the fence, but there is no domain any more to close it in */
	if (att->stop == PEERBAR_STOP_FENCE && way != PEERBAR_TRANSLATED)
		return ERR_PTR(-EIO);

	m = kvzalloc(struct_size(m, run, nr), GFP_KERNEL_ACCOUNT);
	if (!m)
		return ERR_PTR(-ENOMEM);
	m->att = att;
	m->way = way;
	m->nr_runs = nr;
	set_runs(m);
	if (sg_alloc_table(&m->sgt, sg_entries(m), GFP_KERNEL_ACCOUNT)) {
		kvfree(m);
		return ERR_PTR(-ENOMEM);
	}
	m->sgt.orig_nents = 0;
	list_add_tail(&m->node, &att->mappings);
	return m;
}

static void mapping_destroy(struct peerbar_mapping *m)
{
	peerbar_access_release(m);
	list_del(&m->node);
	/* 0 for importers, which get no entries for the CPU; sg_free_table() needs the real one */
	m->sgt.orig_nents = m->sgt.nents;
	sg_free_table(&m->sgt);
	kvfree(m);
}

/* Page pointers stay NULL: a BAR has no struct page, and importers that want one must notice. */
static void fill_sg(struct peerbar_mapping *m)
{
	struct scatterlist *sg = m->sgt.sgl;
	unsigned int i;
	size_t done, n;

	for (i = 0; i < m->nr_runs; i++) {
		for (done = 0; done < m->run[i].len; done += n) {
			n = min(m->run[i].len - done, SG_PIECE);
			sg_set_page(sg, NULL, 0, 0);
			sg_dma_address(sg) = m->run[i].addr + done;
			sg_dma_len(sg) = n;
			sg = sg_next(sg);
		}
	}
}

/* Take a parked mapping if there is one, or else make a new one; and open it. */
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
	ret = peerbar_access_open(found, dir);
	if (ret)
		return ERR_PTR(ret);
	fill_sg(found);
	found->state = PEERBAR_LIVE;
	found->told = false;
	return found;
}

static int may_map(const struct peerbar_attachment *att)
{
	if (READ_ONCE(att->buf->revoked) || att->dead || att->leaving)
		return -ENODEV;
	return att->route.type == PEERBAR_MAP_NOT_SUPPORTED ? -EINVAL : 0;
}

/*
 * Called with peerbar_buffer.lock held. may_map() is asked before the attempt is counted, so
 * that attempts without a chance do not keep a revoke from ending; and again afterwards,
 * because a revoke may have begun in between.
 */
static struct peerbar_mapping *map_locked(struct peerbar_attachment *att,
					  enum dma_data_direction dir)
{
	struct peerbar_mapping *m;
	int ret = may_map(att);

	if (ret)
		return ERR_PTR(ret);
	peerbar_live_get(att->buf);
	ret = may_map(att);
	m = ret ? ERR_PTR(ret) : mapping_get(att, dir);
	if (IS_ERR(m))
		peerbar_live_put(att->buf);
	return m;
}

struct sg_table *peerbar_map(struct dma_buf_attachment *attach, enum dma_data_direction dir)
{
	struct peerbar_attachment *att = attach->priv;
	struct peerbar_buffer *buf = att->buf;
	u64 start = ktime_get_ns();
	struct peerbar_mapping *m;

	dma_resv_assert_held(attach->dmabuf->resv);
	mutex_lock(&buf->lock);
	m = map_locked(att, dir);
	mutex_unlock(&buf->lock);

	if (IS_ERR(m))
		return ERR_CAST(m);
	trace_map(buf, att->client, m->run[0].addr, ktime_get_ns() - start);
	return &m->sgt;
}

/*
 * Called with peerbar_buffer.lock held. A fenced mapping was already closed, and is not counted
 * as live any more.
 */
static void mapping_put(struct peerbar_mapping *m)
{
	if (m->state == PEERBAR_LIVE) {
		if (peerbar_access_close(m))
			m->att->dead = true;
		peerbar_live_put(m->att->buf);
	}
	m->state = PEERBAR_PARKED;
}

void peerbar_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
		   enum dma_data_direction dir)
{
	struct peerbar_mapping *m = container_of(sgt, struct peerbar_mapping, sgt);
	struct peerbar_buffer *buf = m->att->buf;

	mutex_lock(&buf->lock);
	mapping_put(m);
	mutex_unlock(&buf->lock);
}

/*
 * Destroy one of the attachment's mappings. If none is left, unlist the attachment instead and
 * return false.
 */
static bool detach_one(struct peerbar_attachment *att)
{
	struct peerbar_buffer *buf = att->buf;
	struct peerbar_mapping *m;

	mutex_lock(&buf->lock);
	m = list_first_entry_or_null(&att->mappings, struct peerbar_mapping, node);
	if (!m) {
		list_del(&att->node);
	} else {
		if (m->state != PEERBAR_PARKED)
			peerbar_warn(buf->context, att->client, "driver %s detaches what it has mapped\n",
				     peerbar_driver_name(att));
		mapping_put(m);
		mapping_destroy(m);
	}
	mutex_unlock(&buf->lock);
	return m;
}

/* Drops the lock after each mapping, because before 6.18 giving back an IOVA may take long. */
void peerbar_detach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach)
{
	struct peerbar_attachment *att = attach->priv;

	while (detach_one(att))
		cond_resched();
	attachment_free(att);
}
