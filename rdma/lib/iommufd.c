// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Opening a device through its own node and iommufd, where the kernel has both.
 * The device is bound to the iommufd but not attached to an address space: binding
 * is enough to access BARs and config space, and the device does no DMA.
 *
 * All devices of this process are bound to one iommufd, of which each has a descriptor of its own:
 * the kernel gives all devices of a group to one, and resets together only what one has.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "machine/error.h"
#include "machine/node.h"
#include "machine/sys.h"
#include "uapi.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int common = -1;		/* the descriptor that the devices' ones are copies of */
static unsigned int users;	/* how many copies there are */

/* Return: a copy, or -1. */
static int get_iommufd(const char *path)
{
	int fd = -1;

	pthread_mutex_lock(&lock);
	if (!users)
		common = pb_open(O_RDWR, "%s", path);
	if (common >= 0)
		fd = fcntl(common, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (fd >= 0)
		users++;
	else if (!users)
		pb_close_fd(&common);
	pthread_mutex_unlock(&lock);
	return fd;
}

/* What the device had in its address space goes with it; the kernel keeps it for the others. */
static void destroy_space(const struct peerbar_device *dev)
{
	struct iommu_destroy arg = { .size = sizeof(arg), .id = dev->ioas };

	if (dev->ioas)
		pb_ioctl(dev->iommufd, IOMMU_DESTROY, &arg);
}

void pb_iommufd_close(struct peerbar_device *dev)
{
	if (dev->iommufd < 0)
		return;
	destroy_space(dev);
	pb_close_fd(&dev->iommufd);
	pthread_mutex_lock(&lock);
	if (!--users)
		pb_close_fd(&common);
	pthread_mutex_unlock(&lock);
}

void pb_iommufd_fork(enum pb_fork stage)
{
	if (stage == PB_FORK_CHILD) {
		pb_close_fd(&common);
		users = 0;
	}
	pb_fork_lock(&lock, stage);
}

/* Has another process bound a device of the group? */
static bool find_holder(int group, char *holder, size_t size)
{
	PB_NAMES members = pb_list("/sys/kernel/iommu_groups/%d/devices", group);
	struct pb_node node;

	for (int i = 0; i < members.nr; i++)
		if (pb_node_device(pb_name(&members, i), &node) &&
		    pb_holder(node.path, holder, size))
			return true;
	return false;
}

/*
 * The kernel returns EPERM if another iommufd has a device of the group, or if interrupts cannot
 * be remapped. It returns EINVAL if the device itself is open already, because it can be bound
 * only once. It returns EBUSY if the group or another device of it is open, or if a device
 * of the group is bound to a driver that is not VFIO's.
 */
static int why_not(struct peerbar_device *dev, const struct pb_node *node, int err)
{
	char address[PB_ADDRESS_SIZE], driver[PB_NAME_SIZE], holder[PB_NAME_SIZE * 2];
	int group = pb_pci_group(dev->address);

	if (err == EPERM && find_holder(group, holder, sizeof(holder)))
		return pb_group_in_use(group, holder);
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
	dev->iommufd = get_iommufd(iommufd.path);
	if (dev->iommufd < 0)
		return -ENOENT;
	dev->fd = pb_open(O_RDWR, "%s", node.path);
	if (dev->fd < 0) {
		pb_iommufd_close(dev);
		return -ENOENT;
	}
	dev->backend = "iommufd";
	return bind_device(dev, &node);
}
