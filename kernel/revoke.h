/* SPDX-License-Identifier: GPL-2.0-only */
/* What takes the BARs away from importers, and what makes it happen. */
#ifndef PEERBAR_REVOKE_H
#define PEERBAR_REVOKE_H

#include "exporter.h"

/* revoke.c */

enum peerbar_wait {
	PEERBAR_NO_WAIT,		/* a work item finishes what is to be done */
	PEERBAR_WAIT,
	PEERBAR_WAIT_KILLABLE,		/* for a user, who may be killed meanwhile */
	PEERBAR_WAIT_OR_FAIL,		/* for an event that need not be: never without end */
};

/**
 * peerbar_revoke - take the BARs away from all importers
 * @ctx: the device
 * @reason: why; stays set until peerbar_allow()
 * @wait: whether to wait until they are gone
 *
 * Importers that cannot stop are fenced off, the others told. Those have revoke_timeout_ms
 * to unmap; then their mappings are closed in the IOMMU. Where no IOMMU translates, they
 * are waited for without end, unless allow_unsafe_timeout is set.
 *
 * When a call that waits returns 0, no DMA reaches the BARs. A call that does not wait
 * returns before that; until it is so, the buffers stay revoked, whatever is allowed.
 *
 * A pinned or fenced registration stays dead for ever; a dynamic importer may map again
 * once no reason is left.
 *
 * Return: 0, or with the reason gone again, and importers that may still reach the BARs:
 * -EINTR if the caller was killed (%PEERBAR_WAIT_KILLABLE), -EBUSY in place of waiting
 * without end (%PEERBAR_WAIT_OR_FAIL).
 */
int peerbar_revoke(struct peerbar_context *ctx, enum peerbar_reason reason,
		   enum peerbar_wait wait);

/**
 * peerbar_allow - a reason is gone
 * @ctx: the device
 * @reason: which
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
 * peerbar_allow_after - a reason is gone, unless it has been set again
 * @ctx: the device
 * @reason: which
 * @events: peerbar_events() of it from before the caller looked
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
 * peerbar_settle - finish the events that did not wait: peerbar_context.settle
 * @work: the work item
 */
void peerbar_settle(struct work_struct *work);

/**
 * peerbar_tell - have the importers of a buffer told that they must let go
 * @buf: the buffer, marked as revoked or with clients that leave
 *
 * Returns at once; peerbar_buffer.tell runs the callbacks.
 */
void peerbar_tell(struct peerbar_buffer *buf);

/**
 * peerbar_tell_importers - run the callbacks: peerbar_buffer.tell
 * @work: the work item
 */
void peerbar_tell_importers(struct work_struct *work);

int peerbar_revoke_init(void);
void peerbar_revoke_exit(void);

/* clients.c */

/**
 * peerbar_client_stays - will we hear of it when this device loses its driver?
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

/* power.c: the system's sleep */
int peerbar_power_init(void);
void peerbar_power_exit(void);

#endif
