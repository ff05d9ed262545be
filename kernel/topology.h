/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * May one PCI function reach a BAR of another, and over which way? The rules alone, over
 * a description of the machine, so that the same source is tested on any host
 * (tests/unit/kernel). provider.c describes the real machine.
 */
#ifndef PEERBAR_TOPOLOGY_H
#define PEERBAR_TOPOLOGY_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>
#endif

/* Bridges between a function and its host bridge, the function counted in. */
#define PEERBAR_MAX_HOPS 16

enum peerbar_map_type {
	PEERBAR_MAP_NOT_SUPPORTED,
	PEERBAR_MAP_BUS_ADDR,		/* switched below the host bridge: bus addresses */
	PEERBAR_MAP_HOST_BRIDGE,	/* through it, and the IOMMU: what the DMA API gives */
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
 * struct peerbar_hop - a function on the way to the host bridge
 * @dev: identity; equal on two paths means the same function
 * @redirects: ACS sends peer-to-peer requests, or their completions, upstream; told only
 *             of hops on the switched way
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
 * @root: there is a device that stands for the host bridge
 * @vendor: its vendor
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
	PEERBAR_NOT_ASKED,		/* the kernel has no P2PDMA */
	PEERBAR_KERNEL_YES,
	PEERBAR_KERNEL_NO,
};

enum peerbar_iommu {
	PEERBAR_IOMMU_NONE,
	PEERBAR_IOMMU_IDENTITY,		/* there is one, and addresses are physical */
	PEERBAR_IOMMU_TRANSLATES,	/* a domain that the DMA API manages */
	PEERBAR_IOMMU_FOREIGN,		/* anything else: not ours to map in */
};

/**
 * struct peerbar_topology - all that the decision rests on
 * @provider: path of the function that owns the BAR
 * @client: path of the one that does the DMA
 * @cpu_forwards: the CPU's host bridges are known to forward, whatever their IDs
 * @kernel: what pci_p2pdma says
 * @iommu: what the client's DMA goes through
 * @coarse_iommu: the smallest page that it maps is larger than the CPU's
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
 * struct peerbar_switched_way - the way that turns round below the host bridge
 * @provider_hops: hops of the provider's path on it, the last one where both paths meet;
 *                 0: they meet at the host bridge, and there is no such way
 * @client_hops: hops of the client's path below that one
 */
struct peerbar_switched_way {
	unsigned int provider_hops;
	unsigned int client_hops;
};

/**
 * peerbar_switched_way - find the hops whose ACS settings matter
 * @t: the machine; nothing but the identities of the hops is looked at
 *
 * To learn such a setting takes an access to the hop. So it is asked first which are
 * needed: none if the paths meet at the host bridge.
 *
 * Return: the way.
 */
struct peerbar_switched_way peerbar_switched_way(const struct peerbar_topology *t);

/**
 * peerbar_through_one_host_bridge - does nothing but a host bridge lie between the two?
 * @t: the machine; looked at as by peerbar_switched_way()
 *
 * Then what the kernel says of them it says of any such two of that host bridge.
 *
 * Return: true if so; false also for trees too deep to be sure.
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
 * peerbar_refusal_text - a reason as a clause for people
 * @reason: the code
 *
 * Return: a constant string.
 */
const char *peerbar_refusal_text(enum peerbar_refusal reason);

/**
 * peerbar_map_type_text - a map type as a word for tools
 * @type: the type
 *
 * Return: a constant string.
 */
const char *peerbar_map_type_text(enum peerbar_map_type type);

#endif
