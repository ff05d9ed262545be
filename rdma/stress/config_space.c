// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Function level reset, D3hot and low power, through VFIO; see config_space.h. */
#include <endian.h>
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "config_space.h"
#include "device.h"
#include "uapi.h"

#ifndef VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY	/* 6.1 */
#define VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY 3
#define VFIO_DEVICE_FEATURE_LOW_POWER_EXIT 5
#endif

static int get(struct peerbar_device *dev, unsigned int pos, uint16_t *value)
{
	ssize_t n = pread(dev->fd, value, sizeof(*value), (off_t)(dev->config_offset + pos));

	*value = le16toh(*value);
	return n == sizeof(*value) ? 0 : n < 0 ? -errno : -EIO;
}

static int put(struct peerbar_device *dev, unsigned int pos, uint16_t value)
{
	ssize_t n;

	value = htole16(value);
	n = pwrite(dev->fd, &value, sizeof(value), (off_t)(dev->config_offset + pos));
	return n == sizeof(value) ? 0 : n < 0 ? -errno : -EIO;
}

/* Return: the position of the capability @id, -ENOTSUP if there is none, or another errno. */
static int capability(struct peerbar_device *dev, uint8_t id)
{
	unsigned int pos, hops = 0;
	uint16_t value;
	int ret = get(dev, PCI_CAPABILITY_LIST, &value);

	for (pos = value & 0xfc; !ret && pos && hops < 48; pos = value >> 8 & 0xfc, hops++) {
		ret = get(dev, pos, &value);
		if (!ret && (value & 0xff) == id)
			return (int)pos;
	}
	return ret ? ret : -ENOTSUP;
}

/* Change the bits of @mask in the register at @offset of a capability. */
static int change(struct peerbar_device *dev, int cap, unsigned int offset, uint16_t mask,
		  uint16_t bits)
{
	unsigned int pos = (unsigned int)cap + offset;
	uint16_t value;
	int ret = get(dev, pos, &value);

	return ret ? ret : put(dev, pos, (uint16_t)((value & ~mask) | bits));
}

int config_flr(struct peerbar_device *dev)
{
	int cap = capability(dev, PCI_CAP_ID_EXP), ret;
	uint16_t high;

	if (cap < 0)
		return cap;
	ret = get(dev, (unsigned int)cap + PCI_EXP_DEVCAP + 2, &high);
	if (!ret && !((uint32_t)high << 16 & PCI_EXP_DEVCAP_FLR))
		ret = -ENOTSUP;
	return ret ? ret : change(dev, cap, PCI_EXP_DEVCTL, 0, PCI_EXP_DEVCTL_BCR_FLR);
}

static int set_power(struct peerbar_device *dev, uint16_t state)
{
	int cap = capability(dev, PCI_CAP_ID_PM);

	return cap < 0 ? cap : change(dev, cap, PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK, state);
}

int config_d3hot(struct peerbar_device *dev)
{
	return set_power(dev, 3);
}

int config_d0(struct peerbar_device *dev)
{
	return set_power(dev, 0);
}

static int feature(struct peerbar_device *dev, uint32_t number)
{
	struct vfio_device_feature arg = {
		.argsz = sizeof(arg), .flags = VFIO_DEVICE_FEATURE_SET | number,
	};

	if (!ioctl(dev->fd, VFIO_DEVICE_FEATURE, &arg))
		return 0;
	return errno == ENOTTY || errno == EOPNOTSUPP ? -ENOTSUP : -errno;
}

int vfio_low_power(struct peerbar_device *dev)
{
	return feature(dev, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY);
}

int vfio_full_power(struct peerbar_device *dev)
{
	return feature(dev, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT);
}
