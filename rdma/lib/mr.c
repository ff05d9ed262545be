// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Registering a dma-buf as a memory region.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <infiniband/verbs.h>

#include "dmabuf.h"
#include "machine/error.h"
#include "peerbar.h"
#include "refusal.h"

#define WRITES (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC)

static int check_access(int fd, int access)
{
	if (access & IBV_ACCESS_ON_DEMAND)
		return pb_fail(EINVAL, "a dma-buf cannot be registered with IBV_ACCESS_ON_DEMAND");
	if (access & WRITES && pb_dmabuf_read_only(fd))
		return pb_fail(EINVAL, "the access asks for writes, and the dma-buf was exported "
			       "O_RDONLY: export it O_RDWR");
	if ((access & (IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC)) &&
	    !(access & IBV_ACCESS_LOCAL_WRITE))
		return pb_fail(EINVAL, "remote write and atomic access need IBV_ACCESS_LOCAL_WRITE "
			       "too");
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
	int ret = pb_dmabuf_check(dmabuf_fd);

	if (!ret)
		ret = check_access(dmabuf_fd, access);
	if (!ret)
		ret = pb_dmabuf_range(dmabuf_fd, offset, length);
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
