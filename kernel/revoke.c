// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking the BARs away from importers, and giving them back.
 *
 * A device is usable while its mask of reasons is 0. Every event that makes a BAR change
 * hands or vanish sets its reason before it happens and clears it when it is over. The
 * reasons are independent of each other, so that the end of a reset does not give the BAR
 * back while the device is still in low power.
 *
 * Setting a reason
 *   1. marks every buffer as revoked: from now on a map fails with -ENODEV. If nothing is
 *      mapped, that is all;
 *   2. has the importers of every buffer told, by one work item for each buffer. So if
 *      somebody holds the lock of one buffer, or blocks in a callback for it, importers of
 *      other buffers can still be told, and can still let go;
 *   3. fences off the importers that cannot stop (admission.c), which may not map again;
 *   4. waits until nothing is mapped, for at most revoke_timeout_ms minus the time that
 *      step 5 may take (access.c);
 *   5. closes in the IOMMU what is still mapped. An importer that was told in time and holds
 *      on has broken its promise, and may not map again. One that could not be told is not to
 *      blame, and may;
 *   6. where no IOMMU translates, waits for importers that have to stop by themselves for as
 *      long as it takes, as mainline does. The only other way to stop them is to stop their
 *      whole device, which belongs to another driver;
 *   7. reads from the device: see flush_posted_writes().
 *
 * An importer that has unmapped has stopped its DMA, because the DMA API requires it. Fences
 * in a buffer's reservation object say nothing beyond that, and anybody who may open the
 * buffer can add fences that are never signalled. So they are not waited for.
 *
 * Locks, outermost first:
 *
 *   device lock of the importing device     held by the driver core while its driver goes
 *   peerbar_device.decode_lock
 *     vfio_pci_core_device.memory_lock      vfio-pci-core's; never taken here
 *       pci_bus_sem                         the PCI core's, in a hot reset and in AER
 *         contexts_lock                     held briefly
 *         peerbar_context.lock              held briefly
 *         dma_resv of a buffer              held by importers that map or are told
 *           peerbar_buffer.lock             held while one mapping is opened or closed
 *
 * Some callers hold memory_lock (reset through the ioctl, FLR by a config write, hot reset)
 * and others do not (reset through sysfs), so nothing here may take it. AER walks the bus with
 * pci_bus_sem held, so nothing that it calls may take decode_lock. None of our locks is held
 * across a wait for importers, except decode_lock, which only the owner's own calls take. The
 * importers' callbacks run with the dma_resv held, and with none of our locks.
 */
#include <linux/dma-resv.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>

#include "access.h"
#include "revoke.h"
#include "trace.h"

/* Seconds between the log messages of a wait without limit. */
#define REMINDER_S 60

static unsigned int revoke_timeout_ms = 5000;
module_param(revoke_timeout_ms, uint, 0644);
MODULE_PARM_DESC(revoke_timeout_ms,
		 "How long a revoke waits for importers before it fences them off (default 5000)");

static bool allow_unsafe_timeout;
module_param(allow_unsafe_timeout, bool, 0644);
MODULE_PARM_DESC(allow_unsafe_timeout,
		 "Where no IOMMU translates, wait no longer than revoke_timeout_ms for importers that do not let go. Their DMA may then reach the device while it is reset, and whoever owns it next (default off)");

/* Runs peerbar_context.settle; a workqueue of its own, because the work may wait for long. */
static struct workqueue_struct *settlers;

static const char * const reason_names[PEERBAR_NR_REASONS] = {
	[PEERBAR_CLOSED] = "close",
	[PEERBAR_RESET] = "reset",
	[PEERBAR_RESET_IOCTL] = "reset-ioctl",
	[PEERBAR_PF_RESET] = "pf-reset",
	[PEERBAR_CONFIG_WRITE] = "config-write",
	[PEERBAR_MEMORY_OFF] = "memory-off",
	[PEERBAR_D3HOT] = "d3hot",
	[PEERBAR_LOW_POWER] = "low-power",
	[PEERBAR_SLEEP] = "sleep",
	[PEERBAR_ERROR] = "error",
	[PEERBAR_REMOVED] = "remove",
	[PEERBAR_SETTLING] = "settling",
};

const char *peerbar_reason_name(enum peerbar_reason reason)
{
	return reason_names[reason];
}

unsigned long peerbar_revoke_timeout(void)
{
	return msecs_to_jiffies(READ_ONCE(revoke_timeout_ms));
}

/*
 * Does the importer hold a mapping that it must be told to let go of, and has not been told of
 * yet? That includes mappings that were closed because it could not be told in time: it is
 * told when that becomes possible, even if access has been given back by then.
 */
static bool must_be_told(struct peerbar_attachment *att)
{
	bool revoked = READ_ONCE(att->buf->revoked) || att->leaving;
	struct peerbar_mapping *m;
	bool tell = false;

	if (att->stop != PEERBAR_STOP_NATIVE)
		return false;
	mutex_lock(&att->buf->lock);
	list_for_each_entry(m, &att->mappings, node) {
		if (m->state == PEERBAR_PARKED || m->told)
			continue;
		if (!revoked && m->state != PEERBAR_FENCED)
			continue;
		m->told = true;
		tell = true;
	}
	mutex_unlock(&att->buf->lock);
	return tell;
}

/*
 * The dma-buf core's own function would call the callbacks of all importers. But importers that
 * are fenced off have no callback that is meant to be called: before 7.1, that of a pinned umem
 * only warns.
 */
void peerbar_tell_importers(struct work_struct *work)
{
	struct peerbar_buffer *buf = container_of(work, struct peerbar_buffer, tell);
	void (*callback)(struct dma_buf_attachment *attach);
	struct dma_buf_attachment *attach;

	dma_resv_lock(buf->dmabuf->resv, NULL);
	list_for_each_entry(attach, &buf->dmabuf->attachments, node) {
		if (!must_be_told(attach->priv))
			continue;
		callback = peerbar_importer_callback(attach->importer_ops);
		callback(attach);
	}
	dma_resv_unlock(buf->dmabuf->resv);
}

void peerbar_tell(struct peerbar_buffer *buf)
{
	queue_work(buf->context->tellers, &buf->tell);
}

/* What an event finds mapped. */
struct census {
	unsigned int buffers;	/* how many buffers */
	size_t bytes;		/* their sizes, summed up */
};

/*
 * Steps 1 and 2. An orphan is already revoked, and stays so. Called with peerbar_context.lock
 * held, so that no buffer in the list can be freed.
 */
static struct census mark_revoked(struct peerbar_context *ctx, enum peerbar_reason reason)
{
	struct peerbar_buffer *buf;
	struct census c = {};

	list_for_each_entry(buf, &ctx->buffers, node) {
		WRITE_ONCE(buf->revoked, true);
		if (reason == PEERBAR_CLOSED && !buf->orphan) {
			buf->orphan = true;
			buf->last = ctx->news;
		}
	}
	/* pairs with smp_mb__after_atomic() in peerbar_live_get() */
	smp_mb();
	list_for_each_entry(buf, &ctx->buffers, node) {
		if (!atomic_read(&buf->live))
			continue;
		c.buffers++;
		c.bytes += buf->size;
		peerbar_tell(buf);
	}
	return c;
}

static bool is_idle(const struct peerbar_context *ctx)
{
	return !atomic_read(&ctx->live);
}

/* Return: 0 if nothing is mapped any more or the time is over, or -EINTR. */
static int wait_idle(struct peerbar_context *ctx, unsigned long timeout,
		     enum peerbar_wait wait)
{
	unsigned long deadline = jiffies + timeout;
	DEFINE_WAIT(entry);
	int state = wait == PEERBAR_WAIT_KILLABLE ? TASK_KILLABLE : TASK_UNINTERRUPTIBLE;
	int ret = 0;
	long left;

	for (;;) {
		prepare_to_wait(&ctx->idle, &entry, state);
		left = deadline - jiffies;
		if (is_idle(ctx) || left <= 0)
			break;
		if (signal_pending_state(state, current)) {
			ret = -EINTR;
			break;
		}
		schedule_timeout(left);
	}
	finish_wait(&ctx->idle, &entry);
	return ret;
}

static void fence_kind(struct peerbar_context *ctx, enum peerbar_stop stop,
		       struct peerbar_fences *fences)
{
	struct peerbar_buffer *buf = NULL;

	while ((buf = peerbar_next_buffer(ctx, buf)))
		peerbar_fence(buf, stop, NULL, fences);
}

static void abandon_all(struct peerbar_context *ctx, struct peerbar_fences *fences)
{
	struct peerbar_buffer *buf = NULL;

	while ((buf = peerbar_next_buffer(ctx, buf)))
		peerbar_abandon(buf, fences);
}

static const char *why_held(const struct peerbar_mapping *m)
{
	if (m->told)
		return "it was told to let go, and did not";
	return "it could not be told to let go, because the buffer's lock is held by others";
}

static void log_holders(struct peerbar_buffer *buf)
{
	struct peerbar_attachment *att;
	struct peerbar_mapping *m;

	mutex_lock(&buf->lock);
	list_for_each_entry(att, &buf->attachments, node)
		list_for_each_entry(m, &att->mappings, node)
			if (m->state == PEERBAR_LIVE)
				peerbar_warn(buf->context, att->client, "%s waits for %s: %s, and nothing translates its DMA, so nothing else can stop it; see the module parameter allow_unsafe_timeout\n",
					     pci_name(buf->context->pdev),
					     peerbar_driver_name(att), why_held(m));
	mutex_unlock(&buf->lock);
}

static void log_all_holders(struct peerbar_context *ctx)
{
	struct peerbar_buffer *buf = NULL;

	while ((buf = peerbar_next_buffer(ctx, buf)))
		if (atomic_read(&buf->live))
			log_holders(buf);
}

/* Step 6. The parameter is read again and again, because it may be set while this waits. */
static int wait_without_end(struct peerbar_context *ctx, enum peerbar_wait wait,
			    struct peerbar_fences *fences)
{
	unsigned int seconds;
	int ret = 0;

	for (seconds = 0; !ret && !is_idle(ctx); seconds++) {
		if (READ_ONCE(allow_unsafe_timeout)) {
			abandon_all(ctx, fences);
			break;
		}
		if (seconds % REMINDER_S == 0)
			log_all_holders(ctx);
		ret = wait == PEERBAR_WAIT_OR_FAIL ? -EBUSY : wait_idle(ctx, HZ, wait);
	}
	return ret;
}

/*
 * On the device's own link, a read does not overtake the writes that are queued before it, so
 * its completion shows that they have arrived. It orders nothing beyond that: only the root
 * complex knows how far it has got with writes that came in through another of its ports. This
 * is called only if something was mapped, and reads only if the device can answer, which
 * configuration space does in D3hot, too.
 */
static void flush_posted_writes(struct pci_dev *pdev)
{
	u16 vendor;

	if (!pci_channel_offline(pdev) &&
	    (__force int)pdev->current_state < (__force int)PCI_D3cold)
		pci_read_config_word(pdev, PCI_VENDOR_ID, &vendor);
}

/* How long to wait for importers, if closing what they hold is to end within the timeout, too. */
static unsigned long patience(struct peerbar_context *ctx, unsigned long start)
{
	unsigned long timeout = peerbar_revoke_timeout();
	unsigned long closing = nsecs_to_jiffies(atomic64_read(&ctx->close_ns));
	unsigned long spent = jiffies - start + min(closing, timeout / 2);

	return spent < timeout ? timeout - spent : 0;
}

/* Steps 3 to 7. */
static int take_away(struct peerbar_context *ctx, enum peerbar_wait wait,
		     struct peerbar_fences *fences)
{
	unsigned long start = jiffies;
	int ret;

	fence_kind(ctx, PEERBAR_STOP_FENCE, fences);
	ret = wait_idle(ctx, patience(ctx, start), wait);
	if (!ret && !is_idle(ctx)) {
		fence_kind(ctx, PEERBAR_STOP_NATIVE, fences);
		ret = wait_without_end(ctx, wait, fences);
	}
	if (!ret)
		flush_posted_writes(ctx->pdev);
	return ret;
}

static void add_to_histogram(struct peerbar_context *ctx, u64 ns)
{
	mutex_lock(&ctx->lock);
	ctx->histogram[min_t(int, fls64(ns / NSEC_PER_USEC), PEERBAR_HISTOGRAM - 1)]++;
	mutex_unlock(&ctx->lock);
}

/* A revoke that waits for importers, and records how long that took. */
static int revoke_now(struct peerbar_context *ctx, enum peerbar_reason reason,
		      enum peerbar_wait wait)
{
	struct peerbar_fences fences = {};
	u64 start = ktime_get_ns(), ns;
	int ret;

	ret = take_away(ctx, wait, &fences);
	peerbar_account_fences(ctx, &fences);
	ns = ktime_get_ns() - start;
	add_to_histogram(ctx, ns);
	trace_revoke_end(ctx, reason, fences.planned + fences.overdue + fences.untold,
			 fences.overdue, ns);
	if (ret)
		peerbar_allow(ctx, reason);
	return ret;
}

static void set_locked(struct peerbar_context *ctx, enum peerbar_reason reason)
{
	if (!ctx->reasons || (reason == PEERBAR_CLOSED && !(ctx->reasons & BIT(reason))))
		peerbar_news_add(ctx, true, reason);
	ctx->reasons |= BIT(reason);
	ctx->events[reason]++;
}

/*
 * Finishes the revokes that did not wait. The buffers stay revoked until it is done, because an
 * importer that mapped again before would be mistaken for one that has not let go.
 */
void peerbar_settle(struct work_struct *work)
{
	struct peerbar_context *ctx = container_of(work, struct peerbar_context, settle);
	unsigned int events = peerbar_events(ctx, PEERBAR_SETTLING);
	struct peerbar_fences fences = {};

	take_away(ctx, PEERBAR_WAIT, &fences);
	peerbar_account_fences(ctx, &fences);
	peerbar_allow_after(ctx, PEERBAR_SETTLING, events);
}

int peerbar_revoke(struct peerbar_context *ctx, enum peerbar_reason reason,
		   enum peerbar_wait wait)
{
	struct census c;
	bool again;
	int ret = 0;

	mutex_lock(&ctx->lock);
	again = ctx->reasons & BIT(reason);
	set_locked(ctx, reason);
	c = mark_revoked(ctx, reason);
	if (c.buffers) {
		ctx->revokes[reason] += !again;
		if (wait == PEERBAR_NO_WAIT)
			set_locked(ctx, PEERBAR_SETTLING);
	}
	mutex_unlock(&ctx->lock);

	if (c.buffers)
		trace_revoke_begin(ctx, reason, c.buffers, c.bytes);
	if (wait == PEERBAR_NO_WAIT) {
		if (c.buffers)
			queue_work(settlers, &ctx->settle);
		return 0;
	}
	if (c.buffers)
		ret = revoke_now(ctx, reason, wait);
	/* nothing is mapped, so an earlier revoke that did not wait is about to finish, too */
	if (!ret)
		flush_work(&ctx->settle);
	return ret;
}

unsigned int peerbar_events(struct peerbar_context *ctx, enum peerbar_reason reason)
{
	unsigned int events;

	mutex_lock(&ctx->lock);
	events = ctx->events[reason];
	mutex_unlock(&ctx->lock);
	return events;
}

/* With peerbar_context.lock held. */
static void give_back(struct peerbar_context *ctx, enum peerbar_reason reason)
{
	struct peerbar_buffer *buf;

	if (reason == PEERBAR_CLOSED)
		ctx->news = (struct peerbar_news){};	/* what was before is not this owner's */
	if (ctx->reasons == BIT(reason))
		peerbar_news_add(ctx, false, reason);
	ctx->reasons &= ~BIT(reason);
	if (ctx->reasons)
		return;
	list_for_each_entry(buf, &ctx->buffers, node)
		WRITE_ONCE(buf->revoked, buf->orphan);
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

int peerbar_revoke_init(void)
{
	settlers = alloc_workqueue("peerbar-settle", WQ_UNBOUND, 0);
	return settlers ? 0 : -ENOMEM;
}

void peerbar_revoke_exit(void)
{
	destroy_workqueue(settlers);
}
