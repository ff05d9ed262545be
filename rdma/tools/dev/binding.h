/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Moving a PCI device from one driver to another, within a bounded time.
 */
#ifndef PEERBAR_BINDING_H
#define PEERBAR_BINDING_H

/* All functions return 0, or a negative errno with a sentence for peerbar_errmsg(). */

/* Fails if the driver of the device must not change: it is a bridge, or it is in use. */
int binding_check(const char *address);

/* Take the device from its driver, if it has one. */
int binding_release(const char *address);

/* Set driver_override, so that only @driver may bind; NULL clears it. */
int binding_override(const char *address, const char *driver);

/* Have the kernel look for a driver for the device, which must not have one. */
int binding_probe(const char *address);

/*
 * users.c. Returns -EBUSY if the device is in use: as a VFIO device or an RDMA device that is
 * open, through a network interface that is up, or through a disk that is claimed.
 */
int binding_users(const char *address);

#endif /* PEERBAR_BINDING_H */
