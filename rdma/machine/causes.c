// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The table of causes: see causes.h. */
#include <stdio.h>
#include <string.h>

#include "causes.h"
#include "drivers.h"

static const struct {
	const char *name, *why, *remedy;
} causes[PB_NR_CAUSES] = {
	[PB_CAUSE_NONE] = { "none", "nothing stands in the way", "" },
	[PB_CAUSE_SAME] = { "same-device", "the device is the NIC itself",
		"name the device whose BAR the NIC is to reach (\"peerbar dev show\" lists them)" },
	[PB_CAUSE_NO_DRIVER] = { "no-driver", "the device is bound to no driver",
		"bind it (\"peerbar dev bind ADDRESS\")" },
	[PB_CAUSE_NOT_VFIO] = { "not-vfio", "the device belongs to a driver that is not VFIO's",
		"bind it to one that is (\"peerbar dev bind ADDRESS\")" },
	[PB_CAUSE_GROUP] = { "group-not-viable",
		"another device of its IOMMU group is bound to a driver that is not VFIO's, and VFIO "
		"opens a group only as a whole",
		"give that one to VFIO, too, or move one of them to another group (\"peerbar doctor "
		"ADDRESS\" names it)" },
	[PB_CAUSE_CANNOT_EXPORT] = { "cannot-export",
		"this kernel's vfio-pci exports no BARs",
		"bind the device to peerbar-vfio-pci (\"peerbar dev bind ADDRESS driver "
		"peerbar-vfio-pci\"), or boot Linux 6.19 or newer with CONFIG_VFIO_PCI_DMABUF" },
	[PB_CAUSE_NO_BAR] = { "no-bar", "the device has no such memory BAR",
		"name one that \"peerbar dev show ADDRESS\" lists" },
	[PB_CAUSE_BAR_TOO_SMALL] = { "bar-too-small", "the BAR is smaller than a page",
		"name another: \"peerbar dev show ADDRESS\" lists them" },
	[PB_CAUSE_BAR_UNASSIGNED] = { "bar-unassigned", "the BAR has no address",
		"make room for it: a 64-bit window in the firmware's settings (\"above 4G "
		"decoding\"), or boot with pci=realloc" },
	[PB_CAUSE_NO_RDMA_DEVICE] = { "no-rdma-device", "no driver made an RDMA device for the NIC",
		"load the NIC's RDMA driver" },
	[PB_CAUSE_RDMA_ELSEWHERE] = { "rdma-elsewhere",
		"the NIC's RDMA device is in another network namespace",
		"run in that one (\"ip netns exec\", \"nsenter -n\"), or move the RDMA device here "
		"(\"rdma dev set NAME netns\")" },
	[PB_CAUSE_NO_DMABUF_MR] = { "no-dmabuf-mr",
		"the NIC's driver has no dma-buf memory regions",
		PB_OTHER_NIC ", or a newer kernel" },
	[PB_CAUSE_NO_IOMMUFD] = { "no-iommufd",
		"this kernel has no iommufd that maps dma-bufs for a device",
		"boot Linux 7.0 or newer with CONFIG_IOMMUFD and CONFIG_VFIO_DEVICE_CDEV, and load "
		"iommufd" },
	[PB_CAUSE_IOMMUFD_EXPORTER] = { "iommufd-exporter",
		"iommufd maps only dma-bufs of the kernel's own exporter",
		"have peerbar-vfio-pci export by that one (\"peerbar dev bind ADDRESS driver "
		"peerbar-vfio-pci exporter core\"), or bind the device to vfio-pci" },
	[PB_CAUSE_PINS_EXPORTER] = { "pins-exporter",
		"the NIC's driver pins buffers and cannot give them back, and the exporter has no "
		"fence", "bind the device to a peerbar-vfio-pci that can fence (\"peerbar dev bind "
		"ADDRESS driver peerbar-vfio-pci exporter peerbar\"), and name the NIC's driver in "
		"its parameter fence" },
	[PB_CAUSE_PINS_NOT_NAMED] = { "pins-not-named",
		"the NIC's driver pins buffers and cannot give them back, and the parameter fence "
		"of peerbar-vfio-pci does not name it",
		"if the NIC may meet IOMMU faults after a revoke, name it: \"echo DRIVERS > "
		PB_FENCE_FILE "\", and for good \"" PB_FENCE_OPTION "DRIVERS\" in "
		PB_FENCE_CONF },
	[PB_CAUSE_PINS_NO_IOMMU] = { "pins-no-iommu",
		"the NIC's driver pins buffers and cannot give them back, and the NIC is behind no "
		"IOMMU, so there is nothing to fence it with",
		"turn the IOMMU on, in the firmware and on the kernel's command line" },
	[PB_CAUSE_PINS_IDENTITY] = { "pins-identity",
		"the NIC's driver pins buffers and cannot give them back, and no IOMMU translates "
		"the NIC's DMA (its domain is identity), so there is nothing to fence it with",
		"boot without iommu=pt" },
	[PB_CAUSE_PINS_BUS_ADDRESS] = { "pins-bus-address",
		"the NIC's driver pins buffers and cannot give them back, and a switch routes its "
		"DMA past the IOMMU, so there is nothing to fence it with",
		"have ACS of the switch redirect peer-to-peer traffic upstream" },
	[PB_CAUSE_NO_COMMON_PATH] = { "no-common-path",
		"they are below different host bridges, not known to forward to each other",
		"move one of them below the other's host bridge" },
	[PB_CAUSE_ACS_REDIRECT] = { "acs-redirect",
		"ACS sends their traffic to a host bridge that is not known to forward it",
		"use a machine whose host bridge forwards, or boot with pci=disable_acs_redir= and "
		"the ports between them, if that leaves the two in different IOMMU groups" },
	[PB_CAUSE_HOST_BRIDGE_UNKNOWN] = { "host-bridge-unknown",
		"their host bridge is not known to forward between its devices",
		"use a machine whose host bridge forwards: AMD's of family 0x17 or later, Intel's "
		"that the kernel lists" },
	[PB_CAUSE_FOREIGN_DOMAIN] = { "foreign-domain",
		"the NIC's IOMMU domain is not the DMA API's",
		"bind the NIC to its kernel driver, with a default domain of type DMA" },
	[PB_CAUSE_BUS_OFFSET] = { "bus-offset",
		"the BAR's bus address is not its CPU address, and no IOMMU translates",
		"turn the IOMMU on, without iommu=pt" },
	[PB_CAUSE_DMA_MASK] = { "dma-mask",
		"the BAR lies above what the NIC can address, and no IOMMU translates",
		"turn the IOMMU on, without iommu=pt, or have the firmware place the BAR lower" },
	[PB_CAUSE_ACS_UNSEEN] = { "acs-unseen",
		"ACS on the bridges between them decides, and only root may read it",
		"run as root" },
	[PB_CAUSE_EXPORTER_UNSEEN] = { "exporter-unseen",
		"it cannot be seen whether the device's VFIO driver exports BARs",
		"\"peerbar dev show ADDRESS\" asks it" },
};

const char *pb_cause_name(enum pb_cause cause)
{
	return causes[cause].name;
}

const char *pb_cause_why(enum pb_cause cause)
{
	return causes[cause].why;
}

const char *pb_cause_remedy(enum pb_cause cause)
{
	return causes[cause].remedy;
}

/* Append @text to @out with each @word replaced by @value, and cut it off at @size. */
static void append(char *out, size_t size, const char *text, const char *word,
		   const char *value)
{
	size_t used = strlen(out);
	const char *place;

	while ((place = strstr(text, word))) {
		snprintf(out + used, size - used, "%.*s%s", (int)(place - text), text, value);
		used += strlen(out + used);
		text = place + strlen(word);
	}
	snprintf(out + used, size - used, "%s", text);
}

_Static_assert(PB_CAUSE_PINS_BUS_ADDRESS - PB_CAUSE_PINS_EXPORTER == 4,
	       "only the PINS causes are between these two");

/* Is the NIC's driver the problem? */
static bool drivers_fault(enum pb_cause cause)
{
	return cause >= PB_CAUSE_PINS_EXPORTER && cause <= PB_CAUSE_PINS_BUS_ADDRESS;
}

static void append_drivers(char *text, size_t size, const char *remedy, const char *driver)
{
	char drivers[PB_FENCE_WORD];
	struct pb_fence fence;

	pb_fence_read(&fence);
	pb_fence_with(&fence, driver, drivers, sizeof(drivers));
	append(text, size, remedy, "DRIVERS", drivers);
}

void pb_cause_advice(enum pb_cause cause, const char *address, const char *driver, char *text,
		     size_t size)
{
	const struct pb_nic_driver *nic = pb_nic_driver_find(driver);

	text[0] = '\0';
	if (cause == PB_CAUSE_PINS_NOT_NAMED)
		append_drivers(text, size, pb_cause_remedy(cause), driver);
	else
		append(text, size, pb_cause_remedy(cause), "ADDRESS", address);
	if (!drivers_fault(cause))
		return;
	append(text, size, ", or ", "ADDRESS", address);
	append(text, size, nic ? nic->remedy : PB_OTHER_NIC, "ADDRESS", address);
}
