// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Fences made by vgem; see slow_fence.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <drm/drm.h>
#include <drm/drm_mode.h>
#include <drm/vgem_drm.h>
#include <linux/dma-buf.h>

#include "slow_fence.h"
#include "tap.h"

#define CARDS 4u

static void call(int fd, unsigned long request, void *arg, const char *what)
{
	if (ioctl(fd, request, arg))
		tap_die("slow fence", "%s: %s", what, strerror(errno));
}

static bool is_vgem(int fd)
{
	char name[16] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

	return !ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, "vgem");
}

int slow_fence_open(void)
{
	char path[32];
	int fd;

	if (system("modprobe -q vgem"))
		return -1;
	for (unsigned int card = 0; card < CARDS; card++) {
		snprintf(path, sizeof(path), "/dev/dri/card%u", card);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && is_vgem(fd))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	tap_die("slow fence", "vgem has no device");
}

/* vgem attaches fences only to its own buffers: make one, and take the fence from it. */
static int borrowed_fence(int device)
{
	struct drm_mode_create_dumb dumb = { .width = 64, .height = 64, .bpp = 32 };
	struct drm_vgem_fence_attach attach = { .flags = VGEM_FENCE_WRITE };
	struct dma_buf_export_sync_file sync = { .flags = DMA_BUF_SYNC_RW };
	struct drm_prime_handle prime = { .flags = O_RDWR | O_CLOEXEC };
	struct drm_mode_destroy_dumb destroy = { 0 };

	call(device, DRM_IOCTL_MODE_CREATE_DUMB, &dumb, "create a buffer");
	prime.handle = dumb.handle;
	attach.handle = dumb.handle;
	destroy.handle = dumb.handle;
	call(device, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime, "export it");
	call(device, DRM_IOCTL_VGEM_FENCE_ATTACH, &attach, "attach a fence");
	call(prime.fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &sync, "take the fence");
	close(prime.fd);
	call(device, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy, "destroy the buffer");
	return sync.fd;
}

int slow_fence_put(int device, int dmabuf)
{
	struct dma_buf_import_sync_file sync = {
		.flags = DMA_BUF_SYNC_RW, .fd = borrowed_fence(device),
	};

	call(dmabuf, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &sync, "put it into the dma-buf");
	return sync.fd;
}

bool slow_fence_pending(int fence)
{
	struct pollfd p = { .fd = fence, .events = POLLIN };

	return !poll(&p, 1, 0);
}
