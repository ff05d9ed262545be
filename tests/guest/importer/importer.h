/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the test of importers. */
#ifndef GUEST_IMPORTER_TEST_H
#define GUEST_IMPORTER_TEST_H

#include <stdint.h>

#include "lib/importer_bench.h"

/*
 * importer_revoke.c: take the BAR away from an importer that unmaps after @delay_ms. When
 * the call returns it must have lost the BAR; whether it may map again depends on @trigger
 * and @mode.
 */
void importer_revoke(enum pti_mode mode, enum trigger trigger, uint32_t delay_ms);

/*
 * importer_fenced.c: an importer that cannot revoke. The first call tests every property of
 * the fence; the second fences it by @trigger, if the exporter is ours. Where no IOMMU guards
 * the BAR, both test that it is refused.
 */
void importer_unrevocable(void);
void importer_fenced(enum trigger trigger);

/* importer_stubborn.c: an importer that promised to unmap and does not. */
void importer_stubborn(enum pti_mode mode);

/* importer_misuse.c: wrong calls, and objects that go away while others use them. */
void importer_misuse(void);

/* importer_race.c: all kinds of importers against resets. */
void importer_race(unsigned int seconds);

#endif /* GUEST_IMPORTER_TEST_H */
