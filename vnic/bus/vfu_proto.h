/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * vfio-user on the wire, as far as this server speaks it. Bodies that vfio-user takes
 * from VFIO (region and irq information, irq sets) are the structures of <linux/vfio.h>.
 * Everything is in host byte order.
 */
#ifndef VNIC_BUS_VFU_PROTO_H
#define VNIC_BUS_VFU_PROTO_H

#include <stdint.h>

enum vfu_command {
	VFU_VERSION = 1,
	VFU_DMA_MAP = 2,
	VFU_DMA_UNMAP = 3,
	VFU_GET_INFO = 4,
	VFU_GET_REGION_INFO = 5,
	VFU_GET_REGION_IO_FDS = 6,
	VFU_GET_IRQ_INFO = 7,
	VFU_SET_IRQS = 8,
	VFU_REGION_READ = 9,
	VFU_REGION_WRITE = 10,
	VFU_DMA_READ = 11,
	VFU_DMA_WRITE = 12,
	VFU_RESET = 13,
	VFU_DIRTY_PAGES = 14,
	VFU_WRITE_MULTI = 15,
	VFU_COMMANDS,
};

struct vfu_header {
	uint16_t id;		/* repeated in the reply */
	uint16_t command;
	uint32_t size;		/* header and body */
	uint32_t flags;
	uint32_t error;		/* errno value, in replies with VFU_F_ERROR */
};

#define VFU_F_TYPE	0xfu	/* 0: request, 1: reply */
#define VFU_F_REPLY	0x1u
#define VFU_F_NO_REPLY	0x10u
#define VFU_F_ERROR	0x20u

struct vfu_version {		/* followed by the capabilities: JSON and a NUL */
	uint16_t major, minor;
};

struct vfu_dma_map {
	uint32_t argsz, flags;	/* VFIO_DMA_MAP_FLAG_READ, _WRITE */
	uint64_t offset, addr, size;
};

struct vfu_dma_unmap {
	uint32_t argsz, flags;	/* VFIO_DMA_UNMAP_FLAG_ALL */
	uint64_t addr, size;
};

struct vfu_device_info {	/* struct vfio_device_info without the fields added later */
	uint32_t argsz, flags, num_regions, num_irqs;
};

struct vfu_region_access {	/* in a WRITE and in a READ's reply count bytes follow */
	uint64_t offset;
	uint32_t region, count;
};

struct vfu_multi_write {	/* WRITE_MULTI is a 64-bit count and that many of these */
	struct vfu_region_access access;	/* writes the first count bytes of data */
	uint8_t data[8];
};

#endif /* VNIC_BUS_VFU_PROTO_H */
