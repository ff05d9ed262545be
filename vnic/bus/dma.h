/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The DMA map: which IOVAs the guest's IOMMU lets the device reach, and where
 * the bytes are in this process. Filled by vfio-user DMA_MAP and DMA_UNMAP.
 *
 * Neighbouring IOVAs are not neighbours in host memory and intel-iommu sends
 * RAM in 4 KiB pieces, so every translation is clipped at the end of its map.
 * Each backing file is mmapped once, whole; a map is an offset into it.
 *
 * All functions are called with the gate held.
 */
#ifndef VNIC_BUS_DMA_H
#define VNIC_BUS_DMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DMA_PAGE 4096ull	/* granule of every map, as vfio-user tells the client */

#define DMA_PROT_READ  1u	/* the device may read: VFIO_USER_F_DMA_REGION_READ */
#define DMA_PROT_WRITE 2u	/* the device may write */

struct dma_space;

struct dma_stats {
	uint64_t maps;		/* DMA_MAP messages accepted */
	uint64_t unmaps;	/* DMA_UNMAP messages */
	uint64_t live;		/* maps now present */
	uint64_t live_bytes;
	uint64_t peak;		/* most maps present at once */
	uint64_t files;		/* backing files mapped */
};

struct dma_space *dma_space_new(void);		/* NULL: out of memory */
void dma_space_free(struct dma_space *space);

/**
 * dma_map() - make @size bytes from @iova reachable
 * @fd: backing file, or -1 for a region without one (firmware ROM, the device's
 *	own BAR): known, but every access to it is refused. Not kept: the caller
 *	closes it.
 * @offset: of the first byte in the file
 *
 * Return: 0; -EINVAL (zero size, not whole pages, wrap-around, offset + size past
 * the file), -EEXIST (overlaps a live map), -EACCES (writable map of a file that
 * was opened read-only), -EMFILE (more than 64 backing files), -ENOMEM, or the
 * error of fstat or mmap.
 */
int dma_map(struct dma_space *space, uint64_t iova, uint64_t size, uint32_t prot,
	    int fd, uint64_t offset);

/**
 * dma_unmap() - nothing in [@iova, @iova + @size) is reachable from now on
 *
 * Accepts what QEMU sends: ranges that are huge, unmapped in part or whole, or
 * that cover many maps; a map that straddles an end is cut there. A range that
 * ends inside a page takes the whole page.
 * Return: the number of bytes that were mapped.
 */
uint64_t dma_unmap(struct dma_space *space, uint64_t iova, uint64_t size);
uint64_t dma_unmap_all(struct dma_space *space);

/**
 * dma_translate() - host address of @iova
 * @len: in: bytes wanted (> 0); out: bytes usable at the returned address,
 *	 clipped at the end of the map
 * @prot: DMA_PROT_READ or DMA_PROT_WRITE, what the device is about to do
 *
 * Return: the address, or NULL if the first byte is in no live map with @prot.
 * A pointer is good only until the gate is left.
 */
void *dma_translate(struct dma_space *space, uint64_t iova, uint64_t *len,
		    uint32_t prot);

/**
 * dma_unmapped_at() - when was @iova last taken away?
 * Return: CLOCK_MONOTONIC nanoseconds of the newest remembered unmap that
 * covered @iova (the last 1,024 unmaps are remembered), or 0.
 */
uint64_t dma_unmapped_at(const struct dma_space *space, uint64_t iova);

void dma_get_stats(const struct dma_space *space, struct dma_stats *stats);

#endif /* VNIC_BUS_DMA_H */
