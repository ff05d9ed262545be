/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What /sys and /proc say about the kernel, a PCI function and a NIC, as far as it matters
 * for whether the NIC can reach the function's BARs. Nothing here opens or changes a device.
 * All paths are looked up below the root that pb_set_root() (sys.h) sets.
 *
 * Whatever an ordinary user cannot see is reported as unknown, never guessed.
 */
#ifndef PEERBAR_FACTS_H
#define PEERBAR_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "../../kernel/topology.h"
#include "fence.h"
#include "pci.h"

enum pb_answer { PB_NO, PB_YES, PB_UNKNOWN };

/* facts_kernel.c: the running kernel */

struct pb_kernel {
	char release[65];		/* as uname -r prints it */
	unsigned int version;		/* the release as PB_VERSION() */
	enum pb_answer p2pdma;		/* PCI_P2PDMA is built in */
	enum pb_answer vfio_dmabuf;	/* vfio-pci-core is loaded, and can export BARs */
	enum pb_answer iommufd_dmabuf;	/* iommufd is loaded, and maps what that exported */
	bool names_functions;		/* it shows its symbols to this user */
	uint32_t registers, revokes;	/* a bit for each row of drivers.h: it has it */
	bool cpu_forwards;		/* an AMD CPU of family 0x17 or later */
	struct pb_fence fence;		/* the drivers that peerbar-vfio-pci may fence off */
};

#define PB_VERSION(major, minor) ((major) << 8 | (minor))

/*
 * Return 0, or -errno with a sentence if /proc cannot be read. This takes a pass over all symbols
 * of the kernel, so call it once.
 */
int pb_kernel_facts(struct pb_kernel *kernel);

/*
 * Return the value of @option ("CONFIG_PCI_P2PDMA") in the kernel's configuration: 'y', 'm',
 * 'n' if it is off, or '?' if there is no configuration file that can be read.
 */
char pb_kernel_config(const struct pb_kernel *kernel, const char *option);

/* facts_pci.c: a PCI function, and the bridges between it and its host bridge */

enum pb_acs {
	PB_ACS_NONE,		/* the function has no such capability */
	PB_ACS_PRESENT,
	PB_ACS_UNKNOWN,		/* only root may read extended configuration space */
};

/* The bits of the ACS control register, from the PCI Express specification. */
#define PB_ACS_SOURCE_VALIDATION	0x01
#define PB_ACS_TRANSLATION_BLOCKING	0x02
#define PB_ACS_REQUEST_REDIRECT		0x04
#define PB_ACS_COMPLETION_REDIRECT	0x08
#define PB_ACS_UPSTREAM_FORWARDING	0x10
#define PB_ACS_EGRESS_CONTROL		0x20
#define PB_ACS_DIRECT_TRANSLATED	0x40
/* The bits that send peer-to-peer traffic up to the host bridge. */
#define PB_ACS_REDIRECTS \
	(PB_ACS_REQUEST_REDIRECT | PB_ACS_COMPLETION_REDIRECT | PB_ACS_EGRESS_CONTROL)

struct pb_hop {
	char address[PB_ADDRESS_SIZE];
	enum pb_acs acs;
	uint16_t control;	/* 0 unless PB_ACS_PRESENT */
};

/* A memory BAR. */
struct pb_window {
	uint64_t size;		/* 0 if there is no such BAR, or if it is an I/O port BAR */
	uint64_t start;		/* CPU address */
	uint64_t bus;		/* bus address, valid if bus_known */
	bool bus_known;		/* false if the register is 0, as in a virtual function */
	bool assigned;		/* the BAR has an address */
};

struct pb_pci {
	char address[PB_ADDRESS_SIZE];
	char driver[PB_NAME_SIZE];	/* "" if no driver is bound */
	bool vfio;			/* that driver is vfio-pci or a variant of it */
	bool ours;			/* it is peerbar-vfio-pci, whatever its name is now */
	bool by_core;			/* which exports by the kernel's exporter */
	int group;			/* IOMMU group; negative if it has none */
	char blocker[PB_ADDRESS_SIZE];	/* a device of the group that keeps VFIO from it; or "" */
	char domain[16];		/* type of the group: "DMA", "DMA-FQ", "identity"; or "" */
	unsigned int dma_mask_bits;	/* 0 if sysfs does not tell */
	enum pb_answer memory;		/* memory decode is on (PCI_COMMAND) */
	struct pb_window bar[PB_NR_BARS];
	unsigned int nr_hops;
	struct pb_hop hop[PEERBAR_MAX_HOPS];	/* the function itself first */
	char host[24];			/* host bridge: "pci0000:00" */
	char root[PB_ADDRESS_SIZE];	/* the device that identifies it; "" if there is none */
	uint16_t root_vendor;
	uint16_t root_device;
};

/* @address must be canonical. Returns 0, or -ENODEV or another -errno with a sentence. */
int pb_pci_facts(const char *address, struct pb_pci *pci);

/* What the function's DMA passes through, in the terms of kernel/topology.h. */
enum peerbar_iommu pb_pci_iommu(const struct pb_pci *pci);

/* Return the number of the largest memory BAR; negative if there is none. */
int pb_pci_largest_bar(const struct pb_pci *pci);

/* facts_nic.c: an RDMA device */

/* What its driver does when the exporter revokes a dma-buf that it has mapped. */
enum pb_revoke {
	PB_REVOKE_NATIVE,	/* it tears the MR down: the mainline driver can */
	PB_REVOKE_CHANGED,	/* the same, but only because of our change (rdma/drivers) */
	PB_REVOKE_PINS,		/* nothing: the MR stays pinned until it is deregistered */
	PB_REVOKE_NO_DMABUF,	/* it has no dma-buf MRs */
	PB_REVOKE_UNKNOWN,	/* not in the table of drivers.c, or symbols are not visible */
};

struct pb_nic {
	char name[PB_NAME_SIZE];	/* RDMA device, "efa_0"; "" if none is to be seen */
	char elsewhere[PB_NAME_SIZE];	/* its name if it is in another network namespace */
	enum pb_revoke revoke;
	struct pb_pci pci;
};

/*
 * The name of the function's first RDMA device, or "" if no driver made one, or if it is in
 * another network namespace. Some drivers make an RDMA device for each port, others one for the
 * whole function.
 */
void pb_rdma_name(const char *address, char name[PB_NAME_SIZE]);

/*
 * @text is the name of an RDMA device or a PCI address. Returns 0, or with a sentence
 * -ENODEV, -EINVAL (the RDMA device is not a PCI function, as with siw) or another -errno.
 */
int pb_nic_facts(const struct pb_kernel *kernel, const char *text, struct pb_nic *nic);

/* The same for callers that do not want @nic->revoke, which is PB_REVOKE_UNKNOWN then. */
int pb_nic_find(const char *text, struct pb_nic *nic);

#endif /* PEERBAR_FACTS_H */
