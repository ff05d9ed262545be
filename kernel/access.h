/* SPDX-License-Identifier: GPL-2.0-only */
/* Opening a buffer for an importer, and closing it: with or without the importer's consent. */
#ifndef PEERBAR_ACCESS_H
#define PEERBAR_ACCESS_H

#include "exporter.h"

/* access.c */

/**
 * peerbar_access_open - let a client reach a buffer
 * @m: its mapping, closed; the addresses are filled in
 * @dir: direction of the transfers
 *
 * Return: 0, or an errno with the mapping closed.
 */
int peerbar_access_open(struct peerbar_mapping *m, enum dma_data_direction dir);

/**
 * peerbar_access_close - cut the client's DMA off from the buffer
 * @m: its mapping, open
 *
 * A translated mapping is closed when this returns, on strict and on lazy domains; its IOVA
 * stays reserved. Without translation nothing can be closed here, and it is up to the importer
 * to have stopped its DMA.
 *
 * Return: 0, or -EIO if the IOMMU still translates, which is logged.
 */
int peerbar_access_close(struct peerbar_mapping *m);

/**
 * peerbar_access_release - give the IOVA of a closed mapping back
 * @m: the mapping; a second call does nothing
 *
 * The client must still have the driver that it had when the mapping was opened.
 */
void peerbar_access_release(struct peerbar_mapping *m);

/**
 * peerbar_access_forget - keep the IOVA of a closed mapping reserved for ever
 * @m: the mapping, which the importer still holds
 *
 * For a client that is losing its driver: afterwards its domain may belong to somebody else.
 */
void peerbar_access_forget(struct peerbar_mapping *m);

/* fence.c */

/* How many mappings one event closed, or gave up, while importers still held them, and why. */
struct peerbar_fences {
	unsigned int planned;		/* the importer cannot let go */
	unsigned int overdue;		/* the importer was told to let go, and did not */
	unsigned int untold;		/* the importer could not be told in time */
	const struct device *named;	/* the importing device that was logged last */
};

/**
 * peerbar_fence - close what importers of one kind still hold, where an IOMMU translates
 * @buf: the buffer
 * @stop: the kind of importers
 * @client: only those of this device; NULL for all
 * @fences: its counters are incremented
 *
 * Drops peerbar_buffer.lock after each mapping, so that nobody waits long for it.
 */
void peerbar_fence(struct peerbar_buffer *buf, enum peerbar_stop stop,
		   const struct device *client, struct peerbar_fences *fences);

/**
 * peerbar_abandon - give up the mappings that importers hold and that nothing can close
 * @buf: the buffer
 * @fences: its counters are incremented
 *
 * They count as closed from then on, although their DMA may still reach the BAR.
 */
void peerbar_abandon(struct peerbar_buffer *buf, struct peerbar_fences *fences);

/**
 * peerbar_account_fences - add one event's counts to the device's counters
 * @ctx: the device
 * @fences: the counts
 */
void peerbar_account_fences(struct peerbar_context *ctx, const struct peerbar_fences *fences);

#endif
