/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A PCI device from outside, through sysfs. Functions that return int give 0 or a
 * negative errno.
 */
#ifndef GUEST_PCI_H
#define GUEST_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Write @text in one call, as sysfs wants it. */
int sysfs_write(const char *text, const char *path);

/* The driver that is bound; -ENOENT: none, or no such device. */
int pci_driver(const char *address, char *name, size_t size);

/* Waits for who has the device open. */
int pci_unbind(const char *address);

/* By driver_override. */
int pci_bind(const char *address, const char *driver);

/*
 * The same for a device that has just come and that the kernel may be probing still: try
 * until VFIO has it. Return: false after @timeout_ms.
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
 * A device of that driver which has an I/O BAR, and which. Return: false if there is none.
 */
bool pci_find_io(const char *driver, char *address, size_t size, unsigned int *bar);

/* The address of the port above; -ENOENT: there is none. */
int pci_port(const char *address, char *port, size_t size);

/*
 * Configuration space as the kernel's drivers see it, not as VFIO shows it; @size is 1, 2
 * or 4. Ends the test on failure.
 */
uint32_t pci_config_read(const char *address, unsigned int pos, unsigned int size);
void pci_config_write(const char *address, unsigned int pos, unsigned int size, uint32_t value);

/* Where the capability of this id is there, or the extended one. Ends the test if there is none. */
unsigned int pci_capability(const char *address, uint8_t id);
unsigned int pci_extended_capability(const char *address, uint16_t id);

/*
 * What the DMA of its IOMMU group goes through: "DMA" (strict), "DMA-FQ" (lazy),
 * "identity". Ends the test on failure. And does that translate?
 */
void pci_domain_type(const char *address, char *type, size_t size);
bool pci_is_translated(const char *address);

/* The folder of the hotplug slot that the device sits in; -ENOENT: it sits in none. */
int pci_slot(const char *address, char *path, size_t size);

#endif /* GUEST_PCI_H */
