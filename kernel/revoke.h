/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking the BARs away from importers, and the notifiers that make it happen. */
#ifndef PEERBAR_REVOKE_H
#define PEERBAR_REVOKE_H

#include "exporter.h"

/* revoke.c */

enum peerbar_wait {
	PEERBAR_NO_WAIT,		/* return at once; a work item finishes the revoke */
	PEERBAR_WAIT,
	PEERBAR_WAIT_KILLABLE,		/* end the wait if the calling process is killed */
	PEERBAR_WAIT_OR_FAIL,		/* fail where PEERBAR_WAIT would wait without limit */
};

/**
 * peerbar_revoke - take the BARs away from all importers
 * @ctx: the device
 * @reason: why; stays set until peerbar_allow()
 * @wait: whether and how to wait until no importer can reach them any more
 *
 * Importers that cannot stop by themselves are fenced off, and the others are told. Those have
 * revoke_timeout_ms to unmap; after that their mappings are closed in the IOMMU. Where no IOMMU
 * translates, they are waited for without limit, unless allow_unsafe_timeout is set.
 *
 * When a call that waits returns 0, no DMA reaches the BARs, except that of importers which
 * allow_unsafe_timeout gave up. A call that does not wait returns earlier. Until its work item
 * has finished, the buffers stay revoked, even if peerbar_allow() clears @reason.
 *
 * A pinned or fenced registration is dead for good. A dynamic importer may map again once no
 * reason is left.
 *
 * Return: 0 or, with @reason cleared again and importers that may still reach the BARs, -EINTR
 * if the caller was killed (%PEERBAR_WAIT_KILLABLE), or -EBUSY instead of a wait without limit
 * (%PEERBAR_WAIT_OR_FAIL).
 */
int peerbar_revoke(struct peerbar_context *ctx, enum peerbar_reason reason,
		   enum peerbar_wait wait);

/**
 * peerbar_allow - clear a reason
 * @ctx: the device
 * @reason: which
 *
 * When the last one is cleared, importers may map again.
 */
void peerbar_allow(struct peerbar_context *ctx, enum peerbar_reason reason);

/**
 * peerbar_events - how many times a reason was set
 * @ctx: the device
 * @reason: which
 *
 * Return: the number, for peerbar_allow_after().
 */
unsigned int peerbar_events(struct peerbar_context *ctx, enum peerbar_reason reason);

/**
 * peerbar_allow_after - clear a reason, unless it has been set again
 * @ctx: the device
 * @reason: which
 * @events: what peerbar_events() returned before the caller checked that the reason is gone
 */
void peerbar_allow_after(struct peerbar_context *ctx, enum peerbar_reason reason,
			 unsigned int events);

/**
 * peerbar_reason_name - name of a reason, for tools
 * @reason: which
 *
 * Return: a constant string.
 */
const char *peerbar_reason_name(enum peerbar_reason reason);

/**
 * peerbar_revoke_timeout - how long an importer may take to let go
 *
 * Return: jiffies.
 */
unsigned long peerbar_revoke_timeout(void);

/**
 * peerbar_settle - finish revokes that did not wait: peerbar_context.settle
 * @work: the work item
 */
void peerbar_settle(struct work_struct *work);

/**
 * peerbar_tell - have the importers of a buffer told that they must let go
 * @buf: the buffer, which is revoked or has attachments that are marked as leaving
 *
 * Returns at once; the work item peerbar_buffer.tell calls the callbacks.
 */
void peerbar_tell(struct peerbar_buffer *buf);

/**
 * peerbar_tell_importers - call the importers' callbacks: peerbar_buffer.tell
 * @work: the work item
 */
void peerbar_tell_importers(struct work_struct *work);

int peerbar_revoke_init(void);
void peerbar_revoke_exit(void);

/* clients.c */

/**
 * peerbar_client_stays - will our notifier find this device when it loses its driver?
 * @client: an importing device whose attachment is in its buffer's list
 *
 * Return: false if it has no driver, or is about to lose it.
 */
bool peerbar_client_stays(struct device *client);

/**
 * peerbar_driver_name - name of an importing device's driver, for people
 * @att: its attachment, with peerbar_buffer.lock held
 *
 * Return: a string that is valid until the lock is dropped; "none" if the driver has gone.
 */
const char *peerbar_driver_name(const struct peerbar_attachment *att);

int peerbar_clients_init(void);
void peerbar_clients_exit(void);

/* watch.c */

/**
 * peerbar_news_add - tell the watches of a device's buffers, and the trace event "access"
 * @ctx: the device, with its lock held, before its reasons and buffers are changed
 * @revoked: they are revoked, or become orphans; otherwise they are given back
 * @reason: why they are revoked, or what is over
 */
void peerbar_news_add(struct peerbar_context *ctx, bool revoked, enum peerbar_reason reason);

/**
 * peerbar_wake_watches - peerbar_context.wake
 * @work: the work item
 */
void peerbar_wake_watches(struct work_struct *work);

int peerbar_watch_init(void);
void peerbar_watch_exit(void);

/* power.c: system sleep */
int peerbar_power_init(void);
void peerbar_power_exit(void);

#endif
