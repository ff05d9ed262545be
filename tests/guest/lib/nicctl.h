/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The control socket of a virtual NIC: its counters and its fault switches.
 *
 * A port can be open only once in the whole guest: in the parent or in the child, not in
 * both. A figure that cannot be read ends the test (tap_die()), because the result of a
 * test without it would mean nothing.
 */
#ifndef GUEST_NICCTL_H
#define GUEST_NICCTL_H

#include <stdbool.h>
#include <stdint.h>

struct json_object;

/* Talk to NIC 1 or 2 from now on. Without this call it is NIC 1. */
void nicctl_select(unsigned int nic);

/* Does the NIC have a control port at all? */
bool nicctl_present(void);

/* The NIC's report, {"cmd":"stats"}; the caller frees it with json_object_put(). */
struct json_object *nicctl_report(void);

/* One number of a report, by its path: "/stray/total". */
uint64_t nicctl_figure(struct json_object *report, const char *path);

/* The same of what only this model reports: "objects/mr". */
uint64_t nicctl_own_figure(struct json_object *report, const char *path);

/* Set one switch, "ignore-dereg=1"; the names are those of vnic/core/fault.h. */
void nicctl_fault(const char *setting);
void nicctl_clear_faults(void);

/* From now on the NIC honours keys and pages that are taken from it. */
void nicctl_ignore_revoke(void);

/* Close the port, so that another process can open it. */
void nicctl_close(void);

struct nic_stray_count {
	uint64_t reads, writes, bytes;
	uint64_t max_age_ns;	/* longest time from the unmap or the dereg to an access */
};

struct nic_stray {
	uint64_t total;
	struct nic_stray_count unmapped, deregistered, zapped;
};

void nicctl_stray(struct nic_stray *stray);

/* What was counted since @then, but for max_age_ns, which covers the NIC's whole life. */
struct nic_stray nicctl_stray_since(const struct nic_stray *then);
uint64_t nicctl_stray_total(void);

/* Accesses through deregistered keys and to zapped pages that reached their memory. */
uint64_t nicctl_landings(void);

/* Bytes that the IOMMU lets the NIC reach now, as the NIC sees it. */
uint64_t nicctl_reachable(void);

#endif /* GUEST_NICCTL_H */
