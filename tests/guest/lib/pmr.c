// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Enabling it takes one register; see pmr.h and the NVMe specification, "PMRCTL". */
#include <stdint.h>

#include <linux/pci_regs.h>

#include "device.h"
#include "pmr.h"
#include "tap.h"
#include "vfio.h"

#define CLASS_NVME 0x010802u
#define REGISTERS_BAR 0u
#define REGISTERS_SIZE 4096u
#define PMRCTL 0xe04u
#define PMRCTL_ENABLE 1u

void pmr_enable(struct peerbar_device *dev)
{
	uint8_t *registers;

	if (vfio_config_read(dev->fd, PCI_CLASS_REVISION, 4) >> 8 != CLASS_NVME)
		return;
	registers = peerbar_map(dev, REGISTERS_BAR, 0, REGISTERS_SIZE);
	if (!registers)
		tap_die("PMR", "%s", peerbar_errmsg());
	*(volatile uint32_t *)(registers + PMRCTL) = PMRCTL_ENABLE;
	if (peerbar_unmap(registers, REGISTERS_SIZE))
		tap_die("PMR", "%s", peerbar_errmsg());
}
