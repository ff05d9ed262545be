// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The BARs of an open device, as the VFIO driver describes them, and checks of
 * ranges of them. map.c maps them for the CPU.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "device.h"
#include "info.h"
#include "machine/error.h"
#include "machine/sys.h"
#include "uapi.h"

/* If there is a sparse mmap capability, only the areas that it lists may be mapped. */
static int read_sparse(struct pb_bar *bar, const struct vfio_region_info_cap_sparse_mmap *cap)
{
	unsigned int i;

	bar->areas = calloc(cap->nr_areas, sizeof(*bar->areas));
	if (!bar->areas && cap->nr_areas)
		return -ENOMEM;
	for (i = 0; i < cap->nr_areas; i++) {
		bar->areas[i].offset = cap->areas[i].offset;
		bar->areas[i].size = cap->areas[i].size;
	}
	bar->nr_areas = cap->nr_areas;
	return 0;
}

static int read_areas(struct pb_bar *bar, const struct vfio_region_info *info)
{
	const struct vfio_region_info_cap_sparse_mmap *sparse;

	if (!(info->flags & VFIO_REGION_INFO_FLAG_MMAP))
		return 0;
	sparse = pb_info_cap(info, info->flags & VFIO_REGION_INFO_FLAG_CAPS ? info->cap_offset : 0,
			     VFIO_REGION_INFO_CAP_SPARSE_MMAP);
	if (sparse)
		return read_sparse(bar, sparse);
	bar->areas = calloc(1, sizeof(*bar->areas));
	if (!bar->areas)
		return -ENOMEM;
	bar->areas[0].size = info->size;
	bar->nr_areas = 1;
	return 0;
}

static struct vfio_region_info *region_info(int fd, unsigned int index)
{
	struct vfio_region_info question = { .index = index };

	return pb_info(fd, VFIO_DEVICE_GET_REGION_INFO, &question, sizeof(question));
}

/* The kernel reports a size for an I/O port BAR, too: only the register tells them apart. */
static int is_io_ports(struct peerbar_device *dev, unsigned int index)
{
	uint32_t reg;

	errno = EIO;	/* a short read does not set errno */
	if (pread(dev->fd, &reg, sizeof(reg),
		  dev->config_offset + PCI_BASE_ADDRESS_0 + 4 * index) != sizeof(reg))
		return -errno;
	return reg & PCI_BASE_ADDRESS_SPACE_IO;
}

static int read_bar(struct peerbar_device *dev, unsigned int index)
{
	struct vfio_region_info *info = region_info(dev->fd, index);
	struct pb_bar *bar = &dev->bars[index];
	int ret = 0;

	if (!info)
		return -errno;
	if (info->size)
		ret = is_io_ports(dev, index);
	if (info->size && !ret) {
		bar->size = info->size;
		bar->file_offset = info->offset;
		ret = read_areas(bar, info);
	}
	free(info);
	return ret < 0 ? ret : 0;
}

int pb_bars_read(struct peerbar_device *dev)
{
	unsigned int i;
	int ret;

	for (i = 0; i < PEERBAR_NR_BARS; i++) {
		ret = read_bar(dev, i);
		if (ret)
			return pb_fail(-ret, "%s: cannot read what BAR %u is: %s: %s",
				       dev->address, i, strerror(-ret), pb_next_step(-ret));
	}
	return 0;
}

void pb_bars_free(struct peerbar_device *dev)
{
	unsigned int i;

	for (i = 0; i < PEERBAR_NR_BARS; i++)
		free(dev->bars[i].areas);
}

const struct pb_bar *pb_bar_get(struct peerbar_device *dev, unsigned int bar)
{
	if (bar >= PEERBAR_NR_BARS)
		return pb_fail_ptr(ENODEV, "there is no BAR %u: a PCI device has BARs 0 to %d", bar,
				   PEERBAR_NR_BARS - 1);
	if (!dev->bars[bar].size)
		return pb_fail_ptr(ENODEV, "%s has no memory BAR %u: \"peerbar dev show %s\" lists "
				   "those it has", dev->address, bar, dev->address);
	return &dev->bars[bar];
}

int pb_bar_range(struct peerbar_device *dev, unsigned int bar, uint64_t offset, uint64_t length)
{
	uint64_t page = pb_page_size();
	uint64_t size = dev->bars[bar].size;

	if (size < page)
		return pb_fail(EINVAL, "BAR %u of %s has %ju bytes, less than a page: it can be "
			       "neither mapped nor exported", bar, dev->address, (uintmax_t)size);
	if (!length)
		return pb_fail(EINVAL, "the range at offset %#jx of BAR %u is empty: give a length",
			       (uintmax_t)offset, bar);
	if (offset % page || length % page)
		return pb_fail(EINVAL, "offset %#jx or length %#jx in BAR %u is not a multiple of "
			       "the page size, %ju", (uintmax_t)offset, (uintmax_t)length, bar,
			       (uintmax_t)page);
	if (offset > size || length > size - offset)
		return pb_fail(EINVAL, "the range at offset %#jx, %#jx bytes long, ends outside "
			       "BAR %u, which has %#jx bytes", (uintmax_t)offset,
			       (uintmax_t)length, bar, (uintmax_t)size);
	return 0;
}

/*
 * The kernel offers mmap of a BAR that is smaller than a page, too, if nothing else lies in
 * that page. Such a BAR has an area, but peerbar_map() does not map it.
 */
static bool has_page(const struct pb_bar *bar)
{
	unsigned int i;

	for (i = 0; i < bar->nr_areas; i++)
		if (bar->areas[i].size >= pb_page_size())
			return true;
	return false;
}

int peerbar_bar(struct peerbar_device *dev, unsigned int bar, struct peerbar_bar *info)
{
	const struct pb_bar *b;

	if (bar >= PEERBAR_NR_BARS)
		return pb_fail(ENODEV, "there is no BAR %u: a PCI device has BARs 0 to %d", bar,
			       PEERBAR_NR_BARS - 1);
	b = &dev->bars[bar];
	*info = (struct peerbar_bar){ .size = b->size, .mappable = has_page(b) };
	info->exportable = info->mappable && !(b->size % pb_page_size());
	return 0;
}
