/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A BAR that is taken back while a test moves data: noticing it, and saying so.
 */
#ifndef PEERBAR_LOST_H
#define PEERBAR_LOST_H

#include <json-c/json.h>

#include "mover.h"
#include "peerbar.h"

struct lost {
	struct peerbar_device *dev;
	const char *nic;
	unsigned int bar;
	int request;		/* tells that the device is wanted back; negative if it cannot */
	json_object *before;	/* what the exporter showed at the start; NULL: nothing */
};

/*
 * Begin to watch, before the BAR is registered. The CPU's accesses to a mapping of the BAR raise
 * SIGBUS when the BAR is gone; that ends the process with a sentence and TOOL_REVOKED.
 */
void lost_watch(struct lost *lost, struct peerbar_device *dev, unsigned int bar,
		const char *nic);
void lost_release(struct lost *lost);

/* Does someone wait for the device, as an unbind or a removal does, within @ms milliseconds? */
bool lost_wanted(const struct lost *lost, int ms);

/* Say so. Returns TOOL_REVOKED. */
int lost_say_wanted(const struct lost *lost);

/* Is it known that the BAR was taken back since lost_watch()? */
bool lost_revoked(const struct lost *lost);

/*
 * Print why work requests of @mover failed, or moved wrong bytes: one sentence if the BAR was
 * taken back, each failure otherwise. Returns TOOL_REVOKED or TOOL_FAILURE.
 */
int lost_explain(const struct lost *lost, struct mover *mover);

#endif /* PEERBAR_LOST_H */
