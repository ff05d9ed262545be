// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Deriving the verdict from the facts. Causes are tested in the order in which opening,
 * exporting and registering would fail.
 */
#include <errno.h>
#include <string.h>

#include "drivers.h"
#include "sys.h"
#include "verdict.h"

/*
 * The code that exports is in vfio-pci-core, so its symbols are present even if the bound
 * variant driver does not offer the feature. Of the kernel's own drivers, only these two do.
 */
static bool exports(const char *driver)
{
	return !strcmp(driver, "vfio-pci") || !strcmp(driver, "nvgrace-gpu-vfio-pci");
}

enum pb_exporter pb_exporter_of(const struct pb_kernel *kernel, const struct pb_pci *dev)
{
	if (!dev->vfio)
		return PB_EXPORTER_NONE;
	if (dev->ours)
		return dev->by_core ? PB_EXPORTER_KERNEL : PB_EXPORTER_PEERBAR;
	if (kernel->vfio_dmabuf == PB_NO)
		return PB_EXPORTER_NONE;
	return kernel->vfio_dmabuf == PB_YES && exports(dev->driver) ? PB_EXPORTER_KERNEL :
								       PB_EXPORTER_UNSEEN;
}

/*
 * The rules compare hops and hosts by pointer. A bridge that is on both paths therefore gets
 * the pointer to the provider's hop on either path; bridges are matched by PCI address.
 * @unseen is the value of redirects to assume for a function whose ACS cannot be read.
 */
static void describe_path(const struct pb_pci *pci, const struct pb_pci *provider, bool unseen,
			  struct peerbar_path *path)
{
	unsigned int i, j;

	path->nr = pci->nr_hops;
	for (i = 0; i < pci->nr_hops; i++) {
		const struct pb_hop *hop = &pci->hop[i];

		path->hop[i].dev = hop;
		for (j = 0; j < provider->nr_hops; j++)
			if (!strcmp(hop->address, provider->hop[j].address))
				path->hop[i].dev = &provider->hop[j];
		path->hop[i].redirects = hop->acs == PB_ACS_UNKNOWN ? unseen :
					 hop->control & PB_ACS_REDIRECTS;
	}
	path->host = strcmp(pci->host, provider->host) ? pci->host : provider->host;
	path->root = pci->root[0];
	path->vendor = pci->root_vendor;
	path->device = pci->root_device;
}

static uint64_t mask_of(unsigned int bits)
{
	return bits && bits < 64 ? (1ull << bits) - 1 : UINT64_MAX;
}

static struct peerbar_route decide(const struct pb_kernel *kernel, const struct pb_pci *nic,
				   enum peerbar_iommu iommu, const struct pb_pci *dev, int bar,
				   bool unseen)
{
	const struct pb_window *window = &dev->bar[bar];
	struct peerbar_topology t = {
		.cpu_forwards = kernel->cpu_forwards,
		.kernel = PEERBAR_NOT_ASKED,
		.iommu = iommu,
		.last = window->start + window->size - 1,
		.bus_offset = window->bus_known ? window->bus - window->start : 0,
		.dma_mask = mask_of(nic->dma_mask_bits),
	};

	describe_path(dev, dev, unseen, &t.provider);
	describe_path(nic, dev, unseen, &t.client);
	return peerbar_decide(&t);
}

/* @iommu is what is between @importer and the BAR. */
static void find_route(const struct pb_kernel *kernel, const struct pb_pci *importer,
		       enum peerbar_iommu iommu, const struct pb_pci *dev, int bar,
		       struct pb_verdict *v)
{
	struct peerbar_route other;

	if (bar < 0 || !dev->bar[bar].size)
		return;
	v->route = decide(kernel, importer, iommu, dev, bar, false);
	other = decide(kernel, importer, iommu, dev, bar, true);
	v->route_sure = v->route.type == other.type && v->route.reason == other.reason;
}

/* Why the device has no BAR to offer, or PB_CAUSE_NONE. */
static enum pb_cause device_cause(enum pb_exporter exporter, const struct pb_pci *dev, int bar)
{
	if (!dev->driver[0])
		return PB_CAUSE_NO_DRIVER;
	if (!dev->vfio)
		return PB_CAUSE_NOT_VFIO;
	if (dev->blocker[0])
		return PB_CAUSE_GROUP;
	if (exporter == PB_EXPORTER_NONE)
		return PB_CAUSE_CANNOT_EXPORT;
	if (exporter == PB_EXPORTER_UNSEEN)
		return PB_CAUSE_EXPORTER_UNSEEN;
	if (bar < 0 || !dev->bar[bar].size)
		return PB_CAUSE_NO_BAR;
	if (dev->bar[bar].size < pb_page_size())
		return PB_CAUSE_BAR_TOO_SMALL;
	return dev->bar[bar].assigned ? PB_CAUSE_NONE : PB_CAUSE_BAR_UNASSIGNED;
}

enum pb_cause pb_route_cause(const struct pb_verdict *v)
{
	if (!v->route_sure)
		return PB_CAUSE_ACS_UNSEEN;
	switch (v->route.reason) {
	case PEERBAR_NO_COMMON_PATH:
		return PB_CAUSE_NO_COMMON_PATH;
	case PEERBAR_ACS_REDIRECT:
		return PB_CAUSE_ACS_REDIRECT;
	case PEERBAR_HOST_BRIDGE_UNKNOWN:
		return PB_CAUSE_HOST_BRIDGE_UNKNOWN;
	case PEERBAR_FOREIGN_DOMAIN:
		return PB_CAUSE_FOREIGN_DOMAIN;
	case PEERBAR_BUS_OFFSET:
		return PB_CAUSE_BUS_OFFSET;
	case PEERBAR_DMA_MASK:
		return PB_CAUSE_DMA_MASK;
	default:
		return PB_CAUSE_NONE;
	}
}

/* A driver that pins is admitted only where the exporter can fence it off, and may. */
static enum pb_cause fence_cause(const struct pb_kernel *kernel, const struct pb_nic *nic,
				 const struct pb_verdict *v)
{
	if (v->exporter != PB_EXPORTER_PEERBAR || !kernel->fence.known)
		return PB_CAUSE_PINS_EXPORTER;
	if (pb_route_cause(v))
		return pb_route_cause(v);
	if (v->route.type == PEERBAR_MAP_BUS_ADDR)
		return PB_CAUSE_PINS_BUS_ADDRESS;
	if (pb_pci_iommu(&nic->pci) == PEERBAR_IOMMU_NONE)
		return PB_CAUSE_PINS_NO_IOMMU;
	if (pb_pci_iommu(&nic->pci) == PEERBAR_IOMMU_IDENTITY)
		return PB_CAUSE_PINS_IDENTITY;
	return pb_fence_names(&kernel->fence, nic->pci.driver) ? PB_CAUSE_NONE :
								 PB_CAUSE_PINS_NOT_NAMED;
}

/*
 * The errno of a route that is refused. The kernel's own exporter does not check the DMA mask
 * of the NIC. There the DMA mapping fails instead, with ENOMEM and a warning in the kernel's
 * log.
 */
static void set_route_errno(struct pb_verdict *v)
{
	bool mapped = v->cause == PB_CAUSE_DMA_MASK && v->exporter == PB_EXPORTER_KERNEL;

	if (v->cause)
		v->err = mapped ? ENOMEM : EINVAL;
}

static void judge_stop(const struct pb_kernel *kernel, const struct pb_nic *nic,
		       struct pb_verdict *v)
{
	switch (nic->revoke) {
	case PB_REVOKE_NATIVE:
	case PB_REVOKE_CHANGED:
		v->stop = nic->revoke == PB_REVOKE_NATIVE ? PB_STOP_NATIVE : PB_STOP_CHANGED;
		v->cause = pb_route_cause(v);
		set_route_errno(v);
		break;
	case PB_REVOKE_NO_DMABUF:
		v->cause = PB_CAUSE_NO_DMABUF_MR;
		v->err = EOPNOTSUPP;
		break;
	default:
		/* A driver that is not known is assumed to pin, which is the worst case. */
		v->cause = fence_cause(kernel, nic, v);
		v->err = v->cause ? EOPNOTSUPP : 0;
		v->stop = v->cause ? PB_STOP_NONE : PB_STOP_FENCE;
	}
	if (v->cause == PB_CAUSE_ACS_UNSEEN)
		v->err = 0;
}

enum pb_after pb_after(enum pb_stop stop, const char *driver)
{
	const struct pb_nic_driver *d = pb_nic_driver_find(driver);

	if (stop == PB_STOP_FENCE)
		return PB_AFTER_FENCED;
	if (stop == PB_STOP_NONE || !d)
		return PB_AFTER_UNKNOWN;
	return d->dynamic ? PB_AFTER_MAY_REVIVE : PB_AFTER_DEAD;
}

/* What does not depend on how the importer maps the BAR. */
static struct pb_verdict begin(const struct pb_kernel *kernel, const struct pb_pci *importer,
			       enum peerbar_iommu iommu, const struct pb_pci *dev, int bar)
{
	struct pb_verdict v = { .exporter = pb_exporter_of(kernel, dev), .route_sure = true };

	find_route(kernel, importer, iommu, dev, bar, &v);
	v.cause = strcmp(importer->address, dev->address) ? device_cause(v.exporter, dev, bar) :
							    PB_CAUSE_SAME;
	return v;
}

struct pb_verdict pb_verdict(const struct pb_kernel *kernel, const struct pb_nic *nic,
			     const struct pb_pci *dev, int bar)
{
	struct pb_verdict v = begin(kernel, &nic->pci, pb_pci_iommu(&nic->pci), dev, bar);

	if (!v.cause && !nic->name[0])
		v.cause = nic->elsewhere[0] ? PB_CAUSE_RDMA_ELSEWHERE : PB_CAUSE_NO_RDMA_DEVICE;
	if (!v.cause)
		judge_stop(kernel, nic, &v);
	if (!v.cause || v.cause == PB_CAUSE_ACS_UNSEEN)
		v.after = pb_after(v.stop, nic->pci.driver);
	return v;
}

static enum pb_cause iommufd_cause(const struct pb_kernel *kernel, const struct pb_verdict *v)
{
	if (kernel->iommufd_dmabuf == PB_NO)
		return PB_CAUSE_NO_IOMMUFD;
	return v->exporter == PB_EXPORTER_KERNEL ? PB_CAUSE_NONE : PB_CAUSE_IOMMUFD_EXPORTER;
}

/* A program's DMA is always translated: that is what iommufd is for. */
struct pb_verdict pb_verdict_iommufd(const struct pb_kernel *kernel, const struct pb_pci *importer,
				     const struct pb_pci *dev, int bar)
{
	struct pb_verdict v = begin(kernel, importer, PEERBAR_IOMMU_TRANSLATES, dev, bar);

	if (v.cause)
		return v;
	v.cause = iommufd_cause(kernel, &v);
	if (v.cause) {
		v.err = EOPNOTSUPP;
		return v;
	}
	v.stop = PB_STOP_NATIVE;
	v.after = PB_AFTER_DEAD;
	v.cause = pb_route_cause(&v);
	return v;
}

int pb_errno_meaning(int err)
{
	if (err == PB_ENOTSUPP || err == EPROTONOSUPPORT)
		err = EOPNOTSUPP;
	else if (err == EREMOTEIO)
		err = EINVAL;
	return err;
}

const char *pb_stop_name(enum pb_stop stop)
{
	static const char * const names[] = {
		[PB_STOP_NONE] = "none", [PB_STOP_NATIVE] = "native",
		[PB_STOP_CHANGED] = "our-change", [PB_STOP_FENCE] = "fence",
	};

	return names[stop];
}

const char *pb_after_name(enum pb_after after)
{
	static const char * const names[] = {
		[PB_AFTER_UNKNOWN] = NULL, [PB_AFTER_DEAD] = "dead",
		[PB_AFTER_MAY_REVIVE] = "may-revive", [PB_AFTER_FENCED] = "fenced",
	};

	return names[after];
}

const char *pb_exporter_name(enum pb_exporter exporter)
{
	static const char * const names[] = {
		[PB_EXPORTER_NONE] = "none", [PB_EXPORTER_KERNEL] = "kernel",
		[PB_EXPORTER_PEERBAR] = "peerbar", [PB_EXPORTER_UNSEEN] = "unknown",
	};

	return names[exporter];
}
