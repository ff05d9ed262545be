/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The control socket of a virtual NIC: its counters and its fault switches.
 *
 * A port can be open once in the whole guest: parent or child, not both. A
 * figure that cannot be had ends the test (tap_die()): without it nothing that
 * the test says would be worth anything.
 */
#ifndef GUEST_NICCTL_H
#define GUEST_NICCTL_H

#include <stdbool.h>
#include <stdint.h>

struct json_object;

/* Talk to NIC 1 or 2 from now on; the first, unless this is called. */
void nicctl_select(unsigned int nic);

/* Has it a control port at all? */
bool nicctl_present(void);

/* {"cmd":"stats"}: the NIC's report; the caller puts it. */
struct json_object *nicctl_report(void);

/* One number of a report, by its path: "/stray/total". */
uint64_t nicctl_figure(struct json_object *report, const char *path);

/* Set one switch, "ignore-dereg=1"; the names are those of vnic/fault.h. */
void nicctl_fault(const char *setting);
void nicctl_clear_faults(void);

/* Free its port for another process. */
void nicctl_close(void);

struct nic_stray_count {
	uint64_t reads, writes, bytes;
	uint64_t max_age_ns;	/* longest time from the unmap or the dereg to an access */
};

struct nic_stray {
	uint64_t total;
	struct nic_stray_count unmapped, deregistered;
};

void nicctl_stray(struct nic_stray *stray);

/* What was counted since @then; the longest ages are those of the NIC's whole life. */
struct nic_stray nicctl_stray_since(const struct nic_stray *then);
uint64_t nicctl_stray_total(void);

/* Accesses through deregistered keys that reached their memory. */
uint64_t nicctl_landings(void);

/* Bytes that the IOMMU lets the NIC reach now, as the NIC sees it. */
uint64_t nicctl_reachable(void);

#endif /* GUEST_NICCTL_H */
