/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * bench_bounds: how long importers can delay a reset with peerbar-vfio-pci, and what that
 * costs others. scripts/lab.d/guest/bench-bounds runs it for many crowds of importers.
 */
#ifndef GUEST_BENCH_BOUNDS_H
#define GUEST_BENCH_BOUNDS_H

#include <stdint.h>

#include "lib/rig.h"

#define CROWD_MRS 4096u		/* at most */
#define CROWD_RANGES 512u	/* at most: so many the exporter takes in one buffer */

enum behaviour {
	ONCE,	/* each unmaps before its callback returns */
	NEVER,	/* none unmaps, though each is told to */
	/*
	 * The last one that came sits in its callback, and on the reservation lock of its
	 * buffer, until crowd_finish(). The others would unmap at once.
	 */
	SIT,
	BEHAVIOURS,
};

/* Who has the BAR: so many memory regions, spread over so many buffers. */
struct crowd {
	unsigned int mrs, buffers;
	unsigned int ranges;		/* of a page, in each buffer */
	enum behaviour behaviour;
	const char *device;		/* that imports */
	int importer;
	unsigned int mapped;		/* the last that came; the exporter refused the others */
	int dmabuf[CROWD_MRS];
	uint32_t handle[CROWD_MRS];
};

const char *behaviour_name(enum behaviour behaviour);
int behaviour_by_name(const char *name);	/* -1: there is none of that name */

/*
 * Export, attach, map. The exporter may refuse to map more than it can close in time. Any
 * other failure ends the bench, here and below.
 */
void crowd_open(struct crowd *c, struct rig *rig);

/* After a revoke: all callbacks are over when this returns. */
void crowd_finish(struct crowd *c);

/* The last that came, and then the others. */
void crowd_detach_last(struct crowd *c);
void crowd_detach_others(struct crowd *c);
void crowd_close(struct crowd *c);

#endif /* GUEST_BENCH_BOUNDS_H */
