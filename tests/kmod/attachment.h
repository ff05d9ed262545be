/* SPDX-License-Identifier: GPL-2.0-only */
/* One dma-buf, attached for one device. */
#ifndef IMPORTER_ATTACHMENT_H
#define IMPORTER_ATTACHMENT_H

#include <linux/types.h>

#include "peerbar_test_importer.h"

struct device;
struct importer_attachment;

/*
 * The caller makes sure that @dev has a driver when it is attached, that what goes with the
 * driver is detached before the driver goes, and that no two calls for the same attachment
 * overlap. The attachment holds a reference to @dev.
 */
struct importer_attachment *importer_attach(const struct pti_attach *how, struct device *dev);
void importer_detach(struct importer_attachment *a);

/* Is it an attachment of @dev, to be detached when the driver goes? */
bool importer_goes_with(const struct importer_attachment *a, const struct device *dev);

int importer_map(struct importer_attachment *a);
int importer_unmap(struct importer_attachment *a);

/* Fills in @query, and up to @query->room of @entries (kernel memory). */
int importer_query(struct importer_attachment *a, struct pti_query *query,
		   struct pti_entry *entries);

#endif
