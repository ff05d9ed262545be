/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What every ring in guest memory must satisfy before the device uses it. */
#ifndef VNIC_EFA_RING_H
#define VNIC_EFA_RING_H

#include <stdbool.h>
#include <stdint.h>

static inline bool efa_is_pow2(uint64_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

/*
 * A power of two of @entry bytes each, up to @max of them, from @base: not at 0,
 * aligned so that no entry crosses a page, and not past the end of the space.
 */
static inline bool efa_ring_ok(uint64_t base, uint32_t depth, uint32_t max, uint32_t entry)
{
	return efa_is_pow2(depth) && depth <= max && base != 0 && base % entry == 0 &&
	       base <= UINT64_MAX - (uint64_t)depth * entry;
}

#endif /* VNIC_EFA_RING_H */
