// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A dma-buf of a BAR given to whatever else in the kernel takes dma-bufs. None of these is a PCI
 * device that could reach the BAR, so each must refuse it, and keep nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <drm/drm.h>
#include <linux/udmabuf.h>

#include "hostile_owner.h"
#include "lib/census.h"
#include "lib/slow_fence.h"
#include "lib/tap.h"

#define LEN 4096u

/* Each returns 0 if the buffer was taken, a negative errno, or ABSENT. */
#define ABSENT 1

/* A buffer made of a buffer: udmabuf takes sealed memory files only. */
static int give_to_udmabuf(int dmabuf)
{
	struct udmabuf_create arg = { .memfd = (uint32_t)dmabuf, .size = LEN };
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd, ret;

	if (device < 0)
		return ABSENT;
	fd = ioctl(device, UDMABUF_CREATE, &arg);
	ret = fd < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	close(device);
	return ret;
}

/* DRM's PRIME, by a driver whose device is not on a PCI bus. */
static int give_to_drm(int dmabuf)
{
	struct drm_prime_handle arg = { .fd = dmabuf };
	int device = slow_fence_open(), ret;

	if (device < 0)
		return ABSENT;
	ret = ioctl(device, DRM_IOCTL_PRIME_FD_TO_HANDLE, &arg) ? -errno : 0;
	close(device);
	return ret;
}

/* The CPU's own way to a dma-buf, which a BAR's has not: VFIO's mmap is the one that revokes. */
static int map_it(int dmabuf)
{
	void *mem = mmap(NULL, LEN, PROT_READ, MAP_SHARED, dmabuf, 0);

	return mem == MAP_FAILED ? -errno : munmap(mem, LEN);
}

static int read_it(int dmabuf)
{
	char byte;

	return read(dmabuf, &byte, 1) < 0 ? -errno : 0;
}

static const struct {
	const char *name;
	int (*give)(int dmabuf);
} takers[] = {
	{ "udmabuf", give_to_udmabuf },
	{ "DRM PRIME", give_to_drm },
	{ "mmap()", map_it },
	{ "read()", read_it },
};

void hostile_owner_buffers(struct rig *rig)
{
	struct census before, after;
	char name[128];
	int ret, fd;

	census_take(&before, rig_ibdev());
	for (unsigned int i = 0; i < sizeof(takers) / sizeof(*takers); i++) {
		snprintf(name, sizeof(name), "hostile owner: %s does not take the buffer",
			 takers[i].name);
		fd = rig_export(rig);
		ret = takers[i].give(fd);
		close(fd);
		if (ret == ABSENT)
			tap_skip(name, "this kernel does not have it");
		else
			tap_check(ret < 0, name, "it did");
	}
	census_take(&after, rig_ibdev());
	census_check(&before, &after, "hostile owner: those who refused a buffer keep nothing");
}
