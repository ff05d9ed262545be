/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Shared by the tests that use the test importer: the GPU, a buffer and its importing device. */
#ifndef GUEST_IMPORTER_BENCH_H
#define GUEST_IMPORTER_BENCH_H

#include <stdint.h>

#include "test_importer.h"
#include "trigger.h"

#define SPAN (4 * MIB)

/* The GPU, a part of its BAR as a dma-buf, and the importer's device. */
struct bench {
	struct rig rig;		/* only its device part, without a mapping of the BAR */
	int dmabuf;
	int fd;
};

/* @name names this step for the watchdog. */
void bench_open(struct bench *b, const char *name);

/* The same, with the preparations that @trigger may need. */
void bench_open_for(struct bench *b, enum trigger trigger, const char *name);
void bench_close(struct bench *b);

const char *mode_name(enum pti_mode mode);

/* The PCI device that imports: the NIC. */
const char *importing_device(void);

/*
 * Between these two calls our exporter may fence the importing device, and so it lets in an
 * importer that cannot revoke. With the kernel's exporter they do nothing.
 */
void allow_fence(void);
void allow_no_more_fence(void);

/* Attach, or attach and map, for the importing device; failure ends the test. */
uint32_t attach(struct bench *b, enum pti_mode mode, uint32_t delay_ms);
uint32_t attach_and_map(struct bench *b, enum pti_mode mode, uint32_t delay_ms);
struct pti_query query(struct bench *b, uint32_t handle);

/* The name of a check, "@name: @what": what is tested, and the property that is checked. */
#define IMPORTER_TITLE 160
const char *importer_title(char *text, const char *name, const char *what);

/*
 * One check: nicctl_reachable() gives @expected. None where no IOMMU guards the BAR, because
 * the NIC reaches the same there whatever is mapped.
 */
void check_reachable(uint64_t expected, const char *name, const char *what);

/* One check, "@name: @what": @got is @expected, 0 or a negative errno. */
void expect(int got, int expected, const char *name, const char *what);

#endif /* GUEST_IMPORTER_BENCH_H */
