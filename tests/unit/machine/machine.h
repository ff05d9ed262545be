/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whole machines for the facts layer: host bridges, switches, their ACS, devices, an
 * IOMMU, a kernel. They live in the folder of fake.h.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* Of struct machine_function.acs, when it is no value of the control register. */
#define MACHINE_NO_ACS (-1)	/* Express without the capability; 0 is one with no bit set */
#define MACHINE_OLD_PCI (-2)	/* 256 bytes of configuration space */

enum machine_port {		/* Express port types, as in the capability */
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
	bool hidden;		/* an ordinary user reads: 64 bytes of configuration space */
	const char *driver;	/* NULL: none */
	bool vfio;
	int group;		/* 0: none */
	const char *domain;	/* of the group; NULL: "DMA" */
	unsigned int mask;	/* bits; 0: 64 */
	bool memory_off;
	uint64_t bar, size;	/* BAR 2; 0: none */
	uint64_t bus;		/* its bus address; 0: the same */
	const char *rdma;	/* name of its RDMA device; NULL: none */
};

/* Bridges need no class here; a function with a size is memory. */
void machine_add(const struct machine_function *function);

/*
 * @cpu: "AuthenticAMD/23", "GenuineIntel/6"; @symbols: lines of /proc/kallsyms, "" for a
 * kernel that names nothing.
 */
void machine_kernel(const char *release, const char *cpu, const char *symbols);

#define MACHINE_SYMBOL(name) "0000000000000000 T " name "\n"
#define MACHINE_MODULE_SYMBOL(name, module) "0000000000000000 t " name "\t[" module "]\n"

#endif /* MACHINE_H */
