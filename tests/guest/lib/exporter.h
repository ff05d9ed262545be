/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What peerbar-vfio-pci lets an administrator set, and shows in debugfs. Failure ends the
 * test.
 */
#ifndef GUEST_EXPORTER_H
#define GUEST_EXPORTER_H

#include <stdint.h>

/* How long a revoke waits for importers, in milliseconds. Return: how long before. */
unsigned int exporter_set_timeout(unsigned int ms);

/* Which NIC drivers may be fenced off: a list, "all", or "" for none. */
#define EXPORTER_FENCE 1026u
void exporter_get_fence(char drivers[EXPORTER_FENCE]);
void exporter_set_fence(const char *drivers);

/* How many lines of @file in the device's folder in debugfs contain @text. */
unsigned int exporter_shows(const char *device, const char *file, const char *text);

/* A counter in the device's file "revokes", "overdue"; 0 if it has none of that name. */
uint64_t exporter_counter(const char *device, const char *name);

/* How often a reason, "reset", took something of the device away; 0 also if there is none. */
uint64_t exporter_revokes(const char *device, const char *reason);

#endif /* GUEST_EXPORTER_H */
