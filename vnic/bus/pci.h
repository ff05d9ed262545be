/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The PCI function as the guest's PCI code sees it: config space with write masks
 * (PCIe endpoint, MSI-X, power management), and the MSI-X vectors, for which QEMU
 * passes us eventfds.
 */
#ifndef VNIC_BUS_PCI_H
#define VNIC_BUS_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_CFG_SIZE	4096u
#define PCI_MAX_VECTORS	64u
#define PCI_BARS	6u

struct pci_bar {
	uint64_t size;		/* a power of two; 0: no such BAR */
	bool is64, prefetch;
};

struct pci_id {
	uint16_t vendor, device, subvendor, subdevice;
	uint8_t revision;
	uint32_t class_code;	/* 24 bits */
};

struct pci_msix {
	unsigned int vectors;
	unsigned int bar;	/* the BAR that holds both the table and the PBA */
	uint32_t table, pba;	/* offsets in that BAR, multiples of 8 */
};

struct pci_function {		/* filled in by nic_model.describe() */
	struct pci_id id;
	struct pci_bar bar[PCI_BARS];
	struct pci_msix msix;
};

struct pci {
	uint8_t cfg[PCI_CFG_SIZE];
	uint8_t writable[PCI_CFG_SIZE];	/* mask of the bits that the guest may change */
	int vector[PCI_MAX_VECTORS];	/* eventfds; -1: none */
	unsigned int nr_vectors;
	uint64_t raised;		/* interrupts sent */
	uint64_t lost;			/* interrupts whose vector has no eventfd */
};

void pci_init(struct pci *pci, const struct pci_function *function);
void pci_release(struct pci *pci);
void pci_reset(struct pci *pci);	/* clears what the guest wrote; eventfds stay */

/* Return: 0, or -EINVAL if the access reaches beyond config space. */
int pci_cfg_read(const struct pci *pci, uint64_t off, void *buf, uint32_t len);
int pci_cfg_write(struct pci *pci, uint64_t off, const void *buf, uint32_t len);

bool pci_bus_master(const struct pci *pci);	/* is PCI_COMMAND_MASTER set? */

/*
 * vfu_ops.irq_count and vfu_ops.irq_set. VFIO's irq index 2 is MSI-X; the device has no
 * vectors of any other index.
 */
unsigned int pci_irq_count(const struct pci *pci, unsigned int index);
int pci_irq_set(struct pci *pci, unsigned int index, unsigned int start,
		unsigned int count, const int *fds);

/* Send MSI-X vector @vec. Called with the gate held. */
void pci_raise(struct pci *pci, unsigned int vec);

#endif /* VNIC_BUS_PCI_H */
