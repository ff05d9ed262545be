// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Opening and closing a device, resetting it, and switching its memory decode.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "device.h"
#include "machine/error.h"
#include "machine/sys.h"
#include "uapi.h"

static int check_driver(const char *address)
{
	char driver[PB_NAME_SIZE];

	if (pb_pci_is_vfio(address))
		return 0;
	pb_pci_driver(address, driver);
	if (!driver[0])
		return pb_fail(ENXIO, "no driver is bound to %s: \"peerbar dev bind %s\" gives "
			       "it to vfio-pci", address, address);
	return pb_fail(ENXIO, "%s is bound to %s, which is not a VFIO driver: stop its users, "
		       "then \"peerbar dev bind %s\"", address, driver, address);
}

static int find_group(const char *address)
{
	int group = pb_pci_group(address);

	if (group < 0)
		return pb_fail(ENXIO, "%s has no IOMMU group: turn the IOMMU on in the firmware "
			       "and boot with intel_iommu=on or amd_iommu=on", address);
	return group;
}

static int open_fd(struct peerbar_device *dev)
{
	int group = find_group(dev->address);
	int ret;

	/* No VFIO driver binds to a device without a group, so report the missing group first. */
	if (group < 0)
		return group;
	ret = check_driver(dev->address);
	if (ret)
		return ret;
	pb_fork_hold();
	pb_fork_watch(dev);
	ret = pb_iommufd_open(dev);
	if (ret == -ENOENT)
		ret = pb_group_open(dev, group);
	pb_fork_release();
	return ret;
}

static int read_config(struct peerbar_device *dev)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info), .index = VFIO_PCI_CONFIG_REGION_INDEX,
	};

	if (pb_ioctl(dev->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return pb_fail(errno, "%s: the driver does not describe the config space: %s: is "
			       "it a VFIO driver for PCI devices?", dev->address,
			       strerror(errno));
	dev->config_offset = info.offset;
	return 0;
}

int pb_change_command(struct peerbar_device *dev, uint16_t set, uint16_t clear)
{
	off_t where = dev->config_offset + PCI_COMMAND;
	uint16_t command;

	errno = EIO;	/* a short transfer does not set errno */
	if (pread(dev->fd, &command, sizeof(command), where) != sizeof(command))
		return pb_fail(errno, "%s: cannot read the PCI command register: %s: is the "
			       "device gone?", dev->address, strerror(errno));
	command = (command | set) & ~clear;
	if (pwrite(dev->fd, &command, sizeof(command), where) != sizeof(command))
		return pb_fail(errno, "%s: cannot write the PCI command register: %s: is the "
			       "device gone?", dev->address, strerror(errno));
	return 0;
}

int peerbar_open(const char *address, struct peerbar_device **out)
{
	struct peerbar_device *dev;
	unsigned int i;
	int ret;

	*out = NULL;
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return pb_fail(ENOMEM, "out of memory");
	dev->fd = -1;
	dev->iommufd = -1;
	for (i = 0; i < PB_NR_EVENTS; i++)
		dev->event[i] = -1;
	ret = pb_pci_parse(address, dev->address);
	if (!ret)
		ret = pb_pci_exists(dev->address);
	if (!ret)
		ret = open_fd(dev);
	if (!ret)
		ret = read_config(dev);
	if (!ret)
		ret = pb_change_command(dev, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
	if (!ret)
		ret = pb_bars_read(dev);
	if (ret)
		peerbar_close(dev);
	else
		*out = dev;
	return ret;
}

/*
 * A mapping holds a reference to the device's file. All mappings must be gone before the
 * close(), or the kernel would not release the device there.
 */
void peerbar_close(struct peerbar_device *dev)
{
	if (!dev)
		return;
	pb_fork_hold();
	pb_unmap_all(dev);
	pb_close_fd(&dev->fd);
	pb_iommufd_close(dev);
	if (dev->group)
		pb_group_close(dev->group);
	pb_events_close(dev);
	pb_fork_forget(dev);
	pb_fork_release();
	pb_bars_free(dev);
	free(dev);
}

const char *peerbar_address(const struct peerbar_device *dev)
{
	return dev->address;
}

const char *peerbar_backend(const struct peerbar_device *dev)
{
	return dev->backend;
}

int peerbar_set_memory(struct peerbar_device *dev, bool enable)
{
	int ret = pb_owned(dev);

	if (ret)
		return ret;
	if (enable)
		return pb_change_command(dev, PCI_COMMAND_MEMORY, 0);
	return pb_change_command(dev, 0, PCI_COMMAND_MEMORY);
}

int peerbar_reset(struct peerbar_device *dev)
{
	int ret = pb_owned(dev);

	if (ret)
		return ret;
	if (!pb_ioctl(dev->fd, VFIO_DEVICE_RESET, NULL))
		return pb_change_command(dev, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
	switch (errno) {
	case EINVAL:
	case ENOTTY:
		return pb_fail(ENOTSUP, "%s has no reset of its own: "
			       "/sys/bus/pci/devices/%s/reset_method is empty; "
			       "peerbar_hot_reset() resets its bus", dev->address, dev->address);
	case EAGAIN:
		return pb_fail(EAGAIN, "%s cannot be reset now, another reset of it or of its "
			       "bus is running: try again", dev->address);
	default:
		return pb_fail(errno, "%s: the reset failed: %s: the kernel's log says more",
			       dev->address, strerror(errno));
	}
}
