/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The DMA map: which IOVAs the guest's IOMMU lets the device reach, and where these
 * bytes are in this process. The messages DMA_MAP and DMA_UNMAP of vfio-user fill it.
 *
 * Contiguous IOVAs need not be contiguous in host memory, and QEMU's intel-iommu maps
 * RAM in pieces of 4 KiB, so every translation is clipped at the end of its map. Each
 * backing file is mmapped once and as a whole; a map is an offset into it.
 *
 * All functions are called with the gate held.
 */
#ifndef VNIC_BUS_DMA_H
#define VNIC_BUS_DMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DMA_PAGE 4096ull	/* granule of every map; VERSION tells the client so */

#define DMA_PROT_READ  1u	/* the device may read: VFIO_USER_F_DMA_REGION_READ */
#define DMA_PROT_WRITE 2u	/* the device may write */

struct dma_space;

struct dma_stats {
	uint64_t maps;		/* DMA_MAP messages accepted */
	uint64_t unmaps;	/* DMA_UNMAP messages */
	uint64_t live;		/* maps that exist now */
	uint64_t live_bytes;
	uint64_t peak;		/* the most maps that ever existed at once */
	uint64_t files;		/* backing files that are mmapped */
};

struct dma_space *dma_space_new(void);		/* NULL: out of memory */
void dma_space_free(struct dma_space *space);

/**
 * dma_map() - make @size bytes from @iova on reachable
 * @space: the map
 * @iova: the first address, of a page
 * @size: a multiple of a page
 * @prot: DMA_PROT_READ, DMA_PROT_WRITE, or both
 * @fd: the backing file, which the caller closes afterwards; or -1 for a region
 *	without one (firmware ROM, the device's own BAR): the map then exists, but
 *	every access to it is refused
 * @offset: where the first byte is in the file
 *
 * Return: 0; -EINVAL (size 0, not whole pages, address wraps around, or the range
 * ends beyond the file), -EEXIST (overlaps a live map), -EACCES (writable map of a
 * file that was opened read-only), -EMFILE (more than 64 backing files), -ENOMEM, or
 * the error of fcntl(), fstat(), mmap() or mremap().
 */
int dma_map(struct dma_space *space, uint64_t iova, uint64_t size, uint32_t prot,
	    int fd, uint64_t offset);

/**
 * dma_unmap() - make [@iova, @iova + @size) unreachable
 * @space: the map
 * @iova: the first address
 * @size: how many bytes
 *
 * Accepts whatever QEMU sends: the range may be huge, may cover many maps, and may be
 * unmapped in part or entirely. A map that reaches beyond the range is cut at its end.
 * A page that lies in the range only in part is unmapped as a whole.
 * Return: the number of bytes that were mapped.
 */
uint64_t dma_unmap(struct dma_space *space, uint64_t iova, uint64_t size);
uint64_t dma_unmap_all(struct dma_space *space);

/**
 * dma_translate() - host address of @iova
 * @space: the map
 * @iova: an address of the device
 * @len: in: bytes wanted (> 0); out: bytes usable at the returned address, clipped at
 *	 the end of the map
 * @prot: what the device is about to do: DMA_PROT_READ or DMA_PROT_WRITE
 *
 * Return: the address, or NULL if no live map that allows @prot covers the first byte.
 * The pointer is valid only until the gate is released.
 */
void *dma_translate(struct dma_space *space, uint64_t iova, uint64_t *len,
		    uint32_t prot);

/**
 * dma_unmapped_at() - when was @iova last unmapped?
 * @space: the map
 * @iova: an address of the device
 *
 * Return: the time, in clock_now_ns() time, of the newest unmap that covered @iova
 * among the last 1,024; or 0 if there is none.
 */
uint64_t dma_unmapped_at(const struct dma_space *space, uint64_t iova);

void dma_get_stats(const struct dma_space *space, struct dma_stats *stats);

#endif /* VNIC_BUS_DMA_H */
