/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A PCI device from outside, through sysfs. Functions that return int give 0 or a
 * negative errno.
 */
#ifndef GUEST_PCI_H
#define GUEST_PCI_H

#include <stdbool.h>
#include <stddef.h>

/* Write @text in one call, as sysfs wants it. */
int sysfs_write(const char *text, const char *path);

/* The driver that is bound; -ENOENT: none, or no such device. */
int pci_driver(const char *address, char *name, size_t size);

/* Waits for who has the device open. */
int pci_unbind(const char *address);

/* By driver_override. */
int pci_bind(const char *address, const char *driver);

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

/* The folder of the hotplug slot that the device sits in; -ENOENT: it sits in none. */
int pci_slot(const char *address, char *path, size_t size);

#endif /* GUEST_PCI_H */
