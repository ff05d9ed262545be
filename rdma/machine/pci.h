/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What sysfs says about a PCI device. Nothing here opens or changes a device.
 */
#ifndef PEERBAR_PCI_H
#define PEERBAR_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PB_NR_BARS 6		/* of any function that is not a bridge */
#define PB_ADDRESS_SIZE 20	/* "dddddddd:bb:dd.f" fits */
#define PB_NAME_SIZE 64		/* driver names */

/*
 * Convert a PCI address, "0000:01:00.0" or "01:00.0", to the canonical form. @address has
 * PB_ADDRESS_SIZE bytes. Returns 0, or -EINVAL with a sentence.
 */
int pb_pci_parse(const char *text, char *address);

/* Return 0, or -ENODEV with a sentence if there is no such device. */
int pb_pci_exists(const char *address);

/* The name of the bound driver, or "" if there is none. @name has PB_NAME_SIZE bytes. */
void pb_pci_driver(const char *address, char *name);

#define PB_OUR_DRIVER "peerbar-vfio-pci"
#define PB_OUR_MODULE "peerbar_vfio_pci"

/* The module of a loaded PCI driver, or "". @name has PB_NAME_SIZE bytes. */
void pb_driver_module(const char *driver, char *name);

/* Is @driver peerbar-vfio-pci, by that name, or by the one of vfio-pci (parameter stand_in)? */
bool pb_driver_is_ours(const char *driver);

/*
 * A device of peerbar-vfio-pci exports by that driver's own exporter or by the kernel's, as its
 * attribute PB_EXPORTER says: "peerbar" or "core".
 */
#define PB_EXPORTER "dmabuf_exporter"

/* Does the kernel's exporter serve this device of peerbar-vfio-pci? */
bool pb_pci_exports_by_core(const char *address);

/* The name that peerbar-vfio-pci has now; NULL if it is not loaded. */
const char *pb_our_driver(void);

/* Is the kernel's own vfio-pci loaded, or built in? */
bool pb_has_vfio_pci(void);

/* Is the bound driver a VFIO driver, that is vfio-pci or a variant of it? */
bool pb_pci_is_vfio(const char *address);

/* Return the number of the device's IOMMU group; negative if it has none. */
int pb_pci_group(const char *address);

/* Read a hexadecimal attribute, such as "vendor", "device" or "class". Returns 0 or -errno. */
int pb_pci_hex(const char *address, const char *attribute, uint64_t *value);

bool pb_pci_is_bridge(const char *address);

/* A memory BAR. */
struct pb_resource {
	uint64_t size;		/* 0 if there is no such BAR, or if it is an I/O port BAR */
	uint64_t start;		/* CPU address */
	bool assigned;		/* the BAR has an address */
};

/* Read the BARs. Returns 0 or -errno. */
int pb_pci_resources(const char *address, struct pb_resource resource[PB_NR_BARS]);

/* Read the sizes of the memory BARs, 0 for the others. Returns 0 or -errno. */
int pb_pci_bars(const char *address, uint64_t size[PB_NR_BARS]);

/*
 * Find out why IOMMU group @group is not viable. Sets @address and @driver to the first
 * device of the group that is bound to a driver that is not VFIO's and may do DMA. Returns
 * false, with @address "", if there is none.
 */
bool pb_group_blocker(int group, char *address, char *driver);

/*
 * Describe the process, other than this one, that has @node open: "qemu (pid 42)". Returns
 * false if none was found; an unprivileged user does not see those of other users.
 */
bool pb_holder(const char *node, char *text, size_t size);

#endif /* PEERBAR_PCI_H */
