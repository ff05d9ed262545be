/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What tests with the test importer share: the GPU, a buffer of it, and who imports it. */
#ifndef GUEST_IMPORTER_BENCH_H
#define GUEST_IMPORTER_BENCH_H

#include <stdint.h>

#include "importer.h"
#include "trigger.h"

#define SPAN (4 * MIB)

/* The GPU, a part of its BAR as a dma-buf, and the importer's device. */
struct bench {
	struct rig rig;		/* the device only, and no mapping of the BAR */
	int dmabuf;
	int fd;
};

/* The name is that of the step for the watchdog. */
void bench_open(struct bench *b, const char *name);

/* The same for a trigger that may need preparations. */
void bench_open_for(struct bench *b, enum trigger trigger, const char *name);
void bench_close(struct bench *b);

const char *mode_name(enum pti_mode mode);

/* The PCI device that imports: the NIC. */
const char *importing_device(void);

/*
 * From here to the other, our exporter may fence that device off, so that it lets one in
 * that cannot revoke. With the kernel's exporter nothing happens.
 */
void allow_fence(void);
void allow_no_more_fence(void);

/* Attach and map for it; failure ends the test. */
uint32_t attach(struct bench *b, enum pti_mode mode, uint32_t delay_ms);
uint32_t attach_and_map(struct bench *b, enum pti_mode mode, uint32_t delay_ms);
struct pti_query query(struct bench *b, uint32_t handle);

/* "@name: @what", the name of a check: what is tested, and which of its properties. */
#define IMPORTER_TITLE 160
const char *importer_title(char *text, const char *name, const char *what);

/* A check of nicctl_reachable(). */
void check_reachable(uint64_t expected, const char *name, const char *what);

/* One check, "@name: @what": the call gave @expected, 0 or a negative errno. */
void expect(int got, int expected, const char *name, const char *what);

#endif /* GUEST_IMPORTER_BENCH_H */
