// SPDX-License-Identifier: GPL-2.0-only
/*
 * One attachment: what it does when a program asks, and what when the exporter notifies it.
 *
 * The reservation lock of the dma-buf protects everything that changes after the attach.
 * The exporter holds it when it notifies. The worker that unmaps late takes it like
 * everybody else, and then checks whether there is still something to unmap.
 */
#include <linux/device.h>
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "attachment.h"
#include "compat.h"
#include "sit.h"

struct importer_attachment {
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attach;
	struct device *dev;
	enum pti_mode mode;
	u32 delay_ms, callback_ms;
	bool stays, litters;
	u64 attach_ns;

	/* protected by the reservation lock */
	struct sg_table *sgt;		/* NULL if neither mapped nor pinned */
	bool unmapping;			/* notified, and still mapped */
	bool dead;
	u32 notifies, revokes;
	u64 map_ns, mapped_at, notified_at, unmapped_at;

	struct delayed_work late;
};

static bool pins(const struct importer_attachment *a)
{
	return a->mode != PTI_DYNAMIC;
}

static void unmap_locked(struct importer_attachment *a)
{
	dma_resv_assert_held(a->dmabuf->resv);

	dma_buf_unmap_attachment(a->attach, a->sgt, DMA_BIDIRECTIONAL);
	if (pins(a))
		dma_buf_unpin(a->attach);
	a->sgt = NULL;
	a->unmapping = false;
	a->unmapped_at = ktime_get_ns();
}

/*
 * If the clock tick is late when a timer is set, as happens on a busy emulator, the timer fires
 * too early by that much. So check the time, and reschedule if needed. Returns false if the
 * time has come.
 */
static bool unmap_when_due(struct importer_attachment *a)
{
	s64 early_ns = a->notified_at + a->delay_ms * NSEC_PER_MSEC - ktime_get_ns();

	if (early_ns <= 0)
		return false;
	schedule_delayed_work(&a->late, nsecs_to_jiffies(early_ns) + 1);
	return true;
}

static void unmap_late(struct work_struct *work)
{
	struct importer_attachment *a =
		container_of(to_delayed_work(work), struct importer_attachment, late);

	dma_resv_lock(a->dmabuf->resv, NULL);
	if (a->unmapping && !unmap_when_due(a))
		unmap_locked(a);
	dma_resv_unlock(a->dmabuf->resv);
}

static void revoked(struct importer_attachment *a)
{
	a->revokes++;
	a->notified_at = ktime_get_ns();
	a->dead = a->mode == PTI_PINNED;

	if (a->delay_ms == PTI_UNMAP_AT_ONCE) {
		unmap_locked(a);
		return;
	}
	a->unmapping = true;
	if (a->delay_ms != PTI_UNMAP_NEVER)
		schedule_delayed_work(&a->late, msecs_to_jiffies(a->delay_ms) + 1);
}

/* May be called as soon as the attachment exists, before dma_buf_dynamic_attach() returns. */
static void notified(struct dma_buf_attachment *attach)
{
	struct importer_attachment *a = attach->importer_priv;

	dma_resv_assert_held(attach->dmabuf->resv);

	if (a->callback_ms)
		importer_sit(a->callback_ms);
	a->notifies++;
	if (a->sgt && !a->unmapping)
		revoked(a);
}

/* An exporter that judges importers by the name of the callback takes these for revocable. */
static void peerbar_test_importer_dynamic_move_notify(struct dma_buf_attachment *attach)
{
	notified(attach);
}

static void peerbar_test_importer_pinned_move_notify(struct dma_buf_attachment *attach)
{
	notified(attach);
}

/*
 * The callback of the RDMA core's pinned umems, on kernels where an importer must have one. Its
 * name is the only way in which an exporter can recognize such an importer.
 */
#ifdef IMPORTER_MUST_HAVE_NOTIFY
static void ib_umem_dmabuf_unsupported_move_notify(struct dma_buf_attachment *attach)
{
	struct importer_attachment *a = attach->importer_priv;

	a->notifies++;
}
#else
#define ib_umem_dmabuf_unsupported_move_notify NULL
#endif

static const struct dma_buf_attach_ops modes[] = {
	[PTI_DYNAMIC] = {
		.allow_peer2peer = true,
		.importer_notify = peerbar_test_importer_dynamic_move_notify,
	},
	[PTI_PINNED] = {
		.allow_peer2peer = true,
		.importer_notify = peerbar_test_importer_pinned_move_notify,
	},
	[PTI_UNREVOCABLE] = {
		.allow_peer2peer = true,
		.importer_notify = ib_umem_dmabuf_unsupported_move_notify,
	},
};

static bool makes_sense(const struct pti_attach *how)
{
	return how->mode < ARRAY_SIZE(modes) && !(how->flags & ~(PTI_STAYS | PTI_LITTERS)) &&
	       (how->unmap_delay_ms <= PTI_MAX_DELAY_MS ||
		how->unmap_delay_ms == PTI_UNMAP_NEVER) &&
	       (how->callback_ms <= PTI_MAX_DELAY_MS || how->callback_ms == PTI_SIT);
}

static struct importer_attachment *new_attachment(const struct pti_attach *how,
						  struct device *dev)
{
	struct importer_attachment *a;

	if (!makes_sense(how))
		return ERR_PTR(-EINVAL);

	a = kzalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return ERR_PTR(-ENOMEM);
	a->dev = get_device(dev);
	a->mode = how->mode;
	a->delay_ms = how->unmap_delay_ms;
	a->callback_ms = how->callback_ms;
	a->stays = how->flags & PTI_STAYS;
	a->litters = how->flags & PTI_LITTERS;
	INIT_DELAYED_WORK(&a->late, unmap_late);
	return a;
}

static void free_attachment(struct importer_attachment *a)
{
	put_device(a->dev);
	kfree(a);
}

struct importer_attachment *importer_attach(const struct pti_attach *how, struct device *dev)
{
	struct importer_attachment *a = new_attachment(how, dev);
	int ret;
	u64 start;

	if (IS_ERR(a))
		return a;

	a->dmabuf = dma_buf_get(how->dmabuf_fd);
	if (IS_ERR(a->dmabuf)) {
		ret = PTR_ERR(a->dmabuf);
		goto err_free;
	}

	start = ktime_get_ns();
	a->attach = dma_buf_dynamic_attach(a->dmabuf, dev, &modes[a->mode], a);
	if (IS_ERR(a->attach)) {
		ret = PTR_ERR(a->attach);
		goto err_put;
	}
	a->attach_ns = ktime_get_ns() - start;
	return a;

err_put:
	dma_buf_put(a->dmabuf);
err_free:
	free_attachment(a);
	return ERR_PTR(ret);
}

/* Forget the mapping without unmapping it: the exporter owns it, and has to clean it up. */
static void leave_mapped_locked(struct importer_attachment *a)
{
	if (pins(a))
		dma_buf_unpin(a->attach);
	a->sgt = NULL;
}

/*
 * No callback may sit during this. A process that ends closes its files one after the other,
 * so nobody would be left to wake a callback that sits on this lock.
 */
void importer_detach(struct importer_attachment *a)
{
	importer_hurry_begin();
	dma_resv_lock(a->dmabuf->resv, NULL);
	if (a->sgt && a->litters)
		leave_mapped_locked(a);
	else if (a->sgt)
		unmap_locked(a);
	dma_resv_unlock(a->dmabuf->resv);
	importer_hurry_end();

	/* Nothing is mapped, so no notification starts the worker again. */
	cancel_delayed_work_sync(&a->late);
	dma_buf_detach(a->dmabuf, a->attach);
	dma_buf_put(a->dmabuf);
	free_attachment(a);
}

bool importer_goes_with(const struct importer_attachment *a, const struct device *dev)
{
	return a->dev == dev && !a->stays;
}

static int pin_and_map_locked(struct importer_attachment *a)
{
	struct sg_table *sgt;
	int ret;

	if (pins(a)) {
		ret = dma_buf_pin(a->attach);
		if (ret)
			return ret;
	}

	sgt = dma_buf_map_attachment(a->attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(sgt)) {
		if (pins(a))
			dma_buf_unpin(a->attach);
		return PTR_ERR(sgt);
	}
	a->sgt = sgt;
	return 0;
}

static int map_locked(struct importer_attachment *a)
{
	u64 start = ktime_get_ns();
	int ret;

	if (a->sgt)
		return -EBUSY;
	if (a->dead)
		return -ESTALE;

	ret = pin_and_map_locked(a);
	if (ret)
		return ret;
	a->mapped_at = ktime_get_ns();
	a->map_ns = a->mapped_at - start;
	return 0;
}

int importer_map(struct importer_attachment *a)
{
	int ret = dma_resv_lock_interruptible(a->dmabuf->resv, NULL);

	if (ret)
		return ret;
	ret = map_locked(a);
	dma_resv_unlock(a->dmabuf->resv);
	return ret;
}

int importer_unmap(struct importer_attachment *a)
{
	int ret = dma_resv_lock_interruptible(a->dmabuf->resv, NULL);

	if (ret)
		return ret;
	if (a->sgt)
		unmap_locked(a);
	else
		ret = -ENODATA;
	dma_resv_unlock(a->dmabuf->resv);
	return ret;
}

static u32 list_entries(struct sg_table *sgt, struct pti_entry *entries, u32 room)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_dma_sg(sgt, sg, i) {
		if (i >= room)
			break;
		entries[i].address = sg_dma_address(sg);
		entries[i].length = sg_dma_len(sg);
	}
	return sgt->nents;
}

int importer_query(struct importer_attachment *a, struct pti_query *query,
		   struct pti_entry *entries)
{
	int ret = dma_resv_lock_interruptible(a->dmabuf->resv, NULL);

	if (ret)
		return ret;
	query->state = (a->sgt ? PTI_MAPPED : 0) | (a->unmapping ? PTI_UNMAPPING : 0) |
		       (a->dead ? PTI_DEAD : 0);
	query->nr_entries = a->sgt ? list_entries(a->sgt, entries, query->room) : 0;
	query->notifies = a->notifies;
	query->revokes = a->revokes;
	query->attach_ns = a->attach_ns;
	query->map_ns = a->map_ns;
	query->mapped_at = a->mapped_at;
	query->notified_at = a->notified_at;
	query->unmapped_at = a->unmapped_at;
	dma_resv_unlock(a->dmabuf->resv);
	return 0;
}
