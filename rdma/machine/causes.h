/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The one table of the reasons why a NIC may be refused, and of what to do about each.
 * libpeerbar's messages, "peerbar path show" and "peerbar doctor" all use it.
 */
#ifndef PEERBAR_CAUSES_H
#define PEERBAR_CAUSES_H

#include "facts.h"

enum pb_cause {
	PB_CAUSE_NONE,			/* nothing is wrong: the NIC is let in */
	/* the device that owns the BAR */
	PB_CAUSE_SAME,			/* it is the NIC */
	PB_CAUSE_NO_DRIVER,
	PB_CAUSE_NOT_VFIO,
	PB_CAUSE_GROUP,			/* a driver that is not VFIO's has a device of its group */
	PB_CAUSE_CANNOT_EXPORT,		/* its VFIO driver does not export dma-bufs */
	PB_CAUSE_NO_BAR,
	PB_CAUSE_BAR_TOO_SMALL,
	PB_CAUSE_BAR_UNASSIGNED,
	/* the NIC */
	PB_CAUSE_NO_RDMA_DEVICE,
	PB_CAUSE_RDMA_ELSEWHERE,	/* its RDMA device is in another network namespace */
	PB_CAUSE_NO_DMABUF_MR,
	/* iommufd, which maps the BAR for another device */
	PB_CAUSE_NO_IOMMUFD,		/* there is none, or it maps no dma-bufs */
	PB_CAUSE_IOMMUFD_EXPORTER,	/* it does not map those of this exporter */
	/* the NIC's driver pins its MRs, and the exporter does not fence it, because ... */
	PB_CAUSE_PINS_EXPORTER,		/* the exporter has no fence */
	PB_CAUSE_PINS_NOT_NAMED,	/* the parameter fence does not name the driver */
	PB_CAUSE_PINS_NO_IOMMU,		/* the NIC is behind no IOMMU */
	PB_CAUSE_PINS_IDENTITY,		/* the NIC's IOMMU domain is identity */
	PB_CAUSE_PINS_BUS_ADDRESS,	/* a switch routes the DMA past the IOMMU */
	/* the route from the NIC to the BAR: the reasons of kernel/topology.h */
	PB_CAUSE_NO_COMMON_PATH,
	PB_CAUSE_ACS_REDIRECT,
	PB_CAUSE_HOST_BRIDGE_UNKNOWN,
	PB_CAUSE_FOREIGN_DOMAIN,
	PB_CAUSE_BUS_OFFSET,
	PB_CAUSE_DMA_MASK,
	/* not refused, but this process cannot see what decides */
	PB_CAUSE_ACS_UNSEEN,		/* ACS decides, and only root can read it */
	PB_CAUSE_EXPORTER_UNSEEN,	/* whether the VFIO driver exports is not visible */
	PB_NR_CAUSES,
};

_Static_assert(!PB_CAUSE_NONE, "callers test a cause as a truth value");

/* A word for programs: "none", "no-driver", ... */
const char *pb_cause_name(enum pb_cause cause);

/*
 * The reason as a clause for people, and the remedy. In a remedy, ADDRESS stands for the PCI
 * address of the device and DRIVERS for the new value of the parameter fence. The remedy of
 * PB_CAUSE_NONE is "".
 */
const char *pb_cause_why(enum pb_cause cause);
const char *pb_cause_remedy(enum pb_cause cause);

/*
 * The remedy with its placeholders filled in: the device's @address, and the fence list with
 * the NIC's @driver added to it. If the NIC's driver is the problem, what else can be done
 * about that driver is appended. Every advice fits into PB_ADVICE_SIZE bytes.
 */
#define PB_ADVICE_SIZE 1024
void pb_cause_advice(enum pb_cause cause, const char *address, const char *driver, char *text,
		     size_t size);

#endif /* PEERBAR_CAUSES_H */
