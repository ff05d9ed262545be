// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Config space and MSI-X of the function: see pci.h.
 *
 * Config space is a byte image and a mask of the bits that the guest may change. QEMU
 * itself emulates much of what the guest sees (BARs, MSI-X table, interrupt routing)
 * and forwards the rest to us.
 */
#include "pci.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#define CAP_PM		0x40u
#define CAP_MSIX	0x50u
#define CAP_EXP		0x60u

static void put16(uint8_t *image, unsigned int off, uint16_t value)
{
	image[off] = (uint8_t)value;
	image[off + 1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *image, unsigned int off, uint32_t value)
{
	put16(image, off, (uint16_t)value);
	put16(image, off + 2, (uint16_t)(value >> 16));
}

static uint16_t get16(const uint8_t *image, unsigned int off)
{
	return (uint16_t)(image[off] | image[off + 1] << 8);
}

static void init_header(struct pci *pci, const struct pci_id *id)
{
	put16(pci->cfg, PCI_VENDOR_ID, id->vendor);
	put16(pci->cfg, PCI_DEVICE_ID, id->device);
	put16(pci->cfg, PCI_SUBSYSTEM_VENDOR_ID, id->subvendor);
	put16(pci->cfg, PCI_SUBSYSTEM_ID, id->subdevice);
	put32(pci->cfg, PCI_CLASS_REVISION, id->class_code << 8 | id->revision);
	put16(pci->cfg, PCI_STATUS, PCI_STATUS_CAP_LIST);
	pci->cfg[PCI_CAPABILITY_LIST] = CAP_PM;

	put16(pci->writable, PCI_COMMAND,
	      PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
	      PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE);
	pci->writable[PCI_CACHE_LINE_SIZE] = 0xff;
	pci->writable[PCI_INTERRUPT_LINE] = 0xff;
}

/* The guest finds a BAR's size by writing ones: the low bits that stay 0 are the size. */
static void init_bars(struct pci *pci, const struct pci_bar bars[PCI_BARS])
{
	for (unsigned int i = 0; i < PCI_BARS; i++) {
		unsigned int off = PCI_BASE_ADDRESS_0 + 4 * i;
		uint64_t mask = ~(bars[i].size - 1);

		if (!bars[i].size)
			continue;
		put32(pci->writable, off, (uint32_t)mask & (uint32_t)PCI_BASE_ADDRESS_MEM_MASK);
		if (bars[i].is64)
			put32(pci->writable, off + 4, (uint32_t)(mask >> 32));
		put32(pci->cfg, off,
		      (bars[i].is64 ? PCI_BASE_ADDRESS_MEM_TYPE_64 : 0) |
		      (bars[i].prefetch ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0));
	}
}

static void init_cap(struct pci *pci, unsigned int off, uint8_t id, uint8_t next)
{
	pci->cfg[off + PCI_CAP_LIST_ID] = id;
	pci->cfg[off + PCI_CAP_LIST_NEXT] = next;
}

/* The power state has no effect but that it reads back: D3hot does not reset the device. */
static void init_pm(struct pci *pci)
{
	init_cap(pci, CAP_PM, PCI_CAP_ID_PM, CAP_MSIX);
	put16(pci->cfg, CAP_PM + PCI_PM_PMC, 3);	/* version 1.2 */
	put16(pci->cfg, CAP_PM + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
	put16(pci->writable, CAP_PM + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);
}

static void init_msix(struct pci *pci, const struct pci_msix *msix)
{
	init_cap(pci, CAP_MSIX, PCI_CAP_ID_MSIX, CAP_EXP);
	put16(pci->cfg, CAP_MSIX + PCI_MSIX_FLAGS, (uint16_t)(msix->vectors - 1));
	put32(pci->cfg, CAP_MSIX + PCI_MSIX_TABLE, msix->table | msix->bar);
	put32(pci->cfg, CAP_MSIX + PCI_MSIX_PBA, msix->pba | msix->bar);
	put16(pci->writable, CAP_MSIX + PCI_MSIX_FLAGS,
	      PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
}

/* An endpoint without function-level reset, on a link of 8 GT/s and 16 lanes. */
static void init_express(struct pci *pci)
{
	const uint16_t link = PCI_EXP_LNKSTA_CLS_8_0GB | 16 << PCI_EXP_LNKSTA_NLW_SHIFT;

	init_cap(pci, CAP_EXP, PCI_CAP_ID_EXP, 0);
	put16(pci->cfg, CAP_EXP + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_ENDPOINT << 4);
	put32(pci->cfg, CAP_EXP + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_RBER);
	put32(pci->cfg, CAP_EXP + PCI_EXP_LNKCAP, link);
	put16(pci->cfg, CAP_EXP + PCI_EXP_LNKSTA, link);
	put32(pci->cfg, CAP_EXP + PCI_EXP_LNKCAP2,
	      PCI_EXP_LNKCAP2_SLS_2_5GB | PCI_EXP_LNKCAP2_SLS_5_0GB |
	      PCI_EXP_LNKCAP2_SLS_8_0GB);
	put16(pci->writable, CAP_EXP + PCI_EXP_DEVCTL,
	      (uint16_t)~PCI_EXP_DEVCTL_BCR_FLR);
	put16(pci->writable, CAP_EXP + PCI_EXP_LNKCTL,
	      PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_RCB | PCI_EXP_LNKCTL_CCC |
	      PCI_EXP_LNKCTL_ES);
}

void pci_init(struct pci *pci, const struct pci_function *function)
{
	memset(pci, 0, sizeof(*pci));
	pci->nr_vectors = function->msix.vectors;
	for (unsigned int i = 0; i < PCI_MAX_VECTORS; i++)
		pci->vector[i] = -1;
	init_header(pci, &function->id);
	init_bars(pci, function->bar);
	init_pm(pci);
	init_msix(pci, &function->msix);
	init_express(pci);
}

static void set_vector(struct pci *pci, unsigned int vec, int fd)
{
	if (pci->vector[vec] >= 0)
		close(pci->vector[vec]);
	pci->vector[vec] = fd;
}

void pci_release(struct pci *pci)
{
	for (unsigned int i = 0; i < pci->nr_vectors; i++)
		set_vector(pci, i, -1);
}

/* Every bit that the guest can set is 0 after a reset. */
void pci_reset(struct pci *pci)
{
	for (unsigned int i = 0; i < PCI_CFG_SIZE; i++)
		pci->cfg[i] &= (uint8_t)~pci->writable[i];
}

static bool inside(uint64_t off, uint32_t len)
{
	return off <= PCI_CFG_SIZE && len <= PCI_CFG_SIZE - off;
}

int pci_cfg_read(const struct pci *pci, uint64_t off, void *buf, uint32_t len)
{
	if (!inside(off, len))
		return -EINVAL;
	memcpy(buf, pci->cfg + off, len);
	return 0;
}

int pci_cfg_write(struct pci *pci, uint64_t off, const void *buf, uint32_t len)
{
	uint8_t *state = &pci->cfg[CAP_PM + PCI_PM_CTRL];
	const uint8_t *byte = buf, old = *state;

	if (!inside(off, len))
		return -EINVAL;
	for (uint32_t i = 0; i < len; i++) {
		uint8_t mask = pci->writable[off + i];

		pci->cfg[off + i] = (uint8_t)((pci->cfg[off + i] & ~mask) | (byte[i] & mask));
	}
	/* D1 (1) and D2 (2) are not supported: a write of either leaves the state as it was. */
	if ((*state & PCI_PM_CTRL_STATE_MASK) % 3)
		*state = old;
	return 0;
}

bool pci_bus_master(const struct pci *pci)
{
	return get16(pci->cfg, PCI_COMMAND) & PCI_COMMAND_MASTER;
}

unsigned int pci_irq_count(const struct pci *pci, unsigned int index)
{
	return index == VFIO_PCI_MSIX_IRQ_INDEX ? pci->nr_vectors : 0;
}

int pci_irq_set(struct pci *pci, unsigned int index, unsigned int start,
		unsigned int count, const int *fds)
{
	unsigned int vectors = pci_irq_count(pci, index);

	if (!count) {
		for (unsigned int i = 0; i < vectors; i++)
			set_vector(pci, i, -1);
		return 0;
	}
	if (start > vectors || count > vectors - start) {
		for (unsigned int i = 0; i < count; i++)
			if (fds[i] >= 0)
				close(fds[i]);
		return -EINVAL;
	}
	for (unsigned int i = 0; i < count; i++)
		set_vector(pci, start + i, fds[i]);
	return 0;
}

void pci_raise(struct pci *pci, unsigned int vec)
{
	const uint64_t one = 1;

	if (vec < pci->nr_vectors && pci->vector[vec] >= 0 &&
	    write(pci->vector[vec], &one, sizeof(one)) == sizeof(one))
		pci->raised++;
	else
		pci->lost++;
}
