// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reserved IOVA on Linux 6.16 and newer: dma_iova_try_alloc() reserves, dma_iova_link()
 * maps, and dma_iova_free() gives an empty range back.
 */
#include "compat/compat.h"
#include "compat/iova.h"

int peerbar_iova_map(struct device *client, struct peerbar_iova *iova, phys_addr_t phys,
		     size_t len, enum dma_data_direction dir)
{
	struct dma_iova_state state = { .addr = iova->addr, .__size = iova->len };
	int ret;

	if (!iova->len) {
		if (!dma_iova_try_alloc(client, &state, phys, len))
			return -ENOMEM;
		iova->addr = state.addr;
		iova->len = len;
	}

	ret = dma_iova_link(client, &state, phys, 0, len, dir, DMA_ATTR_MMIO);
	if (ret)
		return ret;
	ret = dma_iova_sync(client, &state, 0, len);
	if (ret)
		dma_iova_unlink(client, &state, 0, len, dir, DMA_ATTR_MMIO);
	return ret;
}

void peerbar_iova_free(struct device *client, struct peerbar_iova *iova)
{
	struct dma_iova_state state = { .addr = iova->addr, .__size = iova->len };

	dma_iova_free(client, &state);
	iova->len = 0;
}

int peerbar_iova_init(void)
{
	return 0;
}

void peerbar_iova_exit(void)
{
}
