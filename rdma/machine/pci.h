/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What sysfs says of a PCI device. Nothing here opens or changes a device.
 */
#ifndef PEERBAR_PCI_H
#define PEERBAR_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>


#define PB_NR_BARS 6		/* of a function that is no bridge */
#define PB_ADDRESS_SIZE 20	/* "dddddddd:bb:dd.f" fits */
#define PB_NAME_SIZE 64		/* driver names */

/*
 * "0000:01:00.0" or "01:00.0", hexadecimal, to the canonical form.
 * Errors: -EINVAL, with a sentence.
 */
int pb_pci_parse(const char *text, char *address);

/* -ENODEV, with a sentence, if there is no such device. */
int pb_pci_exists(const char *address);

/* The name of the bound driver, "" if there is none. */
void pb_pci_driver(const char *address, char *name);

/* Is the bound driver a VFIO one, vfio-pci or a variant? */
bool pb_pci_is_vfio(const char *address);

/* The number of the device's IOMMU group; negative: it has none. */
int pb_pci_group(const char *address);

/* A hexadecimal attribute, such as "vendor", "device" or "class". */
int pb_pci_hex(const char *address, const char *attribute, uint64_t *value);

bool pb_pci_is_bridge(const char *address);

struct pb_resource {		/* a memory BAR */
	uint64_t size;		/* 0: none, or I/O ports */
	uint64_t start;		/* CPU address */
	bool assigned;		/* it has one */
};

/* Errors: -errno. */
int pb_pci_resources(const char *address, struct pb_resource resource[PB_NR_BARS]);

/* Sizes of the memory BARs, 0 for the others. Errors: -errno. */
int pb_pci_bars(const char *address, uint64_t size[PB_NR_BARS]);

/*
 * Why IOMMU group @group is not viable: the first of its devices that is bound to
 * a driver that neither is VFIO's nor leaves DMA alone. False: none is.
 */
bool pb_group_blocker(int group, char *address, char *driver);

/* The node that opens the device for iommufd: 0, or -ENOENT, if the kernel has none. */
int pb_iommufd_node(const char *address, char *node, size_t size);

/*
 * The process, other than this one, that has @node open: "qemu (pid 42)".
 * False: none was found, which may be for lack of privilege.
 */
bool pb_holder(const char *node, char *text, size_t size);

#endif /* PEERBAR_PCI_H */
