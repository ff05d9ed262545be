/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between kernel versions that need only a line or two. Larger ones have files of
 * their own in this folder. PEERBAR_HAVE_* are defined by Kbuild.include.
 */
#ifndef PEERBAR_COMPAT_H
#define PEERBAR_COMPAT_H

#include <linux/build_bug.h>
#include <linux/dma-buf.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

/* What we cannot do without. CONFIG_IOMMU_API is not checked, because VFIO selects it. */
#ifndef CONFIG_64BIT
#error "peerbar-vfio-pci needs a 64-bit kernel, because lengths of BARs have more than 32 bits"
#endif
#if !IS_ENABLED(CONFIG_VFIO_PCI_CORE)
#error "peerbar-vfio-pci needs a kernel with CONFIG_VFIO_PCI_CORE, whose vfio-pci-core it wraps"
#endif
#ifndef CONFIG_DMA_SHARED_BUFFER
#error "peerbar-vfio-pci needs a kernel with CONFIG_DMA_SHARED_BUFFER, which makes dma-bufs"
#endif

/* PCI_DRIVER_OVERRIDE_DEVICE_VFIO came with 5.16, the others with 6.1. */
#if !defined(PCI_DRIVER_OVERRIDE_DEVICE_VFIO) || !defined(vfio_alloc_device) || \
	!defined(VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY) || \
	!defined(VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP) || \
	!defined(VFIO_DEVICE_FEATURE_LOW_POWER_EXIT)
#error "peerbar-vfio-pci needs Linux 6.1 or newer, whose vfio-pci-core it wraps"
#endif

/*
 * 6.13, cdd30ebb1b9f: the argument of MODULE_IMPORT_NS() became a string. The modinfo entry
 * that it makes stayed the same.
 */
#define PEERBAR_IMPORT_NS(ns) MODULE_INFO(import_ns, #ns)

/* 7.0, e19e1b480ac7: kzalloc_obj() without flags; as first added, it required them */
#ifndef PEERBAR_HAVE_KZALLOC_OBJ
#undef kzalloc_obj
#define kzalloc_obj(obj) kzalloc(sizeof(obj), GFP_KERNEL)
#endif

/* 6.19: the UAPI of an export, copied from mainline for older headers */
#ifndef VFIO_DEVICE_FEATURE_DMA_BUF
#define VFIO_DEVICE_FEATURE_DMA_BUF 11
#endif

#ifndef PEERBAR_HAVE_DMA_RANGE
struct vfio_region_dma_range {
	__u64 offset;
	__u64 length;
};
#endif

#ifndef PEERBAR_HAVE_FEATURE_DMA_BUF
struct vfio_device_feature_dma_buf {
	__u32 region_index;
	__u32 open_flags;
	__u32 flags;
	__u32 nr_ranges;
	struct vfio_region_dma_range dma_ranges[];
};
#endif

static_assert(VFIO_DEVICE_FEATURE_DMA_BUF == 11, "this number is not mainline's");
static_assert(sizeof(struct vfio_region_dma_range) == 16, "this layout is not mainline's");
static_assert(sizeof(struct vfio_device_feature_dma_buf) == 16, "this layout is not mainline's");

/* 7.1: the importer's callback was renamed */
#ifdef PEERBAR_HAVE_INVALIDATE_MAPPINGS
#define peerbar_importer_callback(ops) ((ops)->invalidate_mappings)
#else
#define peerbar_importer_callback(ops) ((ops)->move_notify)
#endif

/*
 * 7.x: vfio-pci's parameters are members of each device. Before, the core had one set of them
 * for the devices of all drivers, which is written once, when vfio-pci is loaded.
 */
#ifdef PEERBAR_HAVE_DEVICE_PARAMS
#define PEERBAR_PARAMS_ARE_SHARED false
#define PEERBAR_PARAM_MODE 0644

static inline void peerbar_set_device_params(struct vfio_pci_core_device *core, bool nointxmask,
					     bool disable_vga, bool disable_idle_d3)
{
	core->nointxmask = nointxmask;
	core->disable_vga = disable_vga;
	core->disable_idle_d3 = disable_idle_d3;
}

static inline void peerbar_set_shared_params(bool nointxmask, bool disable_vga,
					     bool disable_idle_d3)
{
}
#else
#define PEERBAR_PARAMS_ARE_SHARED true
#define PEERBAR_PARAM_MODE 0444

static inline void peerbar_set_device_params(struct vfio_pci_core_device *core, bool nointxmask,
					     bool disable_vga, bool disable_idle_d3)
{
}

static inline void peerbar_set_shared_params(bool nointxmask, bool disable_vga,
					     bool disable_idle_d3)
{
	vfio_pci_core_set_params(nointxmask, disable_vga, disable_idle_d3);
}
#endif

/*
 * 6.19: vfio-pci-core has an exporter of its own, and a variant driver may offer it. Return: can
 * it export the BARs of @core?
 */
#ifdef PEERBAR_HAVE_CORE_EXPORT
static inline bool peerbar_offer_core_export(struct vfio_pci_core_device *core)
{
	static const struct vfio_pci_device_ops ops = {
		.get_dmabuf_phys = vfio_pci_core_get_dmabuf_phys,
	};

	core->pci_ops = &ops;
	return IS_ENABLED(CONFIG_VFIO_PCI_DMABUF);
}
#else
static inline bool peerbar_offer_core_export(struct vfio_pci_core_device *core)
{
	return false;
}
#endif

/* 6.3, 1369459b2e21: iommu_map() got a gfp argument */
#ifdef PEERBAR_HAVE_IOMMU_MAP_GFP
#define peerbar_iommu_map(domain, iova, phys, len, prot) \
	iommu_map(domain, iova, phys, len, prot, GFP_KERNEL)
#else
#define peerbar_iommu_map(domain, iova, phys, len, prot) \
	iommu_map(domain, iova, phys, len, prot)
#endif

/* 6.3, f2b2c051be62: and so did iommu_map_sg() */
#ifdef PEERBAR_HAVE_IOMMU_MAP_SG_GFP
#define peerbar_iommu_map_sg(domain, iova, sgl, nents, prot) \
	iommu_map_sg(domain, iova, sgl, nents, prot, GFP_KERNEL)
#else
#define peerbar_iommu_map_sg(domain, iova, sgl, nents, prot) \
	iommu_map_sg(domain, iova, sgl, nents, prot)
#endif

/* Members of struct vfio_device_ops that came after 6.1 */
#ifdef PEERBAR_HAVE_IOMMUFD
#define PEERBAR_VFIO_OPS_IOMMUFD				\
	.bind_iommufd = vfio_iommufd_physical_bind,		\
	.unbind_iommufd = vfio_iommufd_physical_unbind,		\
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
#else
#define PEERBAR_VFIO_OPS_IOMMUFD
#endif

#ifdef PEERBAR_HAVE_DETACH_IOAS
#define PEERBAR_VFIO_OPS_DETACH					\
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
#else
#define PEERBAR_VFIO_OPS_DETACH
#endif

#ifdef PEERBAR_HAVE_PASID
#define PEERBAR_VFIO_OPS_PASID					\
	.pasid_attach_ioas = vfio_iommufd_physical_pasid_attach_ioas,	\
	.pasid_detach_ioas = vfio_iommufd_physical_pasid_detach_ioas,
#else
#define PEERBAR_VFIO_OPS_PASID
#endif

#ifdef PEERBAR_HAVE_REGION_INFO
#define PEERBAR_VFIO_OPS_REGION_INFO				\
	.get_region_info_caps = vfio_pci_ioctl_get_region_info,
#else
#define PEERBAR_VFIO_OPS_REGION_INFO
#endif

#ifdef PEERBAR_HAVE_TOKEN_UUID
#define PEERBAR_VFIO_OPS_TOKEN					\
	.match_token_uuid = vfio_pci_core_match_token_uuid,
#else
#define PEERBAR_VFIO_OPS_TOKEN
#endif

#endif
