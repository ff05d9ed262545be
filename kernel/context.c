// SPDX-License-Identifier: GPL-2.0-only
/*
 * References to devices and buffers, and walks over them that hold no lock while the caller
 * uses what was found.
 *
 * Both lists contain only objects whose reference count is not 0: the put that drops a count
 * to 0 takes the lock of the list first, and unlists the object before it releases the lock.
 * So whoever finds an object under that lock may take a reference.
 */
#include <linux/slab.h>

#include "revoke.h"

/* Rate limit: at most LOG_LINES lines about the importers of one device per LOG_INTERVAL. */
#define LOG_LINES 32
#define LOG_INTERVAL (5 * HZ)

static LIST_HEAD(contexts);
static DEFINE_MUTEX(contexts_lock);

struct peerbar_context *peerbar_context_create(struct pci_dev *pdev)
{
	struct peerbar_context *ctx = kzalloc_obj(*ctx);
	int bar;

	if (!ctx)
		return NULL;
	ctx->tellers = alloc_workqueue("peerbar-%s", WQ_UNBOUND, 0, pci_name(pdev));
	if (!ctx->tellers) {
		kfree(ctx);
		return NULL;
	}
	kref_init(&ctx->ref);
	ctx->pdev = pci_dev_get(pdev);
	INIT_WORK(&ctx->settle, peerbar_settle);
	init_waitqueue_head(&ctx->idle);
	init_waitqueue_head(&ctx->watches);
	INIT_WORK(&ctx->wake, peerbar_wake_watches);
	ratelimit_state_init(&ctx->log, LOG_INTERVAL, LOG_LINES);
	mutex_init(&ctx->lock);
	ctx->reasons = BIT(PEERBAR_CLOSED);
	INIT_LIST_HEAD(&ctx->buffers);
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		peerbar_provider_init(&ctx->provider[bar], pdev, bar);

	mutex_lock(&contexts_lock);
	list_add_tail(&ctx->node, &contexts);
	mutex_unlock(&contexts_lock);
	return ctx;
}

static void context_free(struct kref *ref)
{
	struct peerbar_context *ctx = container_of(ref, struct peerbar_context, ref);

	list_del(&ctx->node);
	mutex_unlock(&contexts_lock);
	destroy_workqueue(ctx->tellers);
	pci_dev_put(ctx->pdev);
	mutex_destroy(&ctx->core_export.lock);
	mutex_destroy(&ctx->lock);
	kfree(ctx);
}

void peerbar_context_put(struct peerbar_context *ctx)
{
	kref_put_mutex(&ctx->ref, context_free, &contexts_lock);
}

struct peerbar_context *peerbar_next_context(struct peerbar_context *ctx)
{
	struct list_head *next;
	struct peerbar_context *found = NULL;

	mutex_lock(&contexts_lock);
	next = ctx ? ctx->node.next : contexts.next;
	if (next != &contexts) {
		found = list_entry(next, struct peerbar_context, node);
		kref_get(&found->ref);
	}
	mutex_unlock(&contexts_lock);
	if (ctx)
		peerbar_context_put(ctx);
	return found;
}

struct peerbar_buffer *peerbar_next_buffer(struct peerbar_context *ctx,
					   struct peerbar_buffer *buf)
{
	struct list_head *next;
	struct peerbar_buffer *found = NULL;

	mutex_lock(&ctx->lock);
	next = buf ? buf->node.next : ctx->buffers.next;
	if (next != &ctx->buffers) {
		found = list_entry(next, struct peerbar_buffer, node);
		kref_get(&found->ref);
	}
	mutex_unlock(&ctx->lock);
	if (buf)
		peerbar_buffer_put(buf);
	return found;
}

static void buffer_free(struct kref *ref)
{
	struct peerbar_buffer *buf = container_of(ref, struct peerbar_buffer, ref);
	struct peerbar_context *ctx = buf->context;

	list_del(&buf->node);
	mutex_unlock(&ctx->lock);
	mutex_destroy(&buf->lock);
	kvfree(buf->range);
	kfree(buf);
	peerbar_context_put(ctx);
}

void peerbar_buffer_put(struct peerbar_buffer *buf)
{
	kref_put_mutex(&buf->ref, buffer_free, &buf->context->lock);
}

void peerbar_live_get(struct peerbar_buffer *buf)
{
	atomic_inc(&buf->context->live);
	atomic_inc(&buf->live);
	/* pairs with smp_mb() in mark_revoked() */
	smp_mb__after_atomic();
}

void peerbar_live_put(struct peerbar_buffer *buf)
{
	atomic_dec(&buf->live);
	if (atomic_dec_and_test(&buf->context->live))
		wake_up_all(&buf->context->idle);
}
