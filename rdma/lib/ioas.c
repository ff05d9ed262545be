// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The I/O address space (IOAS) of a device that does DMA itself, such as a drive that a program
 * owns. The program puts its own memory there, and BARs of other devices, as dma-bufs. The
 * device reaches nothing else, because the IOMMU translates by what is in the address space.
 * With a VFIO group (type1.c) only memory can be put there.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "dmabuf.h"
#include "machine/error.h"
#include "machine/sys.h"
#include "refusal.h"
#include "type1.h"
#include "uapi.h"

static int check_backend(const struct peerbar_device *dev)
{
	if (dev->iommufd >= 0)
		return 0;
	return pb_fail(ENOTSUP, "%s was opened through its VFIO group, and only iommufd puts "
		       "dma-bufs into an address space: use a kernel with CONFIG_VFIO_DEVICE_CDEV, "
		       "and let this process open /dev/iommu and the device's node in "
		       "/dev/vfio/devices", dev->address);
}

static int allocate(struct peerbar_device *dev)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	if (pb_ioctl(dev->iommufd, IOMMU_IOAS_ALLOC, &alloc))
		return pb_fail(errno, "cannot make an address space for the DMA of %s: %s: %s",
			       dev->address, strerror(errno), pb_next_step(errno));
	dev->ioas = alloc.out_ioas_id;
	return 0;
}

static int attach(struct peerbar_device *dev)
{
	struct vfio_device_attach_iommufd_pt arg = { .argsz = sizeof(arg), .pt_id = dev->ioas };

	if (pb_ioctl(dev->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &arg))
		return pb_fail(errno, "cannot give %s its address space: %s: %s", dev->address,
			       strerror(errno), pb_next_step(errno));
	dev->attached = true;
	return 0;
}

/* iommufd's address space is made when something is put there for the first time. */
static int prepare(struct peerbar_device *dev)
{
	int ret = dev->ioas ? 0 : allocate(dev);

	if (!ret && !dev->attached)
		ret = attach(dev);
	return ret;
}

static int check_aligned(uint64_t start, uint64_t length)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	if (!length || start % page || length % page)
		return pb_fail(EINVAL, "%#jx bytes at %#jx: an address space holds whole pages of "
			       "%ju bytes", (uintmax_t)length, (uintmax_t)start, (uintmax_t)page);
	return 0;
}

/*
 * iommufd knows the dma-bufs of one exporter only, that of vfio-pci-core, and of these the ones
 * that have one range.
 */
static int not_mapped(int fd)
{
	char address[PB_ADDRESS_SIZE], driver[PB_NAME_SIZE];
	unsigned int bar;

	if (!pb_origin_find(fd, address, &bar))
		return pb_fail(EOPNOTSUPP, "iommufd does not map this dma-buf: it maps those that "
			       "the exporter of Linux 7.0 or newer makes, of one range");
	pb_pci_driver(address, driver);
	if (pb_driver_is_ours(driver) && !pb_pci_exports_by_core(address))
		return pb_fail(EOPNOTSUPP, "iommufd maps no dma-buf of peerbar-vfio-pci's own "
			       "exporter: have %s export by the kernel's (peerbar dev bind %s "
			       "driver %s exporter core)", address, address, driver);
	return pb_fail(EOPNOTSUPP, "iommufd does not map this dma-buf of %s (driver %s): export "
		       "each range as a dma-buf of its own, with the exporter of Linux 7.0 or "
		       "newer", address, driver);
}

static int explain(const struct peerbar_device *dev, int fd, int err)
{
	switch (err) {
	case ENOTTY:	/* before 6.13 */
	case EINVAL:	/* before 7.0: the descriptor is no memfd */
		return pb_fail(ENOTSUP, "this kernel's iommufd maps no dma-bufs: use Linux 7.0 or "
			       "newer");
	case EOPNOTSUPP:
		return not_mapped(fd);
	case ENODEV:
		return pb_fail(ENODEV, "the exporting device is being reset, is closed, or has its "
			       "memory decode off (peerbar_set_memory()): its BAR cannot be mapped "
			       "for %s now", dev->address);
	default:
		return pb_fail(err, "cannot map the dma-buf for %s: %s: %s", dev->address,
			       strerror(err), pb_next_step(err));
	}
}

int peerbar_ioas_map(struct peerbar_device *dev, int dmabuf_fd, uint64_t offset, uint64_t length,
		     uint64_t *iova)
{
	struct iommu_ioas_map_file arg = {
		.size = sizeof(arg), .flags = IOMMU_IOAS_MAP_READABLE, .fd = dmabuf_fd,
		.start = offset, .length = length,
	};
	int ret = pb_owned(dev);

	if (!ret)
		ret = check_backend(dev);
	if (!ret)
		ret = pb_dmabuf_check(dmabuf_fd);
	if (!ret)
		ret = pb_dmabuf_range(dmabuf_fd, offset, length);
	if (!ret)
		ret = check_aligned(offset, length);
	if (!ret)
		ret = prepare(dev);
	if (ret)
		return ret;
	arg.ioas_id = dev->ioas;
	if (!pb_dmabuf_read_only(dmabuf_fd))
		arg.flags |= IOMMU_IOAS_MAP_WRITEABLE;
	if (pb_ioctl(dev->iommufd, IOMMU_IOAS_MAP_FILE, &arg))
		return explain(dev, dmabuf_fd, errno);
	*iova = arg.iova;
	return 0;
}

static int map_in_iommufd(struct peerbar_device *dev, void *addr, size_t length, uint64_t *iova)
{
	struct iommu_ioas_map arg = {
		.size = sizeof(arg), .flags = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE,
		.user_va = (uintptr_t)addr, .length = length, .ioas_id = dev->ioas,
	};

	if (pb_ioctl(dev->iommufd, IOMMU_IOAS_MAP, &arg))
		return -errno;
	*iova = arg.iova;
	return 0;
}

static int memory_failed(const struct peerbar_device *dev, size_t length, int err)
{
	const char *next = pb_next_step(err);

	if (err == ENOMEM)
		next = "raise \"ulimit -l\", as they are pinned";
	else if (err == ENOSPC)
		next = "unmap something else";
	else if (err == EFAULT)
		next = "give it memory that this process may read and write";
	return pb_fail(err, "cannot map %#zx bytes of memory for %s: %s: %s", length, dev->address,
		       strerror(err), next);
}

int peerbar_ioas_map_memory(struct peerbar_device *dev, void *addr, size_t length, uint64_t *iova)
{
	int ret = pb_owned(dev);

	if (!ret)
		ret = check_aligned((uintptr_t)addr, length);
	if (!ret && !dev->group)
		ret = prepare(dev);
	if (ret)
		return ret;
	ret = dev->group ? pb_type1_map(pb_group_space(dev->group), addr, length, iova) :
			   map_in_iommufd(dev, addr, length, iova);
	return ret ? memory_failed(dev, length, -ret) : 0;
}

static int unmap_in_iommufd(struct peerbar_device *dev, uint64_t iova, uint64_t length)
{
	struct iommu_ioas_unmap arg = {
		.size = sizeof(arg), .ioas_id = dev->ioas, .iova = iova, .length = length,
	};

	return !dev->ioas || pb_ioctl(dev->iommufd, IOMMU_IOAS_UNMAP, &arg) ? -EINVAL : 0;
}

int peerbar_ioas_unmap(struct peerbar_device *dev, uint64_t iova, uint64_t length)
{
	int ret = pb_owned(dev);

	if (!ret)	/* the kernel takes a length of UINT64_MAX for everything that is there */
		ret = check_aligned(iova, length);
	if (ret)
		return ret;
	ret = dev->group ? pb_type1_unmap(pb_group_space(dev->group), iova, length) :
			   unmap_in_iommufd(dev, iova, length);
	return !ret ? 0 : pb_fail(EINVAL, "%#jx bytes at %#jx are not what was mapped for %s",
				  (uintmax_t)length, (uintmax_t)iova, dev->address);
}
