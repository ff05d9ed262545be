/* SPDX-License-Identifier: GPL-2.0-only */
/* What Linux 6.16 added to <linux/dma-mapping.h>; table.txt inserts it into older headers. */
struct dma_iova_state {
	dma_addr_t addr;
	u64 __size;
};

bool dma_iova_try_alloc(struct device *dev, struct dma_iova_state *state, phys_addr_t phys,
			size_t size);
void dma_iova_free(struct device *dev, struct dma_iova_state *state);
int dma_iova_link(struct device *dev, struct dma_iova_state *state, phys_addr_t phys,
		  size_t offset, size_t size, enum dma_data_direction dir,
		  unsigned long attrs);
int dma_iova_sync(struct device *dev, struct dma_iova_state *state, size_t offset,
		  size_t size);
