/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Moving a PCI device from one driver to another, within a bounded time.
 */
#ifndef PEERBAR_BINDING_H
#define PEERBAR_BINDING_H

/* The functions give 0 or a negative errno, with peerbar_errmsg(). */

/* May the device change its driver? Not a bridge's, nor one that is in use. */
int binding_check(const char *address);

/* Take the device from its driver, if it has one. */
int binding_release(const char *address);

/* Which driver alone may have the device; NULL: whichever knows it. */
int binding_override(const char *address, const char *driver);

/* Let the drivers look at the device, which has none. */
int binding_probe(const char *address);

/*
 * users.c: -EBUSY if the device's driver offers it to somebody now: a VFIO device
 * that is open, a network interface that is up, a disk that is claimed, an RDMA
 * device that is open.
 */
int binding_users(const char *address);

#endif /* PEERBAR_BINDING_H */
