// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Steps that are calls of VFIO: opening, exports, resets, power, configuration space, regions. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "fuzz.h"
#include "lib/vfio.h"

#define PAGE 4096u
#define REGION_SHIFT 40	/* VFIO's own, and as good as part of its interface */

static off_t region_at(unsigned int index, uint64_t pos)
{
	return (off_t)(((uint64_t)index << REGION_SHIFT) + pos);
}

static void enable_memory(int device)
{
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	off_t at = region_at(VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND);

	if (device >= 0 && pwrite(device, &command, sizeof(command), at) < 0)
		return;
}

/* Opening: a group can be open once, so most of these fail, as they should. */

void fuzz_open_group(struct fuzz_world *w)
{
	char node[VFIO_NODE_SIZE];
	int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC), group;

	vfio_group_node(rig_gpu(), node);
	group = open(node, O_RDWR | O_CLOEXEC);
	if (group >= 0 && !ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	fuzz_put(w, FUZZ_OTHER, 0, container);
	fuzz_put(w, FUZZ_OTHER, 1, group);
}

static void open_device(struct fuzz_world *w, int group, unsigned int slot)
{
	int device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, rig_gpu());

	enable_memory(device);
	fuzz_put(w, FUZZ_DEVICE, slot, device);
}

void fuzz_open_by_group(struct fuzz_world *w)
{
	fuzz_open_group(w);
	open_device(w, w->fd[FUZZ_OTHER][1], 0);
}

/* A descriptor of /dev/vfio/devices/vfioN, which sysfs names; -1: there is none. */
static int open_node(void)
{
	char path[96];
	struct dirent *entry;
	DIR *dir;
	int fd = -1;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", rig_gpu());
	dir = opendir(path);
	if (!dir)
		return -1;
	while (fd < 0 && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/dev/vfio/devices/%.32s", entry->d_name);
		if (!strncmp(entry->d_name, "vfio", strlen("vfio")))
			fd = open(path, O_RDWR | O_CLOEXEC);
	}
	closedir(dir);
	return fd;
}

void fuzz_open_by_node(struct fuzz_world *w)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	int device = open_node(), iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	bind.iommufd = iommufd;
	ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind);
	enable_memory(device);
	fuzz_put(w, FUZZ_DEVICE, 0, device);
	fuzz_put(w, FUZZ_OTHER, 1, iommufd);
}

static void step_group(struct fuzz_world *w, const struct fuzz_step *s)
{
	(void)s;
	fuzz_open_group(w);
}

static void step_open(struct fuzz_world *w, const struct fuzz_step *s)
{
	open_device(w, fuzz_other_fd(w, s, FUZZ_OTHER), s->slot);
}

static void step_node(struct fuzz_world *w, const struct fuzz_step *s)
{
	(void)s;
	fuzz_open_by_node(w);
}

/* Exports */

/* @value in pages, unless the step wants the very number. */
static uint64_t place(const struct fuzz_step *s, uint64_t value)
{
	return s->flags & 0x80000000 ? s->value : value * PAGE;
}

static void step_export(struct fuzz_world *w, const struct fuzz_step *s)
{
	struct vfio_region_dma_range range[VFIO_RANGES];
	unsigned int nr = 1 + (s->flags >> 8) % VFIO_RANGES;

	for (unsigned int i = 0; i < nr; i++) {
		range[i].offset = place(s, (s->value >> (i * 16)) & 0x3ff);
		range[i].length = place(s, 1 + ((s->value >> (i * 16 + 10)) & 0x3f));
	}
	fuzz_put(w, FUZZ_DMABUF, s->slot,
		 vfio_export_ranges(fuzz_other_fd(w, s, FUZZ_DEVICE),
				    s->flags & 0x40 ? s->flags % 10 : rig_bar(), range, nr,
				    s->flags & 0x80 ? (uint32_t)s->value : O_RDWR | O_CLOEXEC));
}

/* Any feature, with headers as the step says and a payload that repeats its value. */
static void step_feature(struct fuzz_world *w, const struct fuzz_step *s)
{
	union {
		struct vfio_device_feature header;
		uint64_t words[16];
	} arg;
	int fd;

	for (unsigned int i = 0; i < 16; i++)
		arg.words[i] = s->value >> (i % 2 * 8);
	arg.header.argsz = s->flags & 0x80 ? (s->flags >> 8) & 0xff : sizeof(arg);
	arg.header.flags = (s->flags & 0x3f) | (s->flags & 0xff0000);
	fd = ioctl(fuzz_other_fd(w, s, FUZZ_DEVICE), VFIO_DEVICE_FEATURE, &arg);
	if (fd > 2)
		fuzz_put(w, FUZZ_DMABUF, s->slot, fd);
}

/* What takes access away */

static void step_reset(struct fuzz_world *w, const struct fuzz_step *s)
{
	ioctl(fuzz_fd(w, s, FUZZ_DEVICE), VFIO_DEVICE_RESET);
}

static void step_hot_reset(struct fuzz_world *w, const struct fuzz_step *s)
{
	vfio_hot_reset(fuzz_fd(w, s, FUZZ_DEVICE), fuzz_other_fd(w, s, FUZZ_OTHER));
}

static void write_config(struct fuzz_world *w, const struct fuzz_step *s, uint64_t pos, size_t size)
{
	off_t at = region_at(VFIO_PCI_CONFIG_REGION_INDEX, pos);

	if (pwrite(fuzz_fd(w, s, FUZZ_DEVICE), &s->value, size, at) < 0)
		return;
}

static void step_command(struct fuzz_world *w, const struct fuzz_step *s)
{
	write_config(w, s, PCI_COMMAND, 2);
}

static void step_power(struct fuzz_world *w, const struct fuzz_step *s)
{
	if (w->power)
		write_config(w, s, w->power + PCI_PM_CTRL, 2);
}

static void step_config(struct fuzz_world *w, const struct fuzz_step *s)
{
	write_config(w, s, s->flags & 0xfff, 1 + s->other % sizeof(s->value));
}

static void step_low_power(struct fuzz_world *w, const struct fuzz_step *s)
{
	vfio_feature_set(fuzz_fd(w, s, FUZZ_DEVICE), s->flags & 1 ?
			 VFIO_DEVICE_FEATURE_LOW_POWER_EXIT : VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY);
}

/* Regions */

static void step_read(struct fuzz_world *w, const struct fuzz_step *s)
{
	char bytes[256];

	if (pread(fuzz_fd(w, s, FUZZ_DEVICE), bytes, s->other,
		  region_at(s->flags & 0xf, s->value & 0x3fffff)) < 0)
		return;
}

static void step_map(struct fuzz_world *w, const struct fuzz_step *s)
{
	uint8_t *window = w->window[s->other % FUZZ_SLOTS];

	mmap(window, FUZZ_WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
	     fuzz_fd(w, s, FUZZ_DEVICE), region_at(rig_bar(), (s->value & 0x3ff) * PAGE));
}

static void step_info(struct fuzz_world *w, const struct fuzz_step *s)
{
	struct vfio_region_info region = { .argsz = sizeof(region), .index = s->flags & 0xf };
	struct vfio_device_info device = { .argsz = sizeof(device) };
	int fd = fuzz_fd(w, s, FUZZ_DEVICE);

	ioctl(fd, VFIO_DEVICE_GET_INFO, &device);
	ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &region);
}

static void step_event(struct fuzz_world *w, const struct fuzz_step *s)
{
	union {
		struct vfio_irq_set set;
		uint8_t room[sizeof(struct vfio_irq_set) + sizeof(int32_t)];
	} arg = { .set = {
		.argsz = sizeof(arg), .index = s->flags & 7, .count = 1,
		.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
	} };
	int32_t event = eventfd(0, EFD_CLOEXEC);

	memcpy(arg.set.data, &event, sizeof(event));
	ioctl(fuzz_fd(w, s, FUZZ_DEVICE), VFIO_DEVICE_SET_IRQS, &arg);
	fuzz_put(w, FUZZ_OTHER, s->other, event);
}

/* What a window maps, as memory of the device that is owned: on a container or an iommufd. */
static void step_map_dma(struct fuzz_world *w, const struct fuzz_step *s)
{
	vfio_map_dma(fuzz_other_fd(w, s, FUZZ_OTHER), w->window[s->slot % FUZZ_SLOTS],
		     (s->value & 0xffff) * FUZZ_WINDOW, FUZZ_WINDOW);
}

const struct fuzz_op fuzz_vfio[] = {
	{ "export", step_export },
	{ "reset", step_reset },
	{ "command", step_command },
	{ "low-power", step_low_power },
	{ "power", step_power },
	{ "hot-reset", step_hot_reset },
	{ "feature", step_feature },
	{ "open", step_open },
	{ "group", step_group },
	{ "node", step_node },
	{ "config", step_config },
	{ "read", step_read },
	{ "map", step_map },
	{ "info", step_info },
	{ "event", step_event },
	{ "map-dma", step_map_dma },
	{ NULL, NULL },
};
