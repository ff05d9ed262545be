/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Can this NIC reach this device's BAR, and what stops it after a revoke? The verdict applies
 * the routing rules of the kernel module (kernel/topology.c, the same source) to the facts of
 * facts.h, and then looks at who exports the BAR and how the NIC's driver revokes.
 *
 * In a kernel with PCI_P2PDMA, that code makes the final decision about the route when the
 * NIC attaches. It cannot be asked from user space.
 */
#ifndef PEERBAR_VERDICT_H
#define PEERBAR_VERDICT_H

#include "causes.h"
#include "facts.h"

/* What stops the NIC when the BAR is revoked. */
enum pb_stop {
	PB_STOP_NONE,		/* nothing, so the NIC is refused; or an earlier cause stands */
	PB_STOP_NATIVE,		/* its driver tears the MR down: the mainline driver can */
	PB_STOP_CHANGED,	/* its driver does, because of our change (rdma/drivers) */
	PB_STOP_FENCE,		/* the exporter unmaps the BAR in the NIC's IOMMU domain */
};

/*
 * What becomes of an MR that was revoked, once the device is usable again. Whether an MR of a
 * dynamic importer works then depends on the kernel: before the NIC's page faults reach the
 * driver, nothing maps the buffer again. No symbol of the driver tells, so it is only said
 * that the MR may.
 */
enum pb_after {
	PB_AFTER_UNKNOWN,	/* the NIC is refused, or its driver is not in the table */
	PB_AFTER_DEAD,		/* no request by its keys succeeds again */
	PB_AFTER_MAY_REVIVE,	/* the same keys may work again */
	PB_AFTER_FENCED,	/* the NIC goes on trying, and the IOMMU refuses */
};

enum pb_exporter {
	PB_EXPORTER_NONE,	/* no VFIO driver is bound, or one that cannot export */
	PB_EXPORTER_KERNEL,	/* the kernel's vfio-pci, or a variant of it */
	PB_EXPORTER_PEERBAR,	/* peerbar-vfio-pci */
	PB_EXPORTER_UNSEEN,	/* a VFIO driver of which it is not known whether it exports */
};

struct pb_verdict {
	enum pb_exporter exporter;
	struct peerbar_route route;	/* its reason is PEERBAR_REACHABLE unless refused */
	bool route_sure;		/* false: it depends on ACS bits that only root can read */
	enum pb_stop stop;
	enum pb_after after;
	enum pb_cause cause;		/* the first reason why it does not work */
	int err;			/* of the registration; 0 if it works or is not tried */
};

enum pb_exporter pb_exporter_of(const struct pb_kernel *kernel, const struct pb_pci *dev);

/* @bar is the number of a BAR of @dev; negative if @dev has none. */
struct pb_verdict pb_verdict(const struct pb_kernel *kernel, const struct pb_nic *nic,
			     const struct pb_pci *dev, int bar);

/*
 * The same for a device that a program owns, as @importer, and that reaches the BAR through its
 * address space in iommufd (peerbar_ioas_map()). iommufd does not check the route: a cause that
 * is about the route means that the BAR is mapped, err is 0, and that requests do not arrive.
 */
struct pb_verdict pb_verdict_iommufd(const struct pb_kernel *kernel, const struct pb_pci *importer,
				     const struct pb_pci *dev, int bar);

/* Return why the route is refused, or PB_CAUSE_NONE if it is not. */
enum pb_cause pb_route_cause(const struct pb_verdict *v);

/* What comes after a revoke by which @stop stops the NIC of @driver. */
enum pb_after pb_after(enum pb_stop stop, const char *driver);

#define PB_ENOTSUPP 524		/* kernel-internal, but some drivers return it to user space */

/*
 * Drivers use several codes for one failure. Return the one of them that verdicts use
 * (EOPNOTSUPP or EINVAL), or @err itself if it is not one of these codes.
 */
int pb_errno_meaning(int err);

/* Words for programs: "none", "native", "our-change", "fence"; "kernel", "peerbar", ... */
const char *pb_stop_name(enum pb_stop stop);
/* "dead", "may-revive", "fenced"; NULL if it is not known. */
const char *pb_after_name(enum pb_after after);
const char *pb_exporter_name(enum pb_exporter exporter);

#endif /* PEERBAR_VERDICT_H */
