/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A range of a client's IOVA space that stays reserved while nothing is mapped there.
 *
 * The DMA API frees an IOVA together with its mapping. Freed at a revoke, it is handed
 * out again at the next registration, and a NIC that still honours an old key reaches
 * the new mapping. So the page tables are emptied through the domain (fence.c) and the
 * IOVA is given back apart from that, when the importer has detached.
 *
 * iova_link.c does it with dma_iova_*() of Linux 6.16, iova_sink.c without.
 */
#ifndef PEERBAR_IOVA_H
#define PEERBAR_IOVA_H

#include <linux/dma-mapping.h>
#include <linux/types.h>

struct peerbar_iova {
	dma_addr_t addr;
	size_t len;		/* 0: nothing is reserved */
};

/**
 * peerbar_iova_map - map a physical range for a client, at an IOVA that stays
 * @client: the device that will do the DMA; its domain must translate
 * @iova: empty (then it is reserved), or reserved by an earlier call for the same length
 *        and with nothing mapped
 * @phys: start of the range, page aligned
 * @len: its length, whole pages
 * @dir: direction of the transfers
 *
 * On failure nothing is mapped; a reservation stays.
 * Return: 0, or -ENOMEM if no IOVA below the client's DMA mask or no memory is left.
 */
int peerbar_iova_map(struct device *client, struct peerbar_iova *iova, phys_addr_t phys,
		     size_t len, enum dma_data_direction dir);

/**
 * peerbar_iova_free - give a reserved IOVA back
 * @client: as in peerbar_iova_map()
 * @iova: reserved, with nothing mapped
 *
 * If that fails (out of memory), the IOVA stays reserved for ever and the log says so.
 */
void peerbar_iova_free(struct device *client, struct peerbar_iova *iova);

int peerbar_iova_init(void);
void peerbar_iova_exit(void);

#endif
