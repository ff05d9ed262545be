/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the files of the program bridge share. */
#ifndef GUEST_BRIDGE_H
#define GUEST_BRIDGE_H

#include "lib/rig.h"
#include "lib/stream.h"
#include "lib/trigger.h"
#include "lib/window.h"
#include "nvme.h"

/* The parts of the BAR: the stream's first, then the one that the drive writes. */
#define DRIVE_AT STREAM_SPAN
#define DRIVE_SPAN MIB

struct bridge {
	struct rig rig;
	struct nvme drive;
	struct window window;	/* the NIC's MR of the whole buffer */
	uint64_t iova;		/* by which the drive reaches its first byte */
};

/* Export the BAR once, and give it to both; and take it from both. Failure ends the test. */
void bridge_map(struct bridge *b);
void bridge_unmap(struct bridge *b);

/* The CPU fills the drive's part of the BAR, and looks if it is still full of @byte. */
void bridge_fill(const struct bridge *b, uint8_t byte);
bool bridge_holds(const struct bridge *b, uint8_t byte);

/* Network, BAR, disk, and back: bytes that differ for each @seed are checked at each end. */
void bridge_carry(struct bridge *b, uint32_t seed, const char *when);

/* bridge_revoke.c: map, pull the trigger while both are at work, look, and map anew. */
void bridge_revoke(struct bridge *b, enum trigger trigger);

/*
 * bridge_both.c: the drive imports the GPU's BAR, while its own memory region is exported to the
 * NIC. Both devices are reset, in every order.
 */
void bridge_both(struct bridge *b);

#endif /* GUEST_BRIDGE_H */
