/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * May one PCI function reach a BAR of another, and over which path? These are only the rules,
 * applied to a description of the machine, so that the same source can be tested on any host
 * (tests/unit/kernel). provider.c describes the real machine.
 */
#ifndef PEERBAR_TOPOLOGY_H
#define PEERBAR_TOPOLOGY_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>
#endif

/* The most hops that a path can hold: a function and the bridges above it, up to the root. */
#define PEERBAR_MAX_HOPS 16

enum peerbar_map_type {
	PEERBAR_MAP_NOT_SUPPORTED,
	PEERBAR_MAP_BUS_ADDR,		/* through a switch, by bus addresses */
	PEERBAR_MAP_HOST_BRIDGE,	/* through host bridge and IOMMU, by DMA API addresses */
};

enum peerbar_refusal {
	PEERBAR_REACHABLE,
	PEERBAR_NOT_PCI,
	PEERBAR_NO_COMMON_PATH,
	PEERBAR_ACS_REDIRECT,
	PEERBAR_HOST_BRIDGE_UNKNOWN,
	PEERBAR_KERNEL_REFUSES,
	PEERBAR_FOREIGN_DOMAIN,
	PEERBAR_COARSE_IOMMU,
	PEERBAR_BUS_OFFSET,
	PEERBAR_DMA_MASK,
	PEERBAR_NR_REFUSALS,
};

/**
 * struct peerbar_route - the answer
 * @type: how the client's DMA gets to the BAR
 * @reason: %PEERBAR_REACHABLE, or why it does not
 */
struct peerbar_route {
	enum peerbar_map_type type;
	enum peerbar_refusal reason;
};

/**
 * struct peerbar_hop - a function on the path to the host bridge
 * @dev: identity; equal on two paths means the same function
 * @redirects: ACS sends peer-to-peer requests, or their completions, upstream; filled in only
 *             for hops on the switched way
 */
struct peerbar_hop {
	const void *dev;
	bool redirects;
};

/**
 * struct peerbar_path - from a function up to its host bridge
 * @nr: hops in use
 * @hop: the function itself first
 * @host: identity of the host bridge
 * @root: a PCI device was found that identifies the host bridge
 * @vendor: its vendor ID
 * @device: its device ID
 */
struct peerbar_path {
	unsigned int nr;
	struct peerbar_hop hop[PEERBAR_MAX_HOPS];
	const void *host;
	bool root;
	__u16 vendor;
	__u16 device;
};

enum peerbar_kernel_answer {
	PEERBAR_NOT_ASKED,		/* not yet, or the kernel has no P2PDMA */
	PEERBAR_KERNEL_YES,
	PEERBAR_KERNEL_NO,
};

enum peerbar_iommu {
	PEERBAR_IOMMU_NONE,
	PEERBAR_IOMMU_IDENTITY,		/* an identity domain: DMA addresses are physical */
	PEERBAR_IOMMU_TRANSLATES,	/* a paging domain that the DMA API manages */
	PEERBAR_IOMMU_FOREIGN,		/* any other domain: we must not map there */
};

/**
 * struct peerbar_topology - everything that the decision depends on
 * @provider: path of the function that owns the BAR
 * @client: path of the function that does the DMA
 * @cpu_forwards: the CPU's host bridges are known to forward, whatever their IDs
 * @kernel: what pci_p2pdma says
 * @iommu: what kind of IOMMU domain the client's DMA goes through
 * @coarse_iommu: the smallest page of that IOMMU domain is larger than the CPU's
 * @last: CPU address of the last byte to be reached
 * @bus_offset: bus address minus CPU address of the BAR
 * @dma_mask: highest address that the client can put on the bus
 */
struct peerbar_topology {
	struct peerbar_path provider;
	struct peerbar_path client;
	bool cpu_forwards;
	enum peerbar_kernel_answer kernel;
	enum peerbar_iommu iommu;
	bool coarse_iommu;
	__u64 last;
	__u64 bus_offset;
	__u64 dma_mask;
};

/**
 * struct peerbar_switched_way - the way between two functions that stays below the host bridge
 * @provider_hops: number of hops of the provider's path up to and including the one where
 *                 both paths meet; 0 if they meet only at the host bridge, so that there is
 *                 no such way
 * @client_hops: number of hops of the client's path below the one where they meet
 */
struct peerbar_switched_way {
	unsigned int provider_hops;
	unsigned int client_hops;
};

/**
 * peerbar_switched_way - find the hops whose ACS settings matter
 * @t: the machine; only the identities of the hops are used
 *
 * Each ACS setting has to be read from the hop's configuration space. So this tells first which
 * of them are needed: none if the paths meet only at the host bridge.
 *
 * Return: the way.
 */
struct peerbar_switched_way peerbar_switched_way(const struct peerbar_topology *t);

/**
 * peerbar_through_one_host_bridge - do the two share one host bridge, and nothing below it?
 * @t: the machine; only the identities of the hops and of the host bridges are used
 *
 * If so, the kernel's answer for them holds for any such pair below that host bridge.
 *
 * Return: true if so; false also if a path is too deep to be sure.
 */
bool peerbar_through_one_host_bridge(const struct peerbar_topology *t);

/**
 * peerbar_decide - apply the rules
 * @t: the machine
 *
 * Return: the route.
 */
struct peerbar_route peerbar_decide(const struct peerbar_topology *t);

/**
 * peerbar_refusal_text - explain a refusal, in a clause for people
 * @reason: the code
 *
 * Return: a constant string.
 */
const char *peerbar_refusal_text(enum peerbar_refusal reason);

/**
 * peerbar_map_type_text - name a map type, in a word for tools
 * @type: the type
 *
 * Return: a constant string.
 */
const char *peerbar_map_type_text(enum peerbar_map_type type);

#endif
