// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The test importer; see test_importer.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "kmod.h"
#include "tap.h"
#include "test_importer.h"

#define MODULE "peerbar_test_importer"

static int result(long ret)
{
	return ret < 0 ? -errno : 0;
}

int importer_load(void)
{
	return kmod_load(MODULE);
}

int importer_unload(void)
{
	return kmod_unload(MODULE);
}

int importer_open(void)
{
	int fd, ret;

	if (access(PTI_PATH, F_OK)) {
		ret = importer_load();
		if (ret && ret != -EEXIST)
			tap_die("set-up", "cannot load " MODULE ".ko: %s", strerror(-ret));
	}
	fd = open(PTI_PATH, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		tap_die("set-up", PTI_PATH ": %s", strerror(errno));
	return fd;
}

int importer_attach(int fd, int dmabuf, const char *device, enum pti_mode mode,
		    uint32_t unmap_delay_ms, uint32_t *handle)
{
	struct pti_attach how = {
		.dmabuf_fd = dmabuf, .mode = mode, .unmap_delay_ms = unmap_delay_ms,
	};
	int ret = importer_attach_as(fd, &how, device);

	if (!ret)
		*handle = how.handle;
	return ret;
}

int importer_attach_as(int fd, struct pti_attach *how, const char *device)
{
	if (strlen(device) >= sizeof(how->device))
		return -EINVAL;
	memcpy(how->device, device, strlen(device) + 1);
	return result(ioctl(fd, PTI_ATTACH, how));
}

int importer_wake(int fd)
{
	return result(ioctl(fd, PTI_WAKE));
}

int importer_sitting(int fd)
{
	int ret = ioctl(fd, PTI_SITTING);

	return ret < 0 ? -errno : ret;
}

int importer_map(int fd, uint32_t handle)
{
	return result(ioctl(fd, PTI_MAP, &handle));
}

int importer_unmap(int fd, uint32_t handle)
{
	return result(ioctl(fd, PTI_UNMAP, &handle));
}

int importer_detach(int fd, uint32_t handle)
{
	return result(ioctl(fd, PTI_DETACH, &handle));
}

int importer_query(int fd, uint32_t handle, struct pti_query *query,
		   struct pti_entry *entries, uint32_t room)
{
	*query = (struct pti_query){
		.handle = handle, .room = room, .entries = (uintptr_t)entries,
	};
	return result(ioctl(fd, PTI_QUERY, query));
}

#define SOON_US 2000000ull

int importer_query_soon(int fd, uint32_t handle, struct pti_query *query)
{
	uint64_t start = now_us();
	int ret;

	do {
		ret = importer_query(fd, handle, query, NULL, 0);
		if (ret || (query->revokes && !(query->state & PTI_MAPPED)))
			break;
		sleep_us(1000);
	} while (now_us() - start < SOON_US);
	return ret;
}
