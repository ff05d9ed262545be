/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the test of importing devices that go away. */
#ifndef GUEST_IMPORTER_GONE_H
#define GUEST_IMPORTER_GONE_H

#include "importer.h"

/*
 * Importers of every kind, all for one device and on one buffer. They keep their attachments
 * when the device goes (PTI_STAYS).
 */
#define GUESTS 8u
struct guests {
	struct bench *b;
	const char *name;	/* what happens to them, for the names of checks */
	const char *device;
	uint32_t handle[GUESTS];
	uint64_t address[GUESTS];	/* what they had mapped, as the device sees it */
	uint64_t mapped;		/* bytes that are mapped for the device */
};

/* Attach and map. Some have unmapped again by themselves when this returns. */
void guests_come(struct guests *g, struct bench *b, const char *device, const char *name);

/* The device has lost its driver: check what each was told, and that none can map again. */
void guests_check(struct guests *g);

/* Unmap what is mapped, try to map again, and detach. All of that must be harmless. */
void guests_go(struct guests *g);

#endif /* GUEST_IMPORTER_GONE_H */
