/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Bytes between memory regions, inline data and receive buffers. */
#ifndef VNIC_COPY_H
#define VNIC_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "region.h"

struct nic;

struct segment {		/* a piece of memory or of inline data */
	struct region *region;	/* NULL: @bytes */
	uint64_t addr;		/* in the region, which allows what is done there */
	uint32_t len;
	const uint8_t *bytes;
};

struct copy_result {
	uint32_t moved;
	bool src_fault, dst_fault;	/* the IOMMU refused that side */
};

/*
 * Move up to @len bytes from byte @off of the segment list @src to byte @off of
 * @dst. Stops at the first refused access. Regions that are gone are followed and
 * counted as stray.
 */
struct copy_result verbs_copy(struct nic *nic, const struct segment *dst, unsigned int nr_dst,
			      const struct segment *src, unsigned int nr_src, uint64_t off,
			      uint32_t len);

#endif /* VNIC_COPY_H */
