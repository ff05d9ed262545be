/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Copies between memory regions, inline data and receive buffers. A model moves all payload
 * with verbs_copy(), which records every refused or stray access. For its rings and
 * completions it uses nic_dma_read(), nic_dma_write() and nic_dma_publish() (core/nic.h).
 */
#ifndef VNIC_COPY_H
#define VNIC_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "region.h"

struct nic;

/*
 * One entry of a scatter-gather list, or inline data. Whoever fills it in checks with
 * region_allows() that the region permits the access: the copy does not check again.
 */
struct segment {
	struct region *region;	/* NULL: the data are inline, at @bytes */
	uint64_t addr;		/* an address of the region, as in region.iova */
	uint32_t len;
	const uint8_t *bytes;	/* inline data, only ever a source */
};

struct copy_result {
	uint32_t moved;		/* bytes copied before the end or the fault */
	bool src_fault, dst_fault;	/* access to that side was refused (IOMMU, bus mastering) */
	bool absent;		/* it was refused because the page is not present */
};

/*
 * Copy up to @len bytes from byte @off of the segment list @src to byte @off of the
 * list @dst. The copy ends early where a list ends or at the first refused access.
 * A region that is gone (see struct region) still works, but the bytes that move
 * through it are recorded as stray.
 */
struct copy_result verbs_copy(struct nic *nic, const struct segment *dst, unsigned int nr_dst,
			      const struct segment *src, unsigned int nr_src, uint64_t off,
			      uint32_t len);

/*
 * Record that @len bytes at @dma moved through @region, if it is gone: for an access that
 * verbs_copy() does not make.
 */
void verbs_note_gone(struct nic *nic, const struct region *region, uint64_t dma, uint64_t len,
		     bool write);

#endif /* VNIC_COPY_H */
