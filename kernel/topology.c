// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The rules of peer-to-peer routing. They are mainline's (drivers/pci/p2pdma.c), applied to
 * struct peerbar_topology; nothing here calls into the kernel.
 */
#include "topology.h"

#define VENDOR_INTEL 0x8086
#define VENDOR_GOOGLE 0x1ae0
#define VENDOR_NVIDIA 0x10de
#define ANY_DEVICE 0xffff

/*
 * Host bridges that are known to forward requests from one device to another: the list of
 * Linux 7.3. It decides only if the kernel has no P2PDMA to ask; otherwise it only helps to
 * say why the kernel refuses.
 */
static const struct {
	__u16 vendor;
	__u16 device;
	bool same_only;		/* forwards only between devices below itself */
} host_bridges[] = {
	{ VENDOR_INTEL, 0x3c00, true },		/* Xeon E5, Core i7 */
	{ VENDOR_INTEL, 0x3c01, true },
	{ VENDOR_INTEL, 0x2f00, true },		/* Xeon E7 v3, E5 v3, Core i7 */
	{ VENDOR_INTEL, 0x2f01, true },
	{ VENDOR_INTEL, 0x2030, false },	/* Skylake-E */
	{ VENDOR_INTEL, 0x2031, false },
	{ VENDOR_INTEL, 0x2032, false },
	{ VENDOR_INTEL, 0x2033, false },
	{ VENDOR_INTEL, 0x2020, false },
	{ VENDOR_INTEL, 0x09a2, false },	/* Ice Lake and later */
	{ VENDOR_INTEL, 0x0b25, false },	/* DSA of Sapphire Rapids */
	{ VENDOR_INTEL, 0x0cfe, false },	/* IAX of the same */
	{ VENDOR_INTEL, 0x11fb, false },	/* DSA of Granite Rapids-D */
	{ VENDOR_INTEL, 0x1212, false },	/* DSA of Diamond Rapids */
	{ VENDOR_INTEL, 0x1216, false },	/* IAA of the same */
	{ VENDOR_INTEL, 0x4940, false },	/* QAT */
	{ VENDOR_INTEL, 0x4942, false },
	{ VENDOR_INTEL, 0x4944, false },
	{ VENDOR_INTEL, 0x4946, false },
	{ VENDOR_INTEL, 0x4948, false },
	{ VENDOR_GOOGLE, ANY_DEVICE, false },
	{ VENDOR_NVIDIA, 0x2f95, false },
	{ VENDOR_NVIDIA, 0x2f96, false },
	{ VENDOR_NVIDIA, 0x2f97, false },
	{ VENDOR_NVIDIA, 0x2f98, false },
	{}
};

static const char * const reasons[PEERBAR_NR_REFUSALS] = {
	[PEERBAR_REACHABLE] = "reachable",
	[PEERBAR_NOT_PCI] = "the importer is not a PCI device",
	[PEERBAR_NO_COMMON_PATH] =
		"they are below different host bridges, not known to forward to each other",
	[PEERBAR_ACS_REDIRECT] =
		"ACS sends their traffic to a host bridge that is not known to forward it",
	[PEERBAR_HOST_BRIDGE_UNKNOWN] =
		"their host bridge is not known to forward between its devices",
	[PEERBAR_KERNEL_REFUSES] = "the kernel's P2PDMA refuses the pair",
	[PEERBAR_FOREIGN_DOMAIN] = "the importer's IOMMU domain is not the DMA API's",
	[PEERBAR_COARSE_IOMMU] =
		"the importer's IOMMU maps no pages as small as the CPU's",
	[PEERBAR_BUS_OFFSET] =
		"the BAR's bus address is not its CPU address and no IOMMU translates",
	[PEERBAR_DMA_MASK] = "the BAR lies above the importer's DMA mask",
};

const char *peerbar_refusal_text(enum peerbar_refusal reason)
{
	return reason < PEERBAR_NR_REFUSALS ? reasons[reason] : "unknown";
}

const char *peerbar_map_type_text(enum peerbar_map_type type)
{
	switch (type) {
	case PEERBAR_MAP_BUS_ADDR:
		return "bus-address";
	case PEERBAR_MAP_HOST_BRIDGE:
		return "host-bridge";
	default:
		return "not-supported";
	}
}

static bool host_bridge_listed(const struct peerbar_path *p, bool same)
{
	size_t i;

	if (!p->root)
		return false;
	for (i = 0; host_bridges[i].vendor; i++)
		if (p->vendor == host_bridges[i].vendor &&
		    (p->device == host_bridges[i].device ||
		     host_bridges[i].device == ANY_DEVICE))
			return same || !host_bridges[i].same_only;
	return false;
}

static bool host_bridge_forwards(const struct peerbar_topology *t)
{
	bool same = t->provider.host == t->client.host;

	if (t->cpu_forwards)
		return true;
	return host_bridge_listed(&t->provider, same) &&
	       (same || host_bridge_listed(&t->client, same));
}

/* Index of @dev among the hops of @p, or the number of hops if it is not one of them. */
static unsigned int hop_of(const struct peerbar_path *p, const void *dev)
{
	unsigned int i;

	for (i = 0; i < p->nr && p->hop[i].dev != dev; i++)
		;
	return i;
}

struct peerbar_switched_way peerbar_switched_way(const struct peerbar_topology *t)
{
	struct peerbar_switched_way way = {};
	unsigned int a, b;

	for (a = 0; a < t->provider.nr; a++) {
		b = hop_of(&t->client, t->provider.hop[a].dev);
		if (b == t->client.nr)
			continue;
		way.provider_hops = a + 1;
		way.client_hops = b;
		break;
	}
	return way;
}

bool peerbar_through_one_host_bridge(const struct peerbar_topology *t)
{
	return t->provider.host == t->client.host &&
	       !peerbar_switched_way(t).provider_hops &&
	       t->provider.nr < PEERBAR_MAX_HOPS && t->client.nr < PEERBAR_MAX_HOPS;
}

static bool any_redirects(const struct peerbar_path *p, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (p->hop[i].redirects)
			return true;
	return false;
}

static struct peerbar_route refuse(enum peerbar_refusal reason)
{
	return (struct peerbar_route){ PEERBAR_MAP_NOT_SUPPORTED, reason };
}

static struct peerbar_route accept(enum peerbar_map_type type)
{
	return (struct peerbar_route){ type, PEERBAR_REACHABLE };
}

static struct peerbar_route switched(const struct peerbar_topology *t)
{
	if (t->kernel == PEERBAR_KERNEL_NO)
		return refuse(PEERBAR_KERNEL_REFUSES);
	if (t->last + t->bus_offset > t->dma_mask)
		return refuse(PEERBAR_DMA_MASK);
	return accept(PEERBAR_MAP_BUS_ADDR);
}

/* Why the path through the host bridge is refused. If the kernel was asked, it decides. */
static enum peerbar_refusal host_bridge_fault(const struct peerbar_topology *t, bool met)
{
	if (t->kernel == PEERBAR_KERNEL_YES)
		return PEERBAR_REACHABLE;
	if (host_bridge_forwards(t))
		return t->kernel == PEERBAR_KERNEL_NO ? PEERBAR_KERNEL_REFUSES :
							PEERBAR_REACHABLE;
	if (met)
		return PEERBAR_ACS_REDIRECT;
	return t->provider.host == t->client.host ? PEERBAR_HOST_BRIDGE_UNKNOWN :
						    PEERBAR_NO_COMMON_PATH;
}

struct peerbar_route peerbar_decide(const struct peerbar_topology *t)
{
	struct peerbar_switched_way way = peerbar_switched_way(t);
	enum peerbar_refusal fault;

	if (way.provider_hops && !any_redirects(&t->provider, way.provider_hops) &&
	    !any_redirects(&t->client, way.client_hops))
		return switched(t);

	fault = host_bridge_fault(t, way.provider_hops);
	if (fault != PEERBAR_REACHABLE)
		return refuse(fault);
	if (t->iommu == PEERBAR_IOMMU_FOREIGN)
		return refuse(PEERBAR_FOREIGN_DOMAIN);
	if (t->iommu == PEERBAR_IOMMU_TRANSLATES && t->coarse_iommu)
		return refuse(PEERBAR_COARSE_IOMMU);
	if (t->iommu == PEERBAR_IOMMU_TRANSLATES)
		return accept(PEERBAR_MAP_HOST_BRIDGE);
	if (t->bus_offset)
		return refuse(PEERBAR_BUS_OFFSET);
	if (t->last > t->dma_mask)
		return refuse(PEERBAR_DMA_MASK);
	return accept(PEERBAR_MAP_HOST_BRIDGE);
}
