// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* VFIO without libpeerbar; see vfio.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "tap.h"
#include "vfio.h"

void vfio_group_node(const char *address, char *node)
{
	char path[96], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", address);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		tap_die("VFIO", "%s: %s", path, strerror(errno));
	target[n] = '\0';
	snprintf(node, VFIO_NODE_SIZE, "/dev/vfio/%s", strrchr(target, '/') + 1);
}

void vfio_open_group(struct vfio *vfio, const char *address)
{
	char node[VFIO_NODE_SIZE];

	vfio_group_node(address, node);
	vfio->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	vfio->group = open(node, O_RDWR | O_CLOEXEC);
	if (vfio->container < 0 || vfio->group < 0)
		tap_die("VFIO", "cannot open %s: %s", node, strerror(errno));
	if (ioctl(vfio->group, VFIO_GROUP_SET_CONTAINER, &vfio->container) ||
	    ioctl(vfio->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		tap_die("VFIO", "cannot set the group up: %s", strerror(errno));
	vfio->fd = -1;
}

int vfio_open_device(struct vfio *vfio, const char *name)
{
	vfio->fd = ioctl(vfio->group, VFIO_GROUP_GET_DEVICE_FD, name);
	if (vfio->fd < 0)
		return -errno;
	vfio_config_write(vfio->fd, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	return 0;
}

void vfio_open(struct vfio *vfio, const char *address)
{
	int ret;

	vfio_open_group(vfio, address);
	ret = vfio_open_device(vfio, address);
	if (ret)
		tap_die("VFIO", "cannot open %s: %s", address, strerror(-ret));
}

void vfio_close(struct vfio *vfio)
{
	close(vfio->fd);
	close(vfio->group);
	close(vfio->container);
}

static struct vfio_region_info region(int fd, unsigned int index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		tap_die("VFIO", "region %u: %s", index, strerror(errno));
	return info;
}

uint64_t vfio_region_size(int fd, unsigned int index)
{
	return region(fd, index).size;
}

static off_t region_at(int fd, unsigned int index, unsigned int pos)
{
	return (off_t)(region(fd, index).offset + pos);
}

/* No byte swapping: the guest is little-endian, like PCI. */
uint32_t vfio_read(int fd, unsigned int index, unsigned int pos, unsigned int size)
{
	uint32_t value = 0;

	if (pread(fd, &value, size, region_at(fd, index, pos)) != (ssize_t)size)
		tap_die("VFIO", "cannot read region %u at %#x", index, pos);
	return value;
}

void vfio_write_from(int fd, unsigned int index, unsigned int pos, unsigned int size,
		     const void *bytes)
{
	if (pwrite(fd, bytes, size, region_at(fd, index, pos)) != (ssize_t)size)
		tap_die("VFIO", "cannot write region %u at %#x", index, pos);
}

void vfio_write(int fd, unsigned int index, unsigned int pos, unsigned int size,
		uint32_t value)
{
	vfio_write_from(fd, index, pos, size, &value);
}

uint32_t vfio_config_read(int fd, unsigned int pos, unsigned int size)
{
	return vfio_read(fd, VFIO_PCI_CONFIG_REGION_INDEX, pos, size);
}

void vfio_config_write(int fd, unsigned int pos, unsigned int size, uint32_t value)
{
	vfio_write(fd, VFIO_PCI_CONFIG_REGION_INDEX, pos, size, value);
}

unsigned int vfio_capability(int fd, uint8_t id)
{
	unsigned int pos;

	if (!(vfio_config_read(fd, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST))
		return 0;
	for (pos = vfio_config_read(fd, PCI_CAPABILITY_LIST, 1); pos;
	     pos = vfio_config_read(fd, pos + PCI_CAP_LIST_NEXT, 1))
		if (vfio_config_read(fd, pos, 1) == id)
			return pos;
	return 0;
}

int vfio_feature_set(int fd, uint32_t feature)
{
	struct vfio_device_feature arg = {
		.argsz = sizeof(arg), .flags = VFIO_DEVICE_FEATURE_SET | feature,
	};

	return ioctl(fd, VFIO_DEVICE_FEATURE, &arg) < 0 ? -errno : 0;
}

int vfio_eventfd(int fd, uint32_t index)
{
	size_t size = sizeof(struct vfio_irq_set) + sizeof(int32_t);
	struct vfio_irq_set *arg = calloc(1, size);
	int32_t event = eventfd(0, EFD_CLOEXEC);

	if (!arg || event < 0)
		tap_die("VFIO", "no eventfd: %s", strerror(errno));
	arg->argsz = (uint32_t)size;
	arg->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	arg->index = index;
	arg->count = 1;
	memcpy(arg->data, &event, sizeof(event));
	if (ioctl(fd, VFIO_DEVICE_SET_IRQS, arg))
		tap_die("VFIO", "interrupt %u takes no eventfd: %s", index, strerror(errno));
	free(arg);
	return event;
}

bool vfio_signalled(int eventfd, unsigned int timeout_ms)
{
	struct pollfd p = { .fd = eventfd, .events = POLLIN };

	return poll(&p, 1, (int)timeout_ms) == 1;
}

int vfio_set_token(int fd, const uint8_t *uuid)
{
	size_t size = sizeof(struct vfio_device_feature) + VFIO_TOKEN_SIZE;
	struct vfio_device_feature *arg = calloc(1, size);
	int ret;

	if (!arg)
		return -ENOMEM;
	arg->argsz = (uint32_t)size;
	arg->flags = VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_PCI_VF_TOKEN;
	memcpy(arg->data, uuid, VFIO_TOKEN_SIZE);
	ret = ioctl(fd, VFIO_DEVICE_FEATURE, arg) < 0 ? -errno : 0;
	free(arg);
	return ret;
}

int vfio_hot_reset(int fd, int group)
{
	size_t size = sizeof(struct vfio_pci_hot_reset) + sizeof(int32_t);
	struct vfio_pci_hot_reset *arg = calloc(1, size);
	int ret;

	if (!arg)
		return -ENOMEM;
	arg->argsz = (uint32_t)size;
	arg->count = 1;
	arg->group_fds[0] = group;
	ret = ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, arg) ? -errno : 0;
	free(arg);
	return ret;
}

/* The argument is allocated: struct vfio_dma_buf_call has room for VFIO_RANGES only. */
int vfio_export_ranges(int fd, uint32_t bar, const struct vfio_region_dma_range *range,
		       uint32_t nr, uint32_t open_flags)
{
	const size_t headers = offsetof(struct vfio_dma_buf_call, range);
	size_t size = headers + nr * sizeof(*range);
	struct vfio_dma_buf_call *arg = calloc(1, size > sizeof(*arg) ? size : sizeof(*arg));
	int ret;

	if (!arg)
		return -ENOMEM;
	arg->argsz = (uint32_t)size;
	arg->flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF;
	arg->region_index = bar;
	arg->open_flags = open_flags;
	arg->nr_ranges = nr;
	memcpy((uint8_t *)arg + headers, range, nr * sizeof(*range));
	ret = ioctl(fd, VFIO_DEVICE_FEATURE, arg);
	ret = ret < 0 ? -errno : ret;
	free(arg);
	return ret;
}

int vfio_export(int fd, uint32_t bar, uint64_t offset, uint64_t length, uint32_t open_flags)
{
	return vfio_export_ranges(fd, bar, &(struct vfio_region_dma_range){ offset, length }, 1,
				  open_flags);
}

void vfio_scatter(struct vfio_region_dma_range *range, unsigned int nr)
{
	const uint64_t page = 4096;

	for (unsigned int i = 0; i < nr; i++)
		range[i] = (struct vfio_region_dma_range){
			.offset = (nr - 1 - i) * 2 * page, .length = page,
		};
}

int vfio_map_dma(int container, void *mem, uint64_t iova, size_t length)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg), .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)mem, .iova = iova, .size = length,
	};

	return ioctl(container, VFIO_IOMMU_MAP_DMA, &arg) ? -errno : 0;
}

int vfio_find_group(const char *address)
{
	char node[VFIO_NODE_SIZE], target[VFIO_NODE_SIZE];
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int found = -1;
	ssize_t n;

	if (!dir)
		tap_die("VFIO", "cannot read /proc/self/fd");
	vfio_group_node(address, node);
	while (found < 0 && (entry = readdir(dir))) {
		n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		if (!strcmp(target, node))
			found = atoi(entry->d_name);
	}
	closedir(dir);
	return found;
}
