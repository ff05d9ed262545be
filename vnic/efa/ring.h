/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the device checks of every ring in guest memory before it uses it. */
#ifndef VNIC_EFA_RING_H
#define VNIC_EFA_RING_H

#include <stdbool.h>
#include <stdint.h>

static inline bool efa_is_pow2(uint64_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

/*
 * Is a ring of @depth entries of @entry bytes at @base usable? @depth must be a power of
 * two, at most @max. @base must not be 0 and must be a multiple of @entry, so that no entry
 * crosses a page, and the ring must not wrap around the address space.
 */
static inline bool efa_ring_ok(uint64_t base, uint32_t depth, uint32_t max, uint32_t entry)
{
	return efa_is_pow2(depth) && depth <= max && base != 0 && base % entry == 0 &&
	       base <= UINT64_MAX - (uint64_t)depth * entry;
}

#endif /* VNIC_EFA_RING_H */
