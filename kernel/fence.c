// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fence: closing a mapping in the IOMMU while its importer still holds it. It is the
 * normal way to stop importers that cannot let go, and the last resort for the others.
 *
 * Nothing here touches the importing device itself, which belongs to another driver and has
 * other users: its DMA is cut off from the BAR, and from nothing else.
 */
#include "access.h"
#include "revoke.h"
#include "trace.h"

/* Selects what can be closed or, with @abandon, what nothing can close: peerbar_abandon(). */
static bool may_be_fenced(const struct peerbar_mapping *m, const struct device *client,
			  bool abandon)
{
	return m->state == PEERBAR_LIVE && (!client || m->att->client == client) &&
	       (m->way == PEERBAR_TRANSLATED) == !abandon;
}

static struct peerbar_mapping *find(struct peerbar_buffer *buf, enum peerbar_stop stop,
				    const struct device *client, bool abandon)
{
	struct peerbar_attachment *att;
	struct peerbar_mapping *m;

	list_for_each_entry(att, &buf->attachments, node) {
		if (att->stop != stop)
			continue;
		list_for_each_entry(m, &att->mappings, node)
			if (may_be_fenced(m, client, abandon))
				return m;
	}
	return NULL;
}

static void log_fence(const struct peerbar_mapping *m, bool closed)
{
	struct peerbar_context *ctx = m->att->buf->context;
	struct device *client = m->att->client;
	const char *driver = peerbar_driver_name(m->att);
	const char *device = pci_name(ctx->pdev);

	if (!closed)
		peerbar_warn(ctx, client, "%s did not let go of %s, nothing translates its DMA, and allow_unsafe_timeout is set: it may still reach the BAR\n",
			     driver, device);
	else if (m->att->stop == PEERBAR_STOP_FENCE)
		peerbar_info(ctx, client, "%s cannot revoke and is fenced off from %s; until it deregisters, the IOMMU may report faults of it\n",
			     driver, device);
	else if (m->told)
		peerbar_warn(ctx, client, "%s did not let go of %s; its mappings are fenced off in the IOMMU\n",
			     driver, device);
	else
		peerbar_warn(ctx, client, "%s could not be told to let go of %s, because the buffer's lock was held by others; its mappings are closed in the IOMMU\n",
			     driver, device);
}

/*
 * An importing device that has many mappings gets one line in the log, and not one for each.
 * fences->named is only compared and never dereferenced, because that device may be gone.
 */
static void count(const struct peerbar_mapping *m, bool closed, struct peerbar_fences *fences)
{
	unsigned int *counter = &fences->untold;

	if (m->att->stop == PEERBAR_STOP_FENCE)
		counter = &fences->planned;
	else if (m->told)
		counter = &fences->overdue;
	if (!(*counter)++ || fences->named != m->att->client)
		log_fence(m, closed);
	fences->named = m->att->client;
}

/* An importer that was not told did nothing wrong. Once told, it lets go and may map again. */
static void fence_one(struct peerbar_mapping *m, struct peerbar_fences *fences)
{
	struct peerbar_attachment *att = m->att;
	bool closed = m->way == PEERBAR_TRANSLATED;

	/* if the IOMMU does not close it, the log says so, and there is nothing left to try */
	if (closed && peerbar_access_close(m))
		att->dead = true;
	m->state = PEERBAR_FENCED;
	if (att->stop == PEERBAR_STOP_FENCE || m->told)
		att->dead = true;
	/* so that the next find() does not walk over it first */
	list_move_tail(&att->node, &att->buf->attachments);
	count(m, closed, fences);
	trace_fence(m, closed);
	peerbar_live_put(att->buf);
}

static void fence_all(struct peerbar_buffer *buf, enum peerbar_stop stop,
		      const struct device *client, bool abandon,
		      struct peerbar_fences *fences)
{
	struct peerbar_mapping *m;

	if (!atomic_read(&buf->live))
		return;
	do {
		mutex_lock(&buf->lock);
		m = find(buf, stop, client, abandon);
		if (m)
			fence_one(m, fences);
		mutex_unlock(&buf->lock);
		cond_resched();
	} while (m);
}

void peerbar_fence(struct peerbar_buffer *buf, enum peerbar_stop stop,
		   const struct device *client, struct peerbar_fences *fences)
{
	fence_all(buf, stop, client, false, fences);
}

void peerbar_abandon(struct peerbar_buffer *buf, struct peerbar_fences *fences)
{
	fence_all(buf, PEERBAR_STOP_NATIVE, NULL, true, fences);
}

void peerbar_account_fences(struct peerbar_context *ctx, const struct peerbar_fences *fences)
{
	mutex_lock(&ctx->lock);
	ctx->fenced += fences->planned + fences->overdue + fences->untold;
	ctx->overdue += fences->overdue;
	ctx->untold += fences->untold;
	mutex_unlock(&ctx->lock);
}
