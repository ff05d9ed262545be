/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Moving a PCI device from one driver to another, within a bounded time.
 */
#ifndef PEERBAR_BINDING_H
#define PEERBAR_BINDING_H

#include <stdbool.h>

/* All functions return 0, or a negative errno with a sentence for peerbar_errmsg(). */

/*
 * Fails if the driver of the device must not change: it is a bridge, or it is in use. With
 * @force only a bridge, an open VFIO device and a claimed disk are refused.
 */
int binding_check(const char *address, bool force);

/*
 * drivers.c. Find the VFIO driver that the user means by @text, which may also be the name of
 * its module, or in the wrong case. -ENOENT: no such driver is loaded. -EINVAL: it is not a VFIO
 * driver. @driver has PB_NAME_SIZE bytes.
 */
int binding_find_driver(const char *text, char *driver);

/* Have a device of peerbar-vfio-pci export by @exporter, "peerbar" or "core", from now on. */
int binding_choose_exporter(const char *address, const char *exporter);

/* Take the device from its driver, if it has one. */
int binding_release(const char *address);

/* Set driver_override, so that only @driver may bind; "" clears it. */
int binding_override(const char *address, const char *driver);

/* Read driver_override; "" if there is none. @driver has PB_NAME_SIZE bytes. */
void binding_read_override(const char *address, char *driver);

/*
 * A driver shows up as the device's as soon as its probe begins. If that still runs, because the
 * kernel or somebody else has begun it, wait until it has ended, and the driver is ready or gone.
 */
int binding_settle(const char *address);

/* Have the kernel look for a driver for the device, which must not have one. */
int binding_probe(const char *address);

/*
 * users.c. Returns -EBUSY if the device is in use: as a VFIO device that is open, through a disk
 * that is claimed, or, unless @force, through a network interface that is up or an RDMA device
 * that is open or has an active port.
 */
int binding_users(const char *address, bool force);

#endif /* PEERBAR_BINDING_H */
