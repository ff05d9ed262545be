// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that takes a device only if it is told to (driver_override), and then refuses it, as
 * a VFIO variant driver refuses a device that it cannot serve. "peerbar dev bind" must bring the
 * device back to where it was.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/pci.h>

static unsigned int delay_ms;
module_param(delay_ms, uint, 0444);
MODULE_PARM_DESC(delay_ms, "How long it thinks about it");

static int refuse(struct pci_dev *pdev, const struct pci_device_id *id)
{
	msleep(delay_ms);
	return -EOPNOTSUPP;
}

static const struct pci_device_id ids[] = {
	{ PCI_DEVICE_DRIVER_OVERRIDE(PCI_ANY_ID, PCI_ANY_ID, PCI_ID_F_VFIO_DRIVER_OVERRIDE) },
	{}
};

static struct pci_driver refuse_driver = {
	.name = "peerbar-test-refuse-vfio",
	.id_table = ids,
	.probe = refuse,
};

module_pci_driver(refuse_driver);
MODULE_DESCRIPTION("Test driver that refuses every device");
MODULE_LICENSE("GPL");
