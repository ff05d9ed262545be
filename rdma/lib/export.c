// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Exporting ranges of a BAR as a dma-buf.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "device.h"
#include "machine/causes.h"
#include "machine/error.h"
#include "machine/sys.h"
#include "refusal.h"
#include "uapi.h"

/* A limit keeps the size of the argument in its u32. No caller needs this many ranges. */
#define MAX_RANGES 65536u

/* The limit of peerbar-vfio-pci: PEERBAR_MAX_RANGES in kernel/export.c. */
#define DRIVER_RANGES 512u

static int no_feature(const struct peerbar_device *dev)
{
	char driver[PB_NAME_SIZE], advice[512];
	struct utsname kernel;

	pb_pci_driver(dev->address, driver);
	uname(&kernel);
	pb_cause_advice(PB_CAUSE_CANNOT_EXPORT, dev->address, "", advice, sizeof(advice));
	return pb_fail(ENOTSUP, "%s of kernel %s exports no BARs: %s", driver, kernel.release,
		       advice);
}

int peerbar_can_export(struct peerbar_device *dev)
{
	struct vfio_device_feature feature = {
		.argsz = sizeof(feature),
		.flags = VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET |
			 VFIO_DEVICE_FEATURE_DMA_BUF,
	};
	int ret = pb_owned(dev);

	if (ret)
		return ret;
	return pb_ioctl(dev->fd, VFIO_DEVICE_FEATURE, &feature) ? no_feature(dev) : 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct peerbar_range *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int check_overlap(const struct peerbar_range *ranges, unsigned int nr_ranges)
{
	struct peerbar_range *sorted = malloc(nr_ranges * sizeof(*sorted));
	unsigned int i;
	int ret = 0;

	if (!sorted)
		return pb_fail(ENOMEM, "out of memory");
	memcpy(sorted, ranges, nr_ranges * sizeof(*sorted));
	qsort(sorted, nr_ranges, sizeof(*sorted), by_offset);
	for (i = 1; i < nr_ranges && !ret; i++)
		if (sorted[i].offset < sorted[i - 1].offset + sorted[i - 1].length)
			ret = pb_fail(EINVAL, "the ranges at offsets %#jx and %#jx overlap",
				      (uintmax_t)sorted[i - 1].offset,
				      (uintmax_t)sorted[i].offset);
	free(sorted);
	return ret;
}

static int check(struct peerbar_device *dev, unsigned int bar,
		 const struct peerbar_range *ranges, unsigned int nr_ranges, int flags)
{
	unsigned int i;
	int ret;

	if (!pb_bar_get(dev, bar))
		return -errno;
	if (flags & ~(O_ACCMODE | O_CLOEXEC) || (flags & O_ACCMODE) == O_ACCMODE)
		return pb_fail(EINVAL, "flags %#o are not O_RDONLY, O_WRONLY or O_RDWR", flags);
	if (!nr_ranges || nr_ranges > MAX_RANGES)
		return pb_fail(EINVAL, "%u ranges are not between 1 and %u", nr_ranges, MAX_RANGES);
	for (i = 0; i < nr_ranges; i++) {
		ret = pb_bar_range(dev, bar, ranges[i].offset, ranges[i].length);
		if (ret)
			return ret;
	}
	return check_overlap(ranges, nr_ranges);
}

static int get_feature(struct peerbar_device *dev, unsigned int bar,
		       const struct peerbar_range *ranges, unsigned int nr_ranges, int flags)
{
	struct vfio_device_feature_dma_buf *arg;
	struct vfio_device_feature *feature;
	size_t size = sizeof(*feature) + sizeof(*arg) + nr_ranges * sizeof(arg->dma_ranges[0]);
	unsigned int i;
	int fd;

	feature = calloc(1, size);
	if (!feature)
		return -ENOMEM;
	feature->argsz = size;
	feature->flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF;
	arg = (void *)feature->data;
	arg->region_index = bar;
	arg->open_flags = flags | O_CLOEXEC;
	arg->nr_ranges = nr_ranges;
	for (i = 0; i < nr_ranges; i++) {
		arg->dma_ranges[i].offset = ranges[i].offset;
		arg->dma_ranges[i].length = ranges[i].length;
	}
	fd = pb_above_standard(pb_ioctl(dev->fd, VFIO_DEVICE_FEATURE, feature));
	free(feature);
	return fd;
}

static int why_not(struct peerbar_device *dev, unsigned int bar, unsigned int nr_ranges, int err)
{
	if (err == ENOMEM && nr_ranges > DRIVER_RANGES)
		return pb_fail(err, "cannot export %u ranges of BAR %u of %s: peerbar-vfio-pci "
			       "takes %u in one buffer", nr_ranges, bar, dev->address,
			       DRIVER_RANGES);
	if (err == ENOTTY)
		return no_feature(dev);
	if (err == EINVAL || err == EOPNOTSUPP)
		return pb_fail(err, "the kernel refuses to export these ranges of BAR %u of %s: "
			       "%s: is the BAR mappable (\"peerbar dev show %s\"), and the MSI-X "
			       "table outside of the ranges?", bar, dev->address, strerror(err),
			       dev->address);
	return pb_fail(err, "cannot export BAR %u of %s: %s: %s", bar, dev->address,
		       strerror(err), pb_next_step(err));
}

int peerbar_export(struct peerbar_device *dev, unsigned int bar,
		   const struct peerbar_range *ranges, unsigned int nr_ranges, int flags)
{
	int ret = pb_owned(dev);

	if (!ret)
		ret = check(dev, bar, ranges, nr_ranges, flags);
	if (ret)
		return ret;
	ret = get_feature(dev, bar, ranges, nr_ranges, flags);
	if (ret < 0)
		return why_not(dev, bar, nr_ranges, -ret);
	pb_origin_add(ret, dev->address, bar);
	return ret;
}
