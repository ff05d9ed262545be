// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Triggers that the owner of a device has beyond libpeerbar: writes to configuration
 * space, hot reset, low power. They use the library's own descriptors.
 */
#include <errno.h>

#include <linux/pci_regs.h>

#include "device.h"
#include "pci.h"
#include "trigger_priv.h"
#include "vfio.h"

/* The position of the capability, or 0 if not all bits of @mask at @offset are set in it. */
static unsigned int capability_with(struct rig *rig, uint8_t id, unsigned int offset,
				    unsigned int size, uint32_t mask)
{
	unsigned int pos = vfio_capability(rig->dev->fd, id);

	if (!pos || (vfio_config_read(rig->dev->fd, pos + offset, size) & mask) != mask)
		return 0;
	return pos;
}

static unsigned int express(struct rig *rig)
{
	return capability_with(rig, PCI_CAP_ID_EXP, PCI_EXP_DEVCAP, 4, PCI_EXP_DEVCAP_FLR);
}

static const char *no_flr(struct rig *rig)
{
	return express(rig) ? NULL : "the device has no function level reset";
}

static int flr(struct rig *rig)
{
	unsigned int pos = express(rig) + PCI_EXP_DEVCTL;
	uint32_t value = vfio_config_read(rig->dev->fd, pos, 2);

	vfio_config_write(rig->dev->fd, pos, 2, value | PCI_EXP_DEVCTL_BCR_FLR);
	return 0;
}

const struct trigger_kind trigger_flr = {
	.name = "FLR", .why_not = no_flr, .pull = flr, .usable = true, .back = true,
};

static unsigned int advanced_features(struct rig *rig)
{
	return capability_with(rig, PCI_CAP_ID_AF, PCI_AF_CAP, 1,
			       PCI_AF_CAP_FLR | PCI_AF_CAP_TP);
}

static const char *no_af_flr(struct rig *rig)
{
	return advanced_features(rig) ? NULL : "the device has no Advanced Features FLR";
}

static int af_flr(struct rig *rig)
{
	vfio_config_write(rig->dev->fd, advanced_features(rig) + PCI_AF_CTRL, 1,
			  PCI_AF_CTRL_FLR);
	return 0;
}

const struct trigger_kind trigger_af_flr = {
	.name = "AF-FLR", .why_not = no_af_flr, .pull = af_flr, .usable = true, .back = true,
};

static int hot_reset(struct rig *rig)
{
	return peerbar_hot_reset(rig->dev);
}

const struct trigger_kind trigger_hot_reset = {
	.name = "hot reset", .pull = hot_reset, .usable = true, .back = true,
};

static bool find_sibling(char *sibling, size_t size)
{
	char driver[64];

	return !pci_driver(rig_gpu(), driver, sizeof(driver)) &&
	       pci_sibling(rig_gpu(), driver, sibling, size);
}

static const char *no_sibling(struct rig *rig)
{
	char sibling[32];

	(void)rig;
	return find_sibling(sibling, sizeof(sibling)) ? NULL :
	       "the slot has no other function with the same driver";
}

/* Both functions are in one group, which this process has open already. */
static int sibling_reset(struct rig *rig)
{
	struct peerbar_device *other;
	char sibling[32];
	int ret;

	(void)rig;
	if (!find_sibling(sibling, sizeof(sibling)))
		return -ENODEV;
	ret = peerbar_open(sibling, &other);
	if (ret)
		return ret;
	ret = peerbar_hot_reset(other);
	peerbar_close(other);
	return ret;
}

const struct trigger_kind trigger_sibling = {
	.name = "hot reset through a sibling", .why_not = no_sibling, .pull = sibling_reset,
	.usable = true, .back = true,
};

static const char *no_power_management(struct rig *rig)
{
	return vfio_capability(rig->dev->fd, PCI_CAP_ID_PM) ? NULL :
	       "the device has no power management capability";
}

static void set_power(struct rig *rig, uint32_t state)
{
	unsigned int pos = vfio_capability(rig->dev->fd, PCI_CAP_ID_PM) + PCI_PM_CTRL;
	uint32_t value = vfio_config_read(rig->dev->fd, pos, 2);

	value &= ~(uint32_t)PCI_PM_CTRL_STATE_MASK;
	vfio_config_write(rig->dev->fd, pos, 2, value | state);
}

static int enter_d3hot(struct rig *rig)
{
	set_power(rig, 3);
	return 0;
}

static int leave_d3hot(struct rig *rig)
{
	set_power(rig, 0);
	return 0;
}

const struct trigger_kind trigger_d3hot = {
	.name = "D3hot", .why_not = no_power_management, .pull = enter_d3hot,
	.recover = leave_d3hot, .back = true,
};

static int enter_low_power(struct rig *rig)
{
	return vfio_feature_set(rig->dev->fd, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY);
}

static int leave_low_power(struct rig *rig)
{
	return vfio_feature_set(rig->dev->fd, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT);
}

const struct trigger_kind trigger_low_power = {
	.name = "low power", .pull = enter_low_power, .recover = leave_low_power, .back = true,
};
