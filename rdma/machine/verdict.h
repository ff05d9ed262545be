/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * May this NIC reach this device's BAR, and what ends it? The rules of the kernel module
 * (kernel/topology.c, the same source) over the facts of facts.h, then who exports and
 * how the NIC's driver lets go.
 *
 * Where the kernel has P2PDMA, that has the last word, at attach; it cannot be asked from
 * here.
 */
#ifndef PEERBAR_VERDICT_H
#define PEERBAR_VERDICT_H

#include "causes.h"
#include "facts.h"

/* How the NIC is stopped when the BAR is taken back, if it gets so far. */
enum pb_stop {
	PB_STOP_NONE,		/* not at all, so it is not let in; or it never gets so far */
	PB_STOP_NATIVE,		/* its driver tears the MR down, as the kernel has it */
	PB_STOP_CHANGED,	/* its driver does, by our change */
	PB_STOP_FENCE,		/* the exporter closes the BAR in the IOMMU */
};

enum pb_exporter {
	PB_EXPORTER_NONE,	/* no driver, or one that exports nothing */
	PB_EXPORTER_KERNEL,	/* the kernel's vfio-pci, or a variant of it */
	PB_EXPORTER_PEERBAR,	/* peerbar-vfio-pci */
	PB_EXPORTER_UNSEEN,	/* a VFIO driver, and nobody tells what it can */
};

struct pb_verdict {
	enum pb_exporter exporter;
	struct peerbar_route route;	/* reason PEERBAR_REACHABLE unless refused */
	bool route_sure;		/* false: it depends on ACS bits that only root sees */
	enum pb_stop stop;
	enum pb_cause cause;		/* the first that stands in the way */
	int err;			/* of the registration; 0: it works, or is not come to */
};

enum pb_exporter pb_exporter_of(const struct pb_kernel *kernel, const struct pb_pci *dev);

/* @bar: of @dev; negative: it has none. */
struct pb_verdict pb_verdict(const struct pb_kernel *kernel, const struct pb_nic *nic,
			     const struct pb_pci *dev, int bar);

/* Why the route is refused; PB_CAUSE_NONE: it is not. */
enum pb_cause pb_route_cause(const struct pb_verdict *v);

#define PB_ENOTSUPP 524		/* the kernel's own ENOTSUPP; some drivers let it out */

/* The errno of verdicts (EOPNOTSUPP, EINVAL, ENOMEM) that means the same; or @err itself. */
int pb_errno_meaning(int err);

/* Words for programs: "none", "native", "our-change", "fence"; "kernel", "peerbar", ... */
const char *pb_stop_name(enum pb_stop stop);
const char *pb_exporter_name(enum pb_exporter exporter);

#endif /* PEERBAR_VERDICT_H */
