// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Resetting a device by its bus or slot, with all that is on it. The kernel wants proof that the
 * caller owns all of these devices: their groups' descriptors, or that they are bound to one
 * iommufd or share a group with a device that is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/pci_regs.h>

#include "device.h"
#include "machine/error.h"
#include "machine/sys.h"
#include "uapi.h"

/* The devices that are reset together. Return: to be freed, or NULL and errno. */
static struct vfio_pci_hot_reset_info *ask(int fd)
{
	struct vfio_pci_hot_reset_info *info = NULL, *larger;
	unsigned int room = 0;

	/* a device may come meanwhile, so that the second answer is too long as well */
	for (unsigned int tries = 0; tries < 8; tries++) {
		size_t size = sizeof(*info) + room * sizeof(info->devices[0]);

		larger = calloc(1, size);
		free(info);
		info = larger;
		if (!info)
			return NULL;
		info->argsz = (uint32_t)size;
		if (!pb_ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, info))
			return info;
		if (errno != ENOSPC)
			break;
		room = info->count;
	}
	free(info);
	return NULL;
}

static int cannot_ask(const struct peerbar_device *dev, int err)
{
	if (err == ENODEV)
		return pb_fail(ENOTSUP, "%s cannot be reset by its bus: it is on a root bus, or "
			       "the bridge above it forbids it", dev->address);
	if (err == EPERM)
		return pb_fail(EPERM, "a device that is reset with %s has no IOMMU group",
			       dev->address);
	return pb_fail(err, "the driver does not say what is reset with %s: %s: %s", dev->address,
		       strerror(err), pb_next_step(err));
}

static void name(const struct vfio_pci_dependent_device *other, char *address)
{
	snprintf(address, PB_ADDRESS_SIZE, "%04x:%02x:%02x.%x", other->segment, other->bus,
		 other->devfn >> 3, other->devfn & 7u);
}

/* The kernel says only that something is wrong with some of them. */
static int check_drivers(const struct peerbar_device *dev,
			 const struct vfio_pci_hot_reset_info *info)
{
	char address[PB_ADDRESS_SIZE];

	for (unsigned int i = 0; i < info->count; i++) {
		name(&info->devices[i], address);
		if (!pb_pci_is_vfio(address))
			return pb_fail(ENXIO, "%s is reset with %s and has no VFIO driver: stop "
				       "its users, then \"peerbar dev bind %s\"", address,
				       dev->address, address);
	}
	return 0;
}

static int reset(struct peerbar_device *dev, struct vfio_pci_hot_reset *arg)
{
	if (!pb_ioctl(dev->fd, VFIO_DEVICE_PCI_HOT_RESET, arg))
		return pb_change_command(dev, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
	if (errno == EAGAIN || errno == EBUSY)
		return pb_fail(EAGAIN, "the bus of %s cannot be reset now, another reset or "
			       "call is running on a device there: try again", dev->address);
	return pb_fail(errno, "the reset of the bus of %s failed: %s: the kernel's log says more",
		       dev->address, strerror(errno));
}

/* Return: how many groups there are. @hold has room for one for each device. */
static unsigned int list_groups(const struct vfio_pci_hot_reset_info *info,
				struct pb_group_hold *hold)
{
	unsigned int nr = 0, known;

	for (unsigned int i = 0; i < info->count; i++) {
		int number = (int)info->devices[i].group_id;

		for (known = 0; known < nr && hold[known].number != number; known++)
			;
		if (known == nr)
			hold[nr++].number = number;
	}
	return nr;
}

static int reset_held(struct peerbar_device *dev, const struct pb_group_hold *hold,
		      unsigned int nr)
{
	size_t size = sizeof(struct vfio_pci_hot_reset) + nr * sizeof(int32_t);
	struct vfio_pci_hot_reset *arg = calloc(1, size);
	int ret;

	if (!arg)
		return pb_fail(ENOMEM, "out of memory");
	arg->argsz = (uint32_t)size;
	arg->count = nr;
	for (unsigned int i = 0; i < nr; i++)
		arg->group_fds[i] = hold[i].fd;
	ret = reset(dev, arg);
	free(arg);
	return ret;
}

static int by_groups(struct peerbar_device *dev, const struct vfio_pci_hot_reset_info *info)
{
	struct pb_group_hold *hold = calloc(info->count, sizeof(*hold));
	unsigned int nr;
	int ret;

	if (!hold)
		return pb_fail(ENOMEM, "out of memory");
	nr = list_groups(info, hold);
	ret = pb_groups_hold(dev, hold, nr);
	if (!ret) {
		ret = reset_held(dev, hold, nr);
		pb_groups_release(hold, nr);
	}
	free(hold);
	return ret;
}

static int by_iommufd(struct peerbar_device *dev, const struct vfio_pci_hot_reset_info *info)
{
	struct vfio_pci_hot_reset arg = { .argsz = sizeof(arg) };
	char address[PB_ADDRESS_SIZE];

	/* in such an answer the group's number is an ID, or says that the device is not ours */
	for (unsigned int i = 0; i < info->count; i++) {
		if ((int)info->devices[i].group_id != VFIO_PCI_DEVID_NOT_OWNED)
			continue;
		name(&info->devices[i], address);
		return pb_fail(EPERM, "%s is reset with %s and is in another IOMMU group, of which "
			       "this process has no device: open it, too", address,
			       dev->address);
	}
	return reset(dev, &arg);
}

int peerbar_hot_reset(struct peerbar_device *dev)
{
	struct vfio_pci_hot_reset_info *info;
	int ret = pb_owned(dev);

	if (ret)
		return ret;
	info = ask(dev->fd);
	if (!info)
		return cannot_ask(dev, errno);
	ret = check_drivers(dev, info);
	if (!ret)
		ret = info->flags & VFIO_PCI_HOT_RESET_FLAG_DEV_ID ? by_iommufd(dev, info) :
								     by_groups(dev, info);
	free(info);
	return ret;
}
