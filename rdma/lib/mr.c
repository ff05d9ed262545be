// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Registering a dma-buf as a memory region, and saying why a NIC refuses one.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <infiniband/verbs.h>

#include "error.h"
#include "pci.h"
#include "sys.h"

#ifndef DMA_BUF_MAGIC		/* 5.15 */
#define DMA_BUF_MAGIC 0x444d4142
#endif

#define KERNEL_ENOTSUPP 524	/* the kernel's own; some drivers let it out */

#define WRITES (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC)

/* What lets a driver in that cannot revoke. */
#define FENCE "bind the exporting device to peerbar-vfio-pci, which fences such NICs off, and " \
	"have the IOMMU translate (no iommu=pt)"

/* What is known of the RDMA driver behind each PCI driver, refusing a dma-buf. */
static const struct {
	const char *driver;
	const char *known;
} refusals[] = {
	{ "efa", "the stock efa driver pins buffers and cannot give them back: " FENCE ", or load "
	  "peerbar's efa; and Linux 6.1's has no RDMA WRITE: leave remote write out of the "
	  "access" },
	{ "mlx5_core", "mlx5 imports such buffers if the kernel has "
	  "CONFIG_INFINIBAND_ON_DEMAND_PAGING and the NIC's firmware has on-demand paging: check "
	  "both with \"ibv_devinfo -v\"" },
	{ "ice", "irdma gives buffers back from Linux 7.0 on: boot a newer kernel, or " FENCE },
	{ "i40e", "irdma gives buffers back from Linux 7.0 on: boot a newer kernel, or " FENCE },
	{ "idpf", "irdma gives buffers back from Linux 7.0 on: boot a newer kernel, or " FENCE },
	{ "bnxt_en", "bnxt_re pins buffers and cannot give them back: " FENCE },
	{ "mana", "mana_ib pins buffers and cannot give them back: " FENCE },
	{ "ionic", "ionic_rdma pins buffers and cannot give them back: " FENCE },
};

static const char *known_refusal(const char *driver)
{
	unsigned int i;

	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (!strcmp(refusals[i].driver, driver))
			return refusals[i].known;
	return "it has no dma-buf memory regions (use another NIC), or pins buffers and cannot "
	       "give them back: " FENCE;
}

static struct ibv_mr *refused(const char *nic, int err)
{
	char driver[PB_NAME_SIZE];

	if (pb_link(driver, sizeof(driver), "/sys/class/infiniband/%s/device/driver", nic))
		return pb_fail_ptr(EOPNOTSUPP, "%s is not a PCI device, so it cannot reach the "
				   "BAR of one: use a NIC", nic);
	return pb_fail_ptr(EOPNOTSUPP, "%s (driver %s) refuses the dma-buf (errno %d): %s", nic,
			   driver, err, known_refusal(driver));
}

static struct ibv_mr *why_not(struct ibv_pd *pd, int err)
{
	const char *nic = ibv_get_device_name(pd->context->device);

	switch (err) {
	case EOPNOTSUPP:
	case EPROTONOSUPPORT:
	case KERNEL_ENOTSUPP:
		return refused(nic, err);
	case ENODEV:
		return pb_fail_ptr(err, "the exporting device is being reset, is closed, or has "
				   "its memory decode off (peerbar_set_memory()): %s cannot "
				   "register its BAR now", nic);
	case EINVAL:
	case EREMOTEIO:
		return pb_fail_ptr(err, "a reset came in between (try again), or %s does not know "
				   "the access flags, or there is no way from it to the BAR: both "
				   "must be below one PCIe switch, or the CPU's host bridge must "
				   "forward between its ports; the kernel's log says which bridge "
				   "is in the way", nic);
	case EBUSY:
		return pb_fail_ptr(err, "the dma-buf or %s is busy, perhaps by a reset: try again",
				   nic);
	case ENOMEM:
		return pb_fail_ptr(err, "%s has no room for the memory region: free others, or "
				   "register a range that starts at a multiple of 2 MiB", nic);
	default:
		return pb_fail_ptr(err, "%s does not register the dma-buf: %s: the kernel's log "
				   "may say more", nic, strerror(err));
	}
}

static int check_access(int fd, int access)
{
	int mode = fcntl(fd, F_GETFL);

	if (mode < 0)
		return pb_fail(EBADF, "descriptor %d is not open: pass what peerbar_export() gave",
			       fd);
	if (access & IBV_ACCESS_ON_DEMAND)
		return pb_fail(EINVAL, "a dma-buf cannot be registered with IBV_ACCESS_ON_DEMAND");
	if ((access & WRITES) && (mode & O_ACCMODE) == O_RDONLY)
		return pb_fail(EINVAL, "the access asks for writes, and the dma-buf was exported "
			       "O_RDONLY: export it O_RDWR");
	if ((access & (IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC)) &&
	    !(access & IBV_ACCESS_LOCAL_WRITE))
		return pb_fail(EINVAL, "remote write and atomic access need IBV_ACCESS_LOCAL_WRITE "
			       "too");
	return 0;
}

/* A dma-buf tells its size by the only seek it allows. */
static int check_range(int fd, uint64_t offset, uint64_t length)
{
	struct statfs fs;
	off_t size;

	if (fstatfs(fd, &fs) || fs.f_type != DMA_BUF_MAGIC)
		return pb_fail(EINVAL, "descriptor %d is not a dma-buf: pass what peerbar_export() "
			       "gave", fd);
	if (!length)
		return pb_fail(EINVAL, "the memory region is empty: give a length");
	size = lseek(fd, 0, SEEK_END);
	if (size < 0)
		return pb_fail(errno, "the dma-buf does not tell its size: %s", strerror(errno));
	if (offset > (uint64_t)size || length > (uint64_t)size - offset)
		return pb_fail(EINVAL, "offset %#jx, %#jx bytes, ends outside the dma-buf, "
			       "which has %#jx bytes", (uintmax_t)offset, (uintmax_t)length,
			       (uintmax_t)size);
	return 0;
}

/*
 * The iova is the offset in the dma-buf. Its bus address is that of an IOVA
 * allocation, which the kernel aligns to the size rounded up to a power of two,
 * or that of a BAR, which is aligned to its own size: in both the offset and the
 * bus address are equal modulo every page size that matters. (Not so for a range
 * that starts in the middle of a BAR and is reached without an IOMMU: there the
 * page is as large as the range's offset is aligned.)
 */
struct ibv_mr *peerbar_reg_mr(struct ibv_pd *pd, int dmabuf_fd, uint64_t offset,
			      uint64_t length, int access, uint64_t *iova)
{
	struct ibv_mr *mr;
	int ret = check_access(dmabuf_fd, access);

	if (!ret)
		ret = check_range(dmabuf_fd, offset, length);
	if (ret) {
		errno = -ret;
		return NULL;
	}
	errno = 0;
	mr = ibv_reg_dmabuf_mr(pd, offset, length, offset, dmabuf_fd, access);
	if (!mr)
		return why_not(pd, errno ? errno : EIO);
	*iova = offset;
	return mr;
}
