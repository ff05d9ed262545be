/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between kernel versions that fit in a line or two. The larger ones have
 * files of their own in this folder. PEERBAR_HAVE_* come from Kbuild.include.
 */
#ifndef PEERBAR_COMPAT_H
#define PEERBAR_COMPAT_H

#include <linux/dma-buf.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vfio.h>

/* 6.1: the youngest of what is wrapped here */
#ifndef VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP
#error "peerbar-vfio-pci needs Linux 6.1 or newer, whose vfio-pci-core it wraps"
#endif

/* 6.13, cdd30ebb1b9f: the name of a symbol namespace became a string */
#ifdef PEERBAR_HAVE_STRING_NS
#define PEERBAR_IMPORT_NS(ns) MODULE_IMPORT_NS(#ns)
#else
#define PEERBAR_IMPORT_NS(ns) MODULE_IMPORT_NS(ns)
#endif

/* 7.0: allocation by object */
#ifndef kzalloc_obj
#define kzalloc_obj(obj) kzalloc(sizeof(obj), GFP_KERNEL)
#endif

/* 6.19: the UAPI itself, as mainline has it; number and layout must never differ */
#ifndef VFIO_DEVICE_FEATURE_DMA_BUF
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

/* 7.1: the importer's callback changed its name */
#ifdef PEERBAR_HAVE_INVALIDATE_MAPPINGS
#define peerbar_importer_callback(ops) ((ops)->invalidate_mappings)
#else
#define peerbar_importer_callback(ops) ((ops)->move_notify)
#endif

/* 6.3, 1369459b2e21: the _atomic variants went, and a gfp argument came */
#ifdef PEERBAR_HAVE_IOMMU_MAP_ATOMIC
#define peerbar_iommu_map(domain, iova, phys, len, prot) \
	iommu_map(domain, iova, phys, len, prot)
#define peerbar_iommu_map_sg(domain, iova, sgl, nents, prot) \
	iommu_map_sg(domain, iova, sgl, nents, prot)
#else
#define peerbar_iommu_map(domain, iova, phys, len, prot) \
	iommu_map(domain, iova, phys, len, prot, GFP_KERNEL)
#define peerbar_iommu_map_sg(domain, iova, sgl, nents, prot) \
	iommu_map_sg(domain, iova, sgl, nents, prot, GFP_KERNEL)
#endif

/* Members of struct vfio_device_ops that only newer kernels have. */
#ifdef PEERBAR_HAVE_VFIO_IOMMUFD
#define PEERBAR_VFIO_OPS_IOMMUFD				\
	.bind_iommufd = vfio_iommufd_physical_bind,		\
	.unbind_iommufd = vfio_iommufd_physical_unbind,		\
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
#else
#define PEERBAR_VFIO_OPS_IOMMUFD
#endif

#ifdef PEERBAR_HAVE_VFIO_DETACH_IOAS
#define PEERBAR_VFIO_OPS_DETACH					\
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
#else
#define PEERBAR_VFIO_OPS_DETACH
#endif

#ifdef PEERBAR_HAVE_VFIO_PASID
#define PEERBAR_VFIO_OPS_PASID					\
	.pasid_attach_ioas = vfio_iommufd_physical_pasid_attach_ioas,	\
	.pasid_detach_ioas = vfio_iommufd_physical_pasid_detach_ioas,
#else
#define PEERBAR_VFIO_OPS_PASID
#endif

#ifdef PEERBAR_HAVE_VFIO_REGION_INFO_CAPS
#define PEERBAR_VFIO_OPS_REGION_INFO				\
	.get_region_info_caps = vfio_pci_ioctl_get_region_info,
#else
#define PEERBAR_VFIO_OPS_REGION_INFO
#endif

#ifdef PEERBAR_HAVE_VFIO_TOKEN_UUID
#define PEERBAR_VFIO_OPS_TOKEN					\
	.match_token_uuid = vfio_pci_core_match_token_uuid,
#else
#define PEERBAR_VFIO_OPS_TOKEN
#endif

#endif
