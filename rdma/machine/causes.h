/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One table of why a NIC is let in or refused, and what to do about it. libpeerbar's
 * sentences, "peerbar path show" and "peerbar doctor" all take theirs from here.
 */
#ifndef PEERBAR_CAUSES_H
#define PEERBAR_CAUSES_H

#include "facts.h"

enum pb_cause {
	PB_CAUSE_NONE,			/* it works */
	/* the device */
	PB_CAUSE_NO_DRIVER,
	PB_CAUSE_NOT_VFIO,
	PB_CAUSE_CANNOT_EXPORT,		/* a VFIO driver without the feature */
	PB_CAUSE_NO_BAR,
	PB_CAUSE_BAR_TOO_SMALL,
	PB_CAUSE_BAR_UNASSIGNED,
	/* the NIC */
	PB_CAUSE_NO_RDMA_DEVICE,
	PB_CAUSE_NO_DMABUF_MR,
	/* the NIC's driver pins, and there is no fence: */
	PB_CAUSE_PINS_EXPORTER,		/* the exporter has none */
	PB_CAUSE_PINS_NOT_NAMED,	/* nobody named the driver, to allow it */
	PB_CAUSE_PINS_NO_IOMMU,		/* the NIC's DMA passes none */
	PB_CAUSE_PINS_IDENTITY,		/* it passes one that does not translate */
	PB_CAUSE_PINS_BUS_ADDRESS,	/* the route does not pass the IOMMU */
	/* the way: the reasons of kernel/topology.h */
	PB_CAUSE_NO_COMMON_PATH,
	PB_CAUSE_ACS_REDIRECT,
	PB_CAUSE_HOST_BRIDGE_UNKNOWN,
	PB_CAUSE_FOREIGN_DOMAIN,
	PB_CAUSE_BUS_OFFSET,
	PB_CAUSE_DMA_MASK,
	/* cannot be told */
	PB_CAUSE_ACS_UNSEEN,		/* ACS decides, and only root sees it */
	PB_CAUSE_EXPORTER_UNSEEN,	/* the kernel names no functions to this user */
	PB_NR_CAUSES,
};

/* A word for programs: "none", "no-driver", ... */
const char *pb_cause_name(enum pb_cause cause);

/*
 * Why, as a clause for people, and what to do, where ADDRESS stands for the device's, and
 * DRIVERS for those that may be fenced; the remedy of PB_CAUSE_NONE is "".
 */
const char *pb_cause_why(enum pb_cause cause);
const char *pb_cause_remedy(enum pb_cause cause);

/*
 * What to do, for people: with the device's @address in commands, and where the NIC's
 * @driver is at fault also what makes that one do. PB_ADVICE_SIZE is enough for all.
 */
#define PB_ADVICE_SIZE 1024
void pb_cause_advice(enum pb_cause cause, const char *address, const char *driver, char *text,
		     size_t size);

#endif /* PEERBAR_CAUSES_H */
