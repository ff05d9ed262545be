/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What /sys and /proc say of the kernel, of a PCI function and of a NIC, as far as it
 * decides whether the NIC can reach the function's BARs. Nothing here opens or
 * changes a device, and all of it is found below the root of sys.h.
 *
 * What an ordinary user cannot see is "unknown" and not guessed.
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
	unsigned int version;		/* PB_VERSION() of it */
	enum pb_answer p2pdma;		/* PCI_P2PDMA is built in */
	enum pb_answer vfio_dmabuf;	/* vfio-pci-core is there, and exports BARs */
	bool cpu_forwards;		/* AMD of family 0x17 or later */
	struct pb_fence fence;		/* whom peerbar-vfio-pci may fence off */
};

#define PB_VERSION(major, minor) ((major) << 8 | (minor))

/* -errno, with a sentence, if /proc is not there. */
int pb_kernel_facts(struct pb_kernel *kernel);

/*
 * Does the kernel's configuration have @option ("CONFIG_PCI_P2PDMA"), as 'y' or as 'm'?
 * 'n': it has not. '?': no readable file tells.
 */
char pb_kernel_config(const struct pb_kernel *kernel, const char *option);

/* A function of the kernel, or of a loaded module of it. */
struct pb_symbol {
	const char *name;
	const char *module;	/* that may have it; NULL: the kernel proper only */
	bool found;
};

/* Look all of @symbols up in one pass: 0, or -errno if the kernel names no functions. */
int pb_find_symbols(struct pb_symbol *symbols, unsigned int nr_symbols);

/* facts_pci.c: a PCI function, and those between it and its host bridge */

enum pb_acs {
	PB_ACS_NONE,		/* the function has no such capability */
	PB_ACS_PRESENT,
	PB_ACS_UNKNOWN,		/* only root may read extended configuration space */
};

/* Bits of the ACS control register, as in the PCI Express specification. */
#define PB_ACS_SOURCE_VALIDATION	0x01
#define PB_ACS_TRANSLATION_BLOCKING	0x02
#define PB_ACS_REQUEST_REDIRECT		0x04
#define PB_ACS_COMPLETION_REDIRECT	0x08
#define PB_ACS_UPSTREAM_FORWARDING	0x10
#define PB_ACS_EGRESS_CONTROL		0x20
#define PB_ACS_DIRECT_TRANSLATED	0x40
/* Those that send peer-to-peer traffic up to the host bridge. */
#define PB_ACS_REDIRECTS \
	(PB_ACS_REQUEST_REDIRECT | PB_ACS_COMPLETION_REDIRECT | PB_ACS_EGRESS_CONTROL)

struct pb_hop {
	char address[PB_ADDRESS_SIZE];
	enum pb_acs acs;
	uint16_t control;	/* 0 unless PB_ACS_PRESENT */
};

struct pb_window {		/* a memory BAR */
	uint64_t size;		/* 0: none, or I/O ports */
	uint64_t start;		/* CPU address */
	uint64_t bus;		/* bus address, if bus_known (a virtual function hides it) */
	bool bus_known;
	bool assigned;		/* it has an address */
};

struct pb_pci {
	char address[PB_ADDRESS_SIZE];
	char driver[PB_NAME_SIZE];	/* "": none is bound */
	bool vfio;			/* it is a VFIO one */
	int group;			/* IOMMU group; negative: none */
	char domain[16];		/* its type: "DMA", "DMA-FQ", "identity"; "": none */
	unsigned int dma_mask_bits;	/* 0: not told */
	enum pb_answer memory;		/* PCI_COMMAND.MEMORY */
	struct pb_window bar[PB_NR_BARS];
	unsigned int nr_hops;
	struct pb_hop hop[PEERBAR_MAX_HOPS];	/* the function itself first */
	char host[24];			/* host bridge: "pci0000:00" */
	char root[PB_ADDRESS_SIZE];	/* the device that stands for it; "": there is none */
	uint16_t root_vendor;
	uint16_t root_device;
};

/* @address is canonical. -ENODEV or another -errno, with a sentence. */
int pb_pci_facts(const char *address, struct pb_pci *pci);

/* The IOMMU of the function's DMA, in the terms of the rules. */
enum peerbar_iommu pb_pci_iommu(const struct pb_pci *pci);

/* The largest memory BAR; negative: there is none. */
int pb_pci_largest_bar(const struct pb_pci *pci);

/* facts_nic.c: an RDMA device */

/* What its driver does when a dma-buf that it has mapped is taken back. */
enum pb_revoke {
	PB_REVOKE_NATIVE,	/* tears the MR down, as the kernel has it */
	PB_REVOKE_CHANGED,	/* the same, by our change of the driver (rdma/drivers) */
	PB_REVOKE_PINS,		/* nothing: the MR is pinned for good */
	PB_REVOKE_NO_DMABUF,	/* it has no dma-buf MRs */
	PB_REVOKE_UNKNOWN,	/* a driver that is not in the table of drivers.c */
};

struct pb_nic {
	char name[PB_NAME_SIZE];	/* RDMA device, "efa_0"; "": no driver made one */
	enum pb_revoke revoke;
	struct pb_pci pci;
};

/*
 * The first RDMA device of a function, "" if no driver made one; a driver makes one for
 * each port, or one in all.
 */
void pb_rdma_name(const char *address, char name[PB_NAME_SIZE]);

/*
 * @text is the name of an RDMA device or a PCI address. -ENODEV, -EINVAL (an RDMA device
 * that is no PCI function, such as siw's) or another -errno, with a sentence.
 */
int pb_nic_facts(const char *text, struct pb_nic *nic);

#endif /* PEERBAR_FACTS_H */
