/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Synthetic machines for the facts layer: host bridges, switches and their ACS, devices, an
 * IOMMU, a kernel. Their files are in the folder that fake.h makes.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* struct machine_function.acs is the value of the ACS control register, or one of these. */
#define MACHINE_NO_ACS (-1)	/* PCI Express without an ACS capability */
#define MACHINE_OLD_PCI (-2)	/* conventional PCI: 256 bytes of config space */

enum machine_port {		/* port types, as in the Express capability */
	MACHINE_ENDPOINT = 0,
	MACHINE_ROOT_PORT = 4,
	MACHINE_UPSTREAM = 5,
	MACHINE_DOWNSTREAM = 6,
};

struct machine_function {
	const char *path;	/* "pci0000:00/0000:00:01.0/0000:01:00.0" */
	uint16_t vendor, device;
	enum machine_port port;
	int acs;
	bool hidden;		/* as an ordinary user sees it: 64 bytes of config space */
	const char *driver;	/* NULL: none */
	bool vfio;
	int group;		/* 0: none */
	const char *domain;	/* type of the group's IOMMU domain; NULL: "DMA" */
	unsigned int mask;	/* bits of the DMA mask; 0: 64 */
	bool memory_off;
	uint64_t bar, size;	/* BAR 2; 0: none */
	uint64_t bus;		/* bus address of BAR 2; 0: the same as bar */
	const char *rdma;	/* name of its RDMA device; NULL: none */
};

/* Bridges need no class here; a function with a size gets the class of memory. */
void machine_add(const struct machine_function *function);

/*
 * @cpu: such as "AuthenticAMD/23" or "GenuineIntel/6"; @symbols: lines of /proc/kallsyms, ""
 * for a kernel that shows none.
 */
void machine_kernel(const char *release, const char *cpu, const char *symbols);

#define MACHINE_SYMBOL(name) "0000000000000000 T " name "\n"
#define MACHINE_MODULE_SYMBOL(name, module) "0000000000000000 t " name "\t[" module "]\n"

#endif /* MACHINE_H */
