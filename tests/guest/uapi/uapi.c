// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * uapi: VFIO_DEVICE_FEATURE_DMA_BUF as mainline defines it, called with nothing but
 * <linux/vfio.h>: which calls work, which errno each wrong call gives, and what happens to
 * buffers that outlive the open device. The expected results are those of Linux 7.3's own
 * exporter. The same binary runs on every kernel and with both exporters.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/kmsg.h"
#include "lib/rig.h"
#include "lib/tap.h"
#include "lib/test_importer.h"
#include "lib/watchdog.h"
#include "uapi.h"

#define LIMIT_S 120u

struct vfio_dma_buf_call uapi_right_call(void)
{
	return (struct vfio_dma_buf_call){
		.argsz = sizeof(struct vfio_dma_buf_call),
		.flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF,
		.region_index = rig_bar(), .nr_ranges = 1,
		.range = { { 0, PAGE } },
	};
}

int uapi_call(int fd, void *call)
{
	int ret = ioctl(fd, VFIO_DEVICE_FEATURE, call);

	return ret < 0 ? -errno : ret;
}

bool uapi_expect(int got, int expected, const char *name, const char *what)
{
	char text[160];

	snprintf(text, sizeof(text), "%s: %s", name, what);
	return tap_check(expected < 0 ? got == expected : got >= 0, text, "%s, expected %s",
			 got < 0 ? strerrorname_np(-got) : "it worked",
			 expected < 0 ? strerrorname_np(-expected) : "it to work");
}

bool uapi_no_ranges(int ret)
{
	return ret == -EADDRINUSE && !rig_exporter_is_ours();
}

int uapi_import(int dmabuf)
{
	int fd = importer_open(), ret;
	uint32_t handle;

	ret = importer_attach(fd, dmabuf, rig_nic(), PTI_DYNAMIC, PTI_UNMAP_AT_ONCE, &handle);
	if (!ret)
		ret = importer_map(fd, handle);
	close(fd);
	return ret;
}

int main(void)
{
	uint64_t log = kmsg_position();
	struct vfio vfio;

	watchdog_set(LIMIT_S, "uapi");
	vfio_open(&vfio, rig_gpu());
	uapi_export(&vfio);
	uapi_wrong(&vfio);
	uapi_wrong_memory(&vfio);
	uapi_limits(&vfio);
	vfio_close(&vfio);
	uapi_wrong_io();
	uapi_lifetime();
	watchdog_clear();
	kmsg_check(log);
	return tap_exit_status();
}
