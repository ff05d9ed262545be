/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A PCI device as sysfs shows it to anybody, owner or not. Functions that return int give
 * 0 or a negative errno.
 */
#ifndef GUEST_PCI_H
#define GUEST_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Write @text in one call, as sysfs wants it. */
int sysfs_write(const char *text, const char *path);

/* Read the first line of a file, without its end. */
int sysfs_read(char *text, size_t size, const char *path);

/* The driver that is bound; -ENOENT: none, or no such device. */
int pci_driver(const char *address, char *name, size_t size);

/* Is that peerbar-vfio-pci, by its own name or by that of vfio-pci? */
bool pci_is_ours(const char *address);

/* Does the core's exporter make its dma-bufs, although its driver is peerbar-vfio-pci? */
bool pci_exports_by_core(const char *address);

/* Choose who makes them from now on: "peerbar" or "core". */
int pci_choose_exporter(const char *address, const char *exporter);

/* Waits until nobody has the device open. */
int pci_unbind(const char *address);

/* By driver_override. */
int pci_bind(const char *address, const char *driver);

/*
 * The same for a device that has just been plugged in and that the kernel may still be
 * probing: tries until VFIO has it. Return: false if it does not within @timeout_ms.
 */
bool pci_bind_new(const char *address, const char *driver, unsigned int timeout_ms);

/* Write "1" to a file of the device: "remove", "reset". */
int pci_poke(const char *address, const char *file);
int pci_rescan(void);
bool pci_exists(const char *address);

/*
 * Another function of the same slot that has a driver of this name. Return: false if
 * there is none.
 */
bool pci_sibling(const char *address, const char *driver, char *sibling, size_t size);

/*
 * Find a device of that driver with an I/O BAR, and the BAR's number. Return: false if there
 * is none.
 */
bool pci_find_io(const char *driver, char *address, size_t size, unsigned int *bar);

/* The address of the port above; -ENOENT: there is none. */
int pci_port(const char *address, char *port, size_t size);

/* The CPU address of a BAR; failure ends the test. */
uint64_t pci_bar_start(const char *address, unsigned int bar);

/* Are both below the same port of the root complex, so that a switch is between them? */
bool pci_share_root_port(const char *address, const char *other);

/*
 * Configuration space as the kernel's drivers see it, not as VFIO shows it; @size is 1, 2
 * or 4. Ends the test on failure.
 */
uint32_t pci_config_read(const char *address, unsigned int pos, unsigned int size);
void pci_config_write(const char *address, unsigned int pos, unsigned int size, uint32_t value);

/* Position of the (extended) capability with this id. Ends the test if there is none. */
unsigned int pci_capability(const char *address, uint8_t id);
unsigned int pci_extended_capability(const char *address, uint16_t id);

/*
 * The type of the default domain of its IOMMU group: "DMA" (strict), "DMA-FQ" (lazy) or
 * "identity"; and whether that translates. Failure ends the test.
 */
void pci_domain_type(const char *address, char *type, size_t size);
bool pci_is_translated(const char *address);

/* The folder of the hotplug slot that the device sits in; -ENOENT: it sits in none. */
int pci_slot(const char *address, char *path, size_t size);

#endif /* GUEST_PCI_H */
