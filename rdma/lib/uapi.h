/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Definitions that the <linux/vfio.h> of an older kernel lacks. Their layout is ABI.
 */
#ifndef PEERBAR_UAPI_H
#define PEERBAR_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/vfio.h>

#ifndef VFIO_DEVICE_FEATURE_DMA_BUF	/* 6.19 */
#define VFIO_DEVICE_FEATURE_DMA_BUF 11

struct vfio_region_dma_range {
	__u64 offset;
	__u64 length;
};

struct vfio_device_feature_dma_buf {
	__u32 region_index;
	__u32 open_flags;
	__u32 flags;
	__u32 nr_ranges;
	struct vfio_region_dma_range dma_ranges[];
};
#endif

#ifndef VFIO_DEVICE_BIND_IOMMUFD	/* 6.6 */
#define VFIO_DEVICE_BIND_IOMMUFD _IO(VFIO_TYPE, VFIO_BASE + 18)

struct vfio_device_bind_iommufd {
	__u32 argsz;
	__u32 flags;
	__s32 iommufd;
	__u32 out_devid;
};
#endif

#ifndef VFIO_DEVICE_ATTACH_IOMMUFD_PT	/* 6.6 */
#define VFIO_DEVICE_ATTACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 19)

struct vfio_device_attach_iommufd_pt {
	__u32 argsz;
	__u32 flags;
	__u32 pt_id;
};
#endif

#ifndef VFIO_PCI_HOT_RESET_FLAG_DEV_ID	/* 6.5 */
#define VFIO_PCI_HOT_RESET_FLAG_DEV_ID (1 << 0)
#define VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED (1 << 1)
#define VFIO_PCI_DEVID_NOT_OWNED (-1)
#endif

/*
 * iommufd's address spaces. <linux/iommufd.h> came with 6.2, so it is not included here. The
 * commands are of 6.2, but for the last one, which is of 6.13 and takes dma-bufs since 7.0.
 */
#define IOMMU_IOAS_MAP_WRITEABLE (1 << 1)
#define IOMMU_IOAS_MAP_READABLE (1 << 2)

#define IOMMU_DESTROY _IO(';', 0x80)

struct iommu_destroy {
	__u32 size;
	__u32 id;
};

#define IOMMU_IOAS_ALLOC _IO(';', 0x81)

struct iommu_ioas_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_ioas_id;
};

#define IOMMU_IOAS_MAP _IO(';', 0x85)

struct iommu_ioas_map {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 __reserved;
	__aligned_u64 user_va;
	__aligned_u64 length;
	__aligned_u64 iova;
};

#define IOMMU_IOAS_UNMAP _IO(';', 0x86)

struct iommu_ioas_unmap {
	__u32 size;
	__u32 ioas_id;
	__aligned_u64 iova;
	__aligned_u64 length;
};

#define IOMMU_IOAS_MAP_FILE _IO(';', 0x8f)

struct iommu_ioas_map_file {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__s32 fd;
	__aligned_u64 start;
	__aligned_u64 length;
	__aligned_u64 iova;
};

_Static_assert(sizeof(struct iommu_ioas_map) == 40, "UAPI layout");
_Static_assert(sizeof(struct iommu_ioas_map_file) == 40, "UAPI layout");
_Static_assert(sizeof(struct iommu_ioas_unmap) == 24, "UAPI layout");
_Static_assert(sizeof(struct vfio_device_feature_dma_buf) == 16, "UAPI layout");
_Static_assert(sizeof(struct vfio_region_dma_range) == 16, "UAPI layout");

#endif /* PEERBAR_UAPI_H */
