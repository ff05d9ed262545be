/* SPDX-License-Identifier: GPL-2.0-only */
/* Opening a buffer for an importer, and closing it: with its consent, or under it. */
#ifndef PEERBAR_ACCESS_H
#define PEERBAR_ACCESS_H

#include "exporter.h"

/* access.c */

/**
 * peerbar_access_open - let a client reach a buffer
 * @m: its mapping, closed; gets the addresses
 * @dir: direction of the transfers
 *
 * Return: 0, or an errno with the mapping closed.
 */
int peerbar_access_open(struct peerbar_mapping *m, enum dma_data_direction dir);

/**
 * peerbar_access_close - no DMA of the client reaches the buffer from now on
 * @m: its mapping, open
 *
 * Synchronous on strict and on lazy domains. The IOVA stays reserved. On a way without
 * translation there is nothing to close: the importer has stopped, or it has not.
 *
 * Return: 0, or -EIO if the IOMMU still translates; that is in the log.
 */
int peerbar_access_close(struct peerbar_mapping *m);

/**
 * peerbar_access_release - give the IOVA of a closed mapping back
 * @m: its mapping; a second call does nothing
 *
 * The client still has the driver that it had when the mapping was opened.
 */
void peerbar_access_release(struct peerbar_mapping *m);

/**
 * peerbar_access_forget - keep the IOVA of a closed mapping reserved for ever
 * @m: its mapping, which the importer still holds
 *
 * For a client that loses its driver: afterwards its domain may be anybody's.
 */
void peerbar_access_forget(struct peerbar_mapping *m);

/* fence.c */

/* How many mappings one event closed under importers, and why. */
struct peerbar_fences {
	unsigned int planned;		/* of importers that cannot let go */
	unsigned int overdue;		/* of those that were told, and did not */
	unsigned int untold;		/* of those that could not be told in time */
	const struct device *named;	/* in the log, last */
};

/**
 * peerbar_fence - close what importers of one kind hold, wherever an IOMMU translates
 * @buf: the buffer
 * @stop: which importers
 * @client: only those of this device; NULL for all
 * @fences: counted up
 *
 * One mapping at a time, so that nobody waits long for peerbar_buffer.lock.
 */
void peerbar_fence(struct peerbar_buffer *buf, enum peerbar_stop stop,
		   const struct device *client, struct peerbar_fences *fences);

/**
 * peerbar_abandon - count as closed what importers hold and nothing can close
 * @buf: the buffer
 * @fences: counted up
 */
void peerbar_abandon(struct peerbar_buffer *buf, struct peerbar_fences *fences);

/**
 * peerbar_account_fences - add to the device's counters
 * @ctx: the device
 * @fences: what was closed
 */
void peerbar_account_fences(struct peerbar_context *ctx, const struct peerbar_fences *fences);

#endif
