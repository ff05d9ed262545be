// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking the BARs away from importers, and giving them back.
 *
 * A device is usable while its mask of reasons is 0. Every event that makes a BAR change
 * hands or vanish sets its reason before it happens and clears it when it is over; the
 * reasons are independent, so that a reset during low power does not give the BAR back.
 *
 * Setting a reason
 *   1. marks every buffer revoked: from now on a map gives -ENODEV;
 *   2. fences off the importers that cannot stop (admission.c), and lets them map no more;
 *   3. runs the callbacks of the others, which stop their hardware;
 *   4. waits for these to unmap, up to revoke_timeout_ms for all together;
 *   5. fences off who still has a mapping, likewise;
 *   6. reads from the device, so that writes posted on their way to it have landed.
 *
 * Locks, outermost first:
 *
 *   peerbar_device.decode_lock
 *     vfio_pci_core_device.memory_lock      the core's; never taken here
 *       pci_bus_sem                         the PCI core's, in a hot reset and in AER
 *         peerbar_context.lock
 *           dma_resv of a buffer
 *             peerbar_buffer.lock
 *
 * memory_lock is held by some callers (reset through the ioctl, FLR by a config write, hot
 * reset) and not by others (reset through sysfs), which is why nothing here may take it. AER
 * walks the bus with pci_bus_sem held, so what it calls may not take decode_lock.
 * Importers call map and unmap with the dma_resv held, some of them from the callback; so
 * peerbar_buffer.lock is never held while a callback runs. attach, detach and the fence
 * take peerbar_buffer.lock alone: an importer that sits on its dma_resv cannot keep us
 * from closing its mapping. A buffer's release takes peerbar_context.lock, and thus waits
 * until no revoke looks at the buffer.
 */
#include <linux/delay.h>
#include <linux/dma-resv.h>
#include <linux/jiffies.h>
#include <linux/timekeeping.h>

#include "peerbar.h"
#include "trace.h"

static unsigned int revoke_timeout_ms = 5000;
module_param(revoke_timeout_ms, uint, 0644);
MODULE_PARM_DESC(revoke_timeout_ms,
		 "How long a revoke waits for importers before it fences them off (default 5000)");

static const char * const reason_names[PEERBAR_NR_REASONS] = {
	[PEERBAR_CLOSED] = "close",
	[PEERBAR_RESET] = "reset",
	[PEERBAR_MEMORY_OFF] = "memory-off",
	[PEERBAR_D3HOT] = "d3hot",
	[PEERBAR_LOW_POWER] = "low-power",
	[PEERBAR_ERROR] = "error",
	[PEERBAR_REMOVED] = "remove",
};

const char *peerbar_reason_name(enum peerbar_reason reason)
{
	return reason_names[reason];
}

static unsigned long time_left(unsigned long deadline)
{
	long left = deadline - jiffies;

	return max(left, 0L);
}

/*
 * dma_resv_lock(), but not for ever. Well-behaved importers hold it for a map and no
 * longer, so a try and a short sleep will do.
 */
static bool lock_resv(struct dma_resv *resv, unsigned long deadline)
{
	might_lock(&resv->lock.base);
	while (!dma_resv_trylock(resv)) {
		if (!time_left(deadline))
			return false;
		usleep_range(50, 200);
	}
	return true;
}

/*
 * The core's own call would run the callbacks of fenced importers, too, which are not
 * made for it: that of a pinned umem before 7.1 warns.
 */
static void run_callbacks(struct dma_buf *dmabuf)
{
	void (*callback)(struct dma_buf_attachment *attach);
	struct dma_buf_attachment *attach;
	struct peerbar_attachment *att;

	dma_resv_assert_held(dmabuf->resv);
	list_for_each_entry(attach, &dmabuf->attachments, node) {
		att = attach->priv;
		if (att->stop != PEERBAR_STOP_NATIVE)
			continue;
		callback = peerbar_importer_callback(attach->importer_ops);
		callback(attach);
	}
}

/* Step 3. Not told in time, importers are told by the next event, and fenced by this. */
static void tell_importers(struct peerbar_buffer *buf, unsigned long deadline, bool wait)
{
	struct dma_resv *resv = buf->dmabuf->resv;

	if (buf->told || !lock_resv(resv, deadline))
		return;
	buf->told = true;
	run_callbacks(buf->dmabuf);
	if (wait)
		dma_resv_wait_timeout(resv, DMA_RESV_USAGE_BOOKKEEP, false,
				      time_left(deadline));
	dma_resv_unlock(resv);
}

/*
 * Steps 2 and 5: what importers of one kind hold. Without a wait only what the IOMMU can
 * do alone: see peerbar_revoke().
 */
static unsigned int fence_off(struct peerbar_buffer *buf, enum peerbar_stop stop, bool wait)
{
	struct peerbar_attachment *att;
	struct peerbar_mapping *m;
	unsigned int fenced = 0;

	mutex_lock(&buf->lock);
	list_for_each_entry(att, &buf->attachments, node) {
		list_for_each_entry(m, &att->mappings, node) {
			if (att->stop != stop || m->state != PEERBAR_LIVE ||
			    (!wait && m->way != PEERBAR_TRANSLATED))
				continue;
			peerbar_fence(att, m);
			m->state = PEERBAR_FENCED;
			att->fenced = true;
			buf->live--;
			fenced++;
		}
	}
	mutex_unlock(&buf->lock);
	return fenced;
}

/* What an event finds. */
struct census {
	unsigned int usable;	/* buffers that it takes away */
	size_t bytes;		/* their sizes */
	bool busy;		/* an earlier event left something to do */
};

/* Step 1. An orphan is revoked already, and stays so. */
static struct census mark_revoked(struct peerbar_context *ctx, enum peerbar_reason reason)
{
	struct peerbar_buffer *buf;
	struct census c = {};

	list_for_each_entry(buf, &ctx->buffers, node) {
		mutex_lock(&buf->lock);
		if (!buf->revoked) {
			buf->revoked = true;
			buf->told = false;
			c.usable++;
			c.bytes += buf->size;
		}
		c.busy |= buf->live || !buf->told;
		mutex_unlock(&buf->lock);
		if (reason == PEERBAR_CLOSED)
			buf->orphan = true;
	}
	return c;
}

/*
 * A request does not pass the posted writes before it, and its completion says that they
 * have arrived. Configuration space answers in any power state.
 */
static void flush_posted_writes(struct pci_dev *pdev)
{
	u16 vendor;

	pci_read_config_word(pdev, PCI_VENDOR_ID, &vendor);
}

/* Mappings closed by the fence. */
struct fences {
	unsigned int planned;	/* step 2 */
	unsigned int overdue;	/* step 5 */
};

static void account(struct peerbar_context *ctx, enum peerbar_reason reason,
		    const struct fences *f, u64 ns)
{
	ctx->revokes[reason]++;
	ctx->fenced += f->planned + f->overdue;
	ctx->overdue += f->overdue;
	ctx->histogram[min_t(int, fls64(ns / NSEC_PER_USEC), PEERBAR_HISTOGRAM - 1)]++;
}

/* Steps 2 to 6, with peerbar_context.lock held. */
static struct fences take_away(struct peerbar_context *ctx, bool wait)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(READ_ONCE(revoke_timeout_ms));
	struct peerbar_buffer *buf;
	struct fences f = {};

	list_for_each_entry(buf, &ctx->buffers, node)
		f.planned += fence_off(buf, PEERBAR_STOP_FENCE, wait);
	list_for_each_entry(buf, &ctx->buffers, node)
		tell_importers(buf, deadline, wait);
	list_for_each_entry(buf, &ctx->buffers, node) {
		if (wait)
			wait_event_timeout(buf->idle, !READ_ONCE(buf->live),
					   time_left(deadline));
		f.overdue += fence_off(buf, PEERBAR_STOP_NATIVE, wait);
	}
	if (wait)
		flush_posted_writes(ctx->pdev);
	return f;
}

void peerbar_revoke(struct peerbar_context *ctx, enum peerbar_reason reason, bool wait)
{
	struct census c;
	struct fences f;
	u64 start, ns;

	mutex_lock(&ctx->lock);
	ctx->reasons |= BIT(reason);
	WRITE_ONCE(ctx->events[reason], ctx->events[reason] + 1);
	c = mark_revoked(ctx, reason);
	if (c.usable || c.busy) {
		trace_revoke_begin(ctx, reason, c.usable, c.bytes);
		start = ktime_get_ns();
		f = take_away(ctx, wait);
		ns = ktime_get_ns() - start;
		account(ctx, reason, &f, ns);
		trace_revoke_end(ctx, reason, f.planned + f.overdue, f.overdue, ns);
	}
	mutex_unlock(&ctx->lock);
}

unsigned int peerbar_events(struct peerbar_context *ctx, enum peerbar_reason reason)
{
	return READ_ONCE(ctx->events[reason]);
}

/* With peerbar_context.lock held. */
static void give_back(struct peerbar_context *ctx, enum peerbar_reason reason)
{
	struct peerbar_buffer *buf;

	ctx->reasons &= ~BIT(reason);
	if (ctx->reasons)
		return;
	list_for_each_entry(buf, &ctx->buffers, node) {
		mutex_lock(&buf->lock);
		buf->revoked = buf->orphan;
		mutex_unlock(&buf->lock);
	}
}

void peerbar_allow(struct peerbar_context *ctx, enum peerbar_reason reason)
{
	mutex_lock(&ctx->lock);
	give_back(ctx, reason);
	mutex_unlock(&ctx->lock);
}

void peerbar_allow_after(struct peerbar_context *ctx, enum peerbar_reason reason,
			 unsigned int events)
{
	mutex_lock(&ctx->lock);
	if (ctx->events[reason] == events)
		give_back(ctx, reason);
	mutex_unlock(&ctx->lock);
}
