// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Opening a device through its own node and iommufd, where the kernel has both.
 * The device is bound to the iommufd but not attached to an address space: binding
 * is enough to access BARs and config space, and the device does no DMA.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "machine/error.h"
#include "machine/node.h"
#include "machine/sys.h"
#include "uapi.h"

/*
 * The kernel returns EINVAL if the device itself is open already, because it can be bound
 * only once. It returns EBUSY if the group or another device of it is open, or if a device
 * of the group is bound to a driver that is not VFIO's.
 */
static int why_not(struct peerbar_device *dev, const struct pb_node *node, int err)
{
	char address[PB_ADDRESS_SIZE], driver[PB_NAME_SIZE], holder[PB_NAME_SIZE * 2];
	int group = pb_pci_group(dev->address);

	if (err == EPERM)
		return pb_unsafe_interrupts(group, "iommufd");
	if (err != EBUSY && err != EINVAL)
		return pb_fail(err, "cannot bind %s to iommufd: %s: %s", dev->address,
			       strerror(err), pb_next_step(err));
	if (pb_group_blocker(group, address, driver))
		return pb_not_viable(group);
	if (!pb_holder(node->path, holder, sizeof(holder)))
		snprintf(holder, sizeof(holder), "another process");
	return pb_fail(EBUSY, "%s is in use by %s: end that first", dev->address, holder);
}

static int bind_device(struct peerbar_device *dev, const struct pb_node *node)
{
	struct vfio_device_bind_iommufd arg = { .argsz = sizeof(arg), .iommufd = dev->iommufd };

	if (pb_ioctl(dev->fd, VFIO_DEVICE_BIND_IOMMUFD, &arg))
		return why_not(dev, node, errno);
	return 0;
}

int pb_iommufd_open(struct peerbar_device *dev)
{
	struct pb_node iommufd = pb_node_iommufd(), node;

	if (!pb_node_device(dev->address, &node))
		return -ENOENT;
	dev->iommufd = pb_open(O_RDWR, "%s", iommufd.path);
	if (dev->iommufd < 0)
		return -ENOENT;
	dev->fd = pb_open(O_RDWR, "%s", node.path);
	if (dev->fd < 0) {
		pb_close_fd(&dev->iommufd);
		return -ENOENT;
	}
	dev->backend = "iommufd";
	return bind_device(dev, &node);
}
