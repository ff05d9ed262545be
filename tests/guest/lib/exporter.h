/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The settings of peerbar-vfio-pci. */
#ifndef GUEST_EXPORTER_H
#define GUEST_EXPORTER_H

/*
 * How long a revoke waits for importers, in milliseconds. Return: the time that was set
 * before. Failure ends the test.
 */
unsigned int exporter_set_timeout(unsigned int ms);

#endif /* GUEST_EXPORTER_H */
