// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Opening a device through its VFIO group and a type 1 container, which every
 * kernel supports. Nothing is mapped in the container at first, because the device itself
 * needs no DMA: its BAR is the target of the NIC's DMA.
 *
 * The kernel allows only one open file per group, so the devices of one group that
 * this process opens share that file.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "machine/error.h"
#include "machine/node.h"
#include "machine/sys.h"
#include "type1.h"
#include "uapi.h"

struct pb_group {
	struct pb_group *next;
	int number;
	unsigned int users;
	int fd;
	struct pb_type1 space;		/* with the container's descriptor */
};

static struct pb_group *groups;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int pb_group_in_use(int number, const char *holder)
{
	return pb_fail(EBUSY, "IOMMU group %d is in use by %s: end that first", number, holder);
}

static int busy(int number)
{
	struct pb_node node = pb_node_group(number);
	char holder[PB_NAME_SIZE * 2];

	if (!pb_holder(node.path, holder, sizeof(holder)))
		snprintf(holder, sizeof(holder), "another process, or this one without libpeerbar");
	return pb_group_in_use(number, holder);
}

/*
 * There is no group node. The kernel makes none if it was built without CONFIG_VFIO_GROUP, and a
 * container may have been given the nodes of iommufd only.
 */
static int no_group(const struct peerbar_device *dev, const struct pb_node *group)
{
	struct pb_node iommufd = pb_node_iommufd(), device;
	bool has_device = pb_node_device(dev->address, &device) && pb_node_known(&iommufd);
	int ret;

	if (pb_node_known(group) && (!has_device || !pb_exists("%s", device.path)))
		return pb_node_fail(group, ENOENT);
	if (!has_device)
		return pb_fail(ENOTSUP, "this kernel offers no VFIO, there is no %s: load "
			       "vfio-pci, or build CONFIG_VFIO_PCI with CONFIG_VFIO_GROUP or "
			       "CONFIG_IOMMUFD", group->path);
	ret = pb_node_check(&iommufd);
	if (ret)
		return pb_node_fail(&iommufd, -ret);
	ret = pb_node_check(&device);
	return ret ? pb_node_fail(&device, -ret) :
		     pb_fail(EAGAIN, "%s did not open: try again", device.path);
}

static int cannot_open(const struct peerbar_device *dev, int number, int err)
{
	struct pb_node node = pb_node_group(number);

	switch (err) {
	case EBUSY:
		return busy(number);
	case ENOENT:
		return no_group(dev, &node);
	default:
		return pb_node_fail(&node, err);
	}
}

int pb_not_viable(int number)
{
	char address[PB_ADDRESS_SIZE], driver[PB_NAME_SIZE];

	if (pb_group_blocker(number, address, driver))
		return pb_fail(EPERM, "IOMMU group %d is not viable: its device %s is bound to "
			       "%s; unbind that one, or bind it to a VFIO driver too",
			       number, address, driver);
	return pb_fail(EPERM, "IOMMU group %d is not viable, although none of its devices is "
		       "bound to a foreign driver: the kernel's log says more", number);
}

int pb_unsafe_interrupts(int number, const char *module)
{
	return pb_fail(EPERM, "the kernel refuses IOMMU group %d, as its interrupts cannot be "
		       "remapped: turn interrupt remapping on, or load %s with "
		       "allow_unsafe_interrupts=1", number, module);
}

static int check_viable(struct pb_group *group)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };

	if (pb_ioctl(group->fd, VFIO_GROUP_GET_STATUS, &status))
		return pb_fail(errno, "/dev/vfio/%d does not answer as a VFIO group: %s: %s",
			       group->number, strerror(errno), pb_next_step(errno));
	return status.flags & VFIO_GROUP_FLAGS_VIABLE ? 0 : pb_not_viable(group->number);
}

static int open_container(struct pb_group *group)
{
	struct pb_node node = pb_node_container();

	group->space.container = pb_open(O_RDWR, "%s", node.path);
	if (group->space.container == -ENOENT && !pb_node_known(&node))
		return pb_fail(ENOTSUP, "this kernel offers no VFIO container, there is no %s: "
			       "load vfio, or build CONFIG_VFIO_CONTAINER", node.path);
	if (group->space.container < 0)
		return pb_node_fail(&node, -group->space.container);
	if (pb_ioctl(group->space.container, VFIO_CHECK_EXTENSION, (void *)VFIO_TYPE1v2_IOMMU) == 1)
		return 0;
	return pb_fail(ENOTSUP, "VFIO has no type 1 IOMMU: load vfio_iommu_type1");
}

static int join_container(struct pb_group *group)
{
	if (pb_ioctl(group->fd, VFIO_GROUP_SET_CONTAINER, &group->space.container)) {
		/* A driver may have been bound since check_viable(). */
		if (errno == EPERM || errno == EBUSY)
			return pb_not_viable(group->number);
		return pb_fail(errno, "cannot add IOMMU group %d to a VFIO container: %s: %s",
			       group->number, strerror(errno), pb_next_step(errno));
	}
	if (!pb_ioctl(group->space.container, VFIO_SET_IOMMU, (void *)VFIO_TYPE1v2_IOMMU))
		return 0;
	if (errno == EPERM)
		return pb_unsafe_interrupts(group->number, "vfio_iommu_type1");
	return pb_fail(errno, "cannot set up the IOMMU for group %d: %s: %s", group->number,
		       strerror(errno), pb_next_step(errno));
}

static int setup(struct pb_group *group, const struct peerbar_device *dev)
{
	int ret;

	group->fd = pb_open(O_RDWR, "/dev/vfio/%d", group->number);
	if (group->fd < 0)
		return cannot_open(dev, group->number, -group->fd);
	ret = check_viable(group);
	if (!ret)
		ret = open_container(group);
	if (!ret)
		ret = join_container(group);
	return ret;
}

/* The order matters: closing the group takes it out of the container. */
static void close_both(struct pb_group *group)
{
	pb_close_fd(&group->fd);
	pb_close_fd(&group->space.container);
}

static void teardown(struct pb_group *group)
{
	close_both(group);
	pb_type1_free(&group->space);
	free(group);
}

/* The child's devices still point to their groups, which are in no list from then on. */
void pb_group_fork(enum pb_fork stage)
{
	struct pb_group *group;

	for (group = groups; stage == PB_FORK_CHILD && group; group = group->next)
		close_both(group);
	if (stage == PB_FORK_CHILD)
		groups = NULL;
	pb_fork_lock(&lock, stage);
}

static struct pb_group *find(int number)
{
	struct pb_group *group = groups;

	while (group && group->number != number)
		group = group->next;
	return group;
}

static int get(struct peerbar_device *dev, int number)
{
	struct pb_group *group = find(number);
	int ret;

	if (group) {
		group->users++;
		dev->group = group;
		return 0;
	}
	group = calloc(1, sizeof(*group));
	if (!group)
		return pb_fail(ENOMEM, "out of memory");
	group->number = number;
	group->users = 1;
	group->fd = -1;
	group->space.container = -1;
	pthread_mutex_init(&group->space.lock, NULL);
	ret = setup(group, dev);
	if (ret) {
		teardown(group);
		return ret;
	}
	group->next = groups;
	groups = group;
	dev->group = group;
	return 0;
}

int pb_group_open(struct peerbar_device *dev, int number)
{
	int ret;

	pthread_mutex_lock(&lock);
	ret = get(dev, number);
	pthread_mutex_unlock(&lock);
	if (ret)
		return ret;
	dev->backend = "group";
	ret = pb_above_standard(pb_ioctl(dev->group->fd, VFIO_GROUP_GET_DEVICE_FD, dev->address));
	if (ret < 0)
		return pb_fail(-ret, "the VFIO driver cannot open %s: %s: %s", dev->address,
			       strerror(-ret), pb_next_step(-ret));
	dev->fd = ret;
	return 0;
}

void pb_group_close(struct pb_group *group)
{
	struct pb_group **link;

	pthread_mutex_lock(&lock);
	if (!--group->users) {
		for (link = &groups; *link && *link != group; link = &(*link)->next)
			;
		if (*link)
			*link = group->next;
		teardown(group);
	}
	pthread_mutex_unlock(&lock);
}

struct pb_type1 *pb_group_space(struct pb_group *group)
{
	return &group->space;
}

int pb_groups_hold(const struct peerbar_device *dev, struct pb_group_hold *hold, unsigned int nr)
{
	struct pb_group *group;
	unsigned int i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < nr; i++) {
		group = find(hold[i].number);
		hold[i].opened = !group;
		hold[i].fd = group ? group->fd :
				     pb_open(O_RDWR, "/dev/vfio/%d", hold[i].number);
		if (hold[i].fd < 0)
			break;
	}
	if (i == nr)
		return 0;
	pb_groups_release(hold, i);
	return cannot_open(dev, hold[i].number, -hold[i].fd);
}

void pb_groups_release(struct pb_group_hold *hold, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (hold[i].opened)
			close(hold[i].fd);
	pthread_mutex_unlock(&lock);
}

int pb_group_idle(int number)
{
	int fd = pb_open(O_RDWR, "/dev/vfio/%d", number);

	if (fd == -EBUSY)
		return busy(number);
	if (fd >= 0)
		close(fd);
	return 0;
}
