/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * bench_bounds: how long importers can delay a reset with peerbar-vfio-pci, and how long that
 * makes others wait. scripts/lab.d/guest/bench-bounds runs it for many crowds of importers.
 */
#ifndef GUEST_BENCH_BOUNDS_H
#define GUEST_BENCH_BOUNDS_H

#include <stdint.h>

#include "lib/rig.h"

#define CROWD_MRS 4096u		/* at most */
#define CROWD_RANGES 512u	/* at most: the exporter's limit for one buffer */

enum behaviour {
	ONCE,	/* each importer unmaps before its callback returns */
	NEVER,	/* none unmaps, although each is told to */
	/*
	 * The importer that attached last sits in its callback, with its buffer's lock held,
	 * until crowd_finish(). The others would unmap at once.
	 */
	SIT,
	BEHAVIOURS,
};

/* The importers: @mrs memory regions, spread over @buffers buffers. */
struct crowd {
	unsigned int mrs, buffers;
	unsigned int ranges;		/* in each buffer, each of one page */
	enum behaviour behaviour;
	const char *device;		/* the importing device */
	int importer;
	unsigned int mapped;		/* those that attached last; the exporter refused others */
	int dmabuf[CROWD_MRS];
	uint32_t handle[CROWD_MRS];
};

const char *behaviour_name(enum behaviour behaviour);
int behaviour_by_name(const char *name);	/* -1: there is none of that name */

/*
 * Export, attach and map. The exporter may refuse mappings beyond its limit (ENOMEM). Any
 * other failure ends the bench, here and below.
 */
void crowd_open(struct crowd *c, struct rig *rig);

/* Call this after a revoke. All callbacks are over when it returns. */
void crowd_finish(struct crowd *c);

/* Detach the importer that attached last, and then the others. */
void crowd_detach_last(struct crowd *c);
void crowd_detach_others(struct crowd *c);
void crowd_close(struct crowd *c);

#endif /* GUEST_BENCH_BOUNDS_H */
