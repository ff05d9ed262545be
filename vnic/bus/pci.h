/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The PCI function as the guest's bus code sees it: configuration space with
 * write masks (PCIe endpoint, MSI-X, power management), and the MSI-X vectors,
 * which QEMU hands over as eventfds.
 */
#ifndef VNIC_BUS_PCI_H
#define VNIC_BUS_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_CFG_SIZE	4096u
#define PCI_MAX_VECTORS	64u
#define PCI_BARS	6u

struct pci_bar {
	uint64_t size;		/* power of two, or 0 */
	bool is64, prefetch;
};

struct pci_id {
	uint16_t vendor, device, subvendor, subdevice;
	uint8_t revision;
	uint32_t class_code;	/* 24 bits */
};

struct pci_msix {
	unsigned int vectors;
	unsigned int bar;	/* holds table and PBA */
	uint32_t table, pba;	/* offsets */
};

struct pci_function {		/* what a model says of itself */
	struct pci_id id;
	struct pci_bar bar[PCI_BARS];
	struct pci_msix msix;
};

struct pci {
	uint8_t cfg[PCI_CFG_SIZE];
	uint8_t writable[PCI_CFG_SIZE];	/* bits that the guest may change */
	int vector[PCI_MAX_VECTORS];	/* eventfds, -1: none */
	unsigned int nr_vectors;
	uint64_t raised;		/* interrupts sent */
	uint64_t lost;			/* interrupts with no eventfd to send to */
};

void pci_init(struct pci *pci, const struct pci_function *function);
void pci_release(struct pci *pci);
void pci_reset(struct pci *pci);	/* clears what the guest set; eventfds stay */

/* Return 0, or -EINVAL when the access leaves configuration space. */
int pci_cfg_read(const struct pci *pci, uint64_t off, void *buf, uint32_t len);
int pci_cfg_write(struct pci *pci, uint64_t off, const void *buf, uint32_t len);

bool pci_bus_master(const struct pci *pci);	/* PCI_COMMAND.MASTER is set */

/* vfu_ops.irq_set for MSI-X (index 2); other indices are accepted and empty. */
unsigned int pci_irq_count(const struct pci *pci, unsigned int index);
int pci_irq_set(struct pci *pci, unsigned int index, unsigned int start,
		unsigned int count, const int *fds);

/* Send MSI-X vector @vec. Gate held. */
void pci_raise(struct pci *pci, unsigned int vec);

#endif /* VNIC_BUS_PCI_H */
