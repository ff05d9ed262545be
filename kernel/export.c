// SPDX-License-Identifier: GPL-2.0-only
/*
 * The UAPI, VFIO_DEVICE_FEATURE_DMA_BUF, with the layout and the errnos of mainline's vfio-pci
 * since 6.19; and the life of a dma-buf.
 *
 * As in mainline, a probe succeeds for a device without any BAR, and an export succeeds while
 * memory decode is off; then it is the attach that fails. open_flags are passed to the dma-buf
 * core, which accepts any.
 */
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "revoke.h"
#include "trace.h"

PEERBAR_IMPORT_NS(DMA_BUF);

/*
 * The work of revoking a buffer grows with its number of ranges, so that number is limited.
 * Graphics memory in pieces of 2 MiB can still be exported up to 1 GiB at a time.
 */
#define PEERBAR_MAX_RANGES 512

/*
 * Pinning always succeeds. The callbacks have to exist, because without them the dma-buf core
 * of 6.1 and 6.12 takes the buffer for a static one: it maps it at the attach and keeps it
 * mapped through a revoke. Whether a pinned importer may have the BAR is decided when it maps,
 * and its pin does not save it from a revoke.
 */
static int buffer_pin(struct dma_buf_attachment *attach)
{
	return 0;
}

static void buffer_unpin(struct dma_buf_attachment *attach)
{
}

/*
 * No importer is attached any more, so nobody queues the work item tell again. If it is still
 * running, it finds nothing to do. Once it has ended, nobody dereferences the dma-buf.
 */
static void buffer_release(struct dma_buf *dmabuf)
{
	struct peerbar_buffer *buf = dmabuf->priv;

	cancel_work_sync(&buf->tell);
	peerbar_buffer_put(buf);
}

static const struct dma_buf_ops buffer_ops = {
	.attach = peerbar_attach,
	.detach = peerbar_detach,
	.pin = buffer_pin,
	.unpin = buffer_unpin,
	.map_dma_buf = peerbar_map,
	.unmap_dma_buf = peerbar_unmap,
	.release = buffer_release,
};

bool peerbar_is_buffer(const struct dma_buf *dmabuf)
{
	return dmabuf->ops == &buffer_ops;
}

/* The checks that do not need the BAR: whole pages, and a sum that fits in 63 bits. */
static int check_ranges(const struct vfio_region_dma_range *range, u32 nr, u64 *size)
{
	u32 i;

	*size = 0;
	for (i = 0; i < nr; i++) {
		if (!range[i].length || !PAGE_ALIGNED(range[i].offset) ||
		    !PAGE_ALIGNED(range[i].length))
			return -EINVAL;
		if (check_add_overflow(*size, range[i].length, size))
			return -EINVAL;
	}
	/* mainline reserves the top bit of a length for its own use */
	return *size & BIT_ULL(63) ? -EINVAL : 0;
}

/* Place the ranges in the BAR. Adjacent ones are merged, so that a NIC can use larger pages. */
static int place_ranges(struct peerbar_buffer *buf, const struct vfio_region_dma_range *range,
			u32 nr)
{
	const struct peerbar_provider *p = buf->provider;
	struct peerbar_range *r = buf->range;
	phys_addr_t phys, end;
	u32 i;

	if (!p->size)
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		if (check_add_overflow(p->start, range[i].offset, &phys) ||
		    check_add_overflow(phys, range[i].length, &end))
			return -EOVERFLOW;
		if (end > p->start + p->size)
			return -EINVAL;
		if (i && r->phys + r->len == phys) {
			r->len += range[i].length;
			continue;
		}
		if (i)
			r++;
		r->phys = phys;
		r->len = range[i].length;
	}
	buf->nr_ranges = r - buf->range + 1;
	return 0;
}

static struct peerbar_buffer *buffer_alloc(struct peerbar_context *ctx, u32 bar, u32 nr)
{
	struct peerbar_buffer *buf = kzalloc(sizeof(*buf), GFP_KERNEL_ACCOUNT);

	if (!buf)
		return NULL;
	buf->range = kvcalloc(nr, sizeof(*buf->range), GFP_KERNEL_ACCOUNT);
	if (!buf->range) {
		kfree(buf);
		return NULL;
	}
	kref_init(&buf->ref);
	kref_get(&ctx->ref);
	buf->context = ctx;
	buf->provider = &ctx->provider[bar];
	INIT_LIST_HEAD(&buf->node);
	INIT_WORK(&buf->tell, peerbar_tell_importers);
	mutex_init(&buf->lock);
	INIT_LIST_HEAD(&buf->attachments);
	return buf;
}

static struct peerbar_buffer *buffer_create(struct peerbar_context *ctx, u32 bar,
					    const struct vfio_region_dma_range *range, u32 nr)
{
	struct peerbar_buffer *buf;
	u64 size;
	int ret;

	ret = check_ranges(range, nr, &size);
	if (ret)
		return ERR_PTR(ret);
	buf = buffer_alloc(ctx, bar, nr);
	if (!buf)
		return ERR_PTR(-ENOMEM);
	buf->size = size;
	ret = place_ranges(buf, range, nr);
	if (!ret && size > buf->provider->size)
		ret = -ENOMEM;
	if (ret) {
		peerbar_buffer_put(buf);
		return ERR_PTR(ret);
	}
	return buf;
}

/* Once dma_buf_export() has succeeded, dma_buf_put() frees the buffer. */
static int buffer_publish(struct peerbar_buffer *buf, u32 open_flags)
{
	struct peerbar_context *ctx = buf->context;
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;
	int fd;

	info.ops = &buffer_ops;
	info.size = buf->size;
	info.flags = open_flags;
	info.priv = buf;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		peerbar_buffer_put(buf);
		return PTR_ERR(dmabuf);
	}
	buf->dmabuf = dmabuf;
	buf->id = file_inode(dmabuf->file)->i_ino;

	mutex_lock(&ctx->lock);
	buf->revoked = ctx->reasons;
	list_add_tail(&buf->node, &ctx->buffers);
	mutex_unlock(&ctx->lock);
	trace_export(buf);

	fd = dma_buf_fd(dmabuf, open_flags);
	if (fd < 0)
		dma_buf_put(dmabuf);
	return fd;
}

int peerbar_export(struct peerbar_device *pd, u32 flags,
		   struct vfio_device_feature_dma_buf __user *arg, size_t argsz)
{
	struct vfio_device_feature_dma_buf get;
	struct vfio_region_dma_range *range;
	struct peerbar_buffer *buf;
	int ret;

	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_GET, sizeof(get));
	if (ret != 1)
		return ret;
	if (copy_from_user(&get, arg, sizeof(get)))
		return -EFAULT;
	if (!get.nr_ranges || get.flags)
		return -EINVAL;
	/* a BAR that could not be claimed at open belongs to somebody else */
	if (get.region_index >= VFIO_PCI_ROM_REGION_INDEX ||
	    IS_ERR_OR_NULL(pd->core.barmap[get.region_index]))
		return -ENODEV;

	if (get.nr_ranges > PEERBAR_MAX_RANGES)
		return -ENOMEM;
	range = memdup_user(arg->dma_ranges, array_size(get.nr_ranges, sizeof(*range)));
	if (IS_ERR(range))
		return PTR_ERR(range);
	buf = buffer_create(pd->context, get.region_index, range, get.nr_ranges);
	kfree(range);
	return IS_ERR(buf) ? PTR_ERR(buf) : buffer_publish(buf, get.open_flags);
}
