/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The module parameters of peerbar-vfio-pci, and what it shows in debugfs. Failure ends
 * the test.
 */
#ifndef GUEST_EXPORTER_H
#define GUEST_EXPORTER_H

#include <stdint.h>

/* Set how long a revoke waits for importers, in ms. Return: the previous value. */
unsigned int exporter_set_timeout(unsigned int ms);

/* The parameter fence, the NIC drivers that may be fenced: a list, "all", or "" for none. */
#define EXPORTER_FENCE 1026u
void exporter_get_fence(char drivers[EXPORTER_FENCE]);
void exporter_set_fence(const char *drivers);

/* How many lines of @file in the device's folder in debugfs contain @text. */
unsigned int exporter_shows(const char *device, const char *file, const char *text);

/* A counter, such as "overdue", in the device's file "revokes"; 0 if it is not there. */
uint64_t exporter_counter(const char *device, const char *name);

/* How many revokes had this reason, such as "reset"; 0 also if the reason is not listed. */
uint64_t exporter_revokes(const char *device, const char *reason);

#endif /* GUEST_EXPORTER_H */
