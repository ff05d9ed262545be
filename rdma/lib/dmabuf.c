// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What a caller's descriptor must be before the kernel is asked to import it: see dmabuf.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "dmabuf.h"
#include "machine/error.h"

#ifndef DMA_BUF_MAGIC		/* older kernel headers lack it */
#define DMA_BUF_MAGIC 0x444d4142
#endif

int pb_dmabuf_check(int fd)
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

/* Seeking to the end of a dma-buf returns its size. */
int pb_dmabuf_range(int fd, uint64_t offset, uint64_t length)
{
	off_t size;

	if (!length)
		return pb_fail(EINVAL, "the range of the dma-buf is empty: give a length");
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

bool pb_dmabuf_read_only(int fd)
{
	return (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY;
}
