// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* fstatfs() of libc is replaced in each test that is linked with this file: see fake_dmabuf.h. */
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "fake_dmabuf.h"

bool fake_is_dmabuf;

int fstatfs(int fd, struct statfs *fs)
{
	if (fcntl(fd, F_GETFD) < 0)
		return -1;
	memset(fs, 0, sizeof(*fs));
	fs->f_type = fake_is_dmabuf ? DMA_BUF_MAGIC : TMPFS_MAGIC;
	return 0;
}
