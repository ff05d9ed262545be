// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Registering a dma-buf as a memory region.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <infiniband/verbs.h>

#include "machine/error.h"
#include "peerbar.h"
#include "refusal.h"

#ifndef DMA_BUF_MAGIC		/* older kernel headers lack it */
#define DMA_BUF_MAGIC 0x444d4142
#endif

#define WRITES (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC)

static int check_fd(int fd)
{
	struct statfs fs;

	if (fcntl(fd, F_GETFD) < 0)
		return pb_fail(EBADF, "descriptor %d is not open: pass what peerbar_export() gave",
			       fd);
	if (fstatfs(fd, &fs) || fs.f_type != DMA_BUF_MAGIC)
		return pb_fail(EINVAL, "descriptor %d is not a dma-buf: pass what peerbar_export() "
			       "gave", fd);
	return 0;
}

static int check_access(int fd, int access)
{
	if (access & IBV_ACCESS_ON_DEMAND)
		return pb_fail(EINVAL, "a dma-buf cannot be registered with IBV_ACCESS_ON_DEMAND");
	if (access & WRITES && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
		return pb_fail(EINVAL, "the access asks for writes, and the dma-buf was exported "
			       "O_RDONLY: export it O_RDWR");
	if ((access & (IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC)) &&
	    !(access & IBV_ACCESS_LOCAL_WRITE))
		return pb_fail(EINVAL, "remote write and atomic access need IBV_ACCESS_LOCAL_WRITE "
			       "too");
	return 0;
}

/* Seeking to the end of a dma-buf returns its size. */
static int check_range(int fd, uint64_t offset, uint64_t length)
{
	off_t size;

	if (!length)
		return pb_fail(EINVAL, "the memory region is empty: give a length");
	size = lseek(fd, 0, SEEK_END);
	if (size < 0)
		return pb_fail(errno, "the dma-buf does not tell its size: %s: %s",
			       strerror(errno), pb_next_step(errno));
	if (offset > (uint64_t)size || length > (uint64_t)size - offset)
		return pb_fail(EINVAL, "offset %#jx, %#jx bytes, ends outside the dma-buf, "
			       "which has %#jx bytes", (uintmax_t)offset, (uintmax_t)length,
			       (uintmax_t)size);
	return 0;
}

static void *explain(struct ibv_pd *pd, int fd, int access, int err)
{
	struct ibv_device_attr attr;
	struct pb_attempt attempt = {
		.nic = ibv_get_device_name(pd->context->device), .fd = fd,
		.writes = access & IBV_ACCESS_REMOTE_WRITE,
		.atomics = access & IBV_ACCESS_REMOTE_ATOMIC &&
			   !ibv_query_device(pd->context, &attr) &&
			   attr.atomic_cap == IBV_ATOMIC_NONE,
	};

	return pb_refusal(&attempt, err);
}

/*
 * The iova is the offset in the dma-buf. The NIC can use a large page only where the iova
 * and the DMA address are equal modulo the page size. They are, because the DMA address of
 * the dma-buf is aligned well enough: with an IOMMU it is an IOVA, which the kernel aligns to
 * the size of the dma-buf rounded up to a power of two; without one it is the address of the
 * BAR, which is aligned to the size of the BAR.
 *
 * The exception is a range that starts in the middle of a BAR and is reached without an
 * IOMMU: there the NIC's pages are no larger than the alignment of the range's offset.
 */
struct ibv_mr *peerbar_reg_mr(struct ibv_pd *pd, int dmabuf_fd, uint64_t offset,
			      uint64_t length, int access, uint64_t *iova)
{
	struct ibv_mr *mr;
	int ret = check_fd(dmabuf_fd);

	if (!ret)
		ret = check_access(dmabuf_fd, access);
	if (!ret)
		ret = check_range(dmabuf_fd, offset, length);
	if (ret) {
		errno = -ret;
		return NULL;
	}
	errno = 0;
	mr = ibv_reg_dmabuf_mr(pd, offset, length, offset, dmabuf_fd, access);
	if (!mr)
		return explain(pd, dmabuf_fd, access, errno ? errno : EIO);
	*iova = offset;
	return mr;
}
