// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Correct calls: probing, one range and many, open_flags; and the resulting buffer. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/rig.h"
#include "lib/tap.h"
#include "uapi.h"

static void probe(int fd)
{
	static const char name[] = "probe";
	struct vfio_dma_buf_call call = uapi_right_call();

	call.flags = VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_DMA_BUF;
	uapi_expect(uapi_call(fd, &call), 0, name, "by itself");
	call.argsz = sizeof(struct vfio_device_feature);
	uapi_expect(uapi_call(fd, &call), 0, name, "without payload");
	call.flags |= VFIO_DEVICE_FEATURE_GET;
	tap_check(!uapi_call(fd, &call), "probe: for GET, gives 0 and no descriptor",
		  "it did not give 0");
	call.flags = VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_SET |
			     VFIO_DEVICE_FEATURE_DMA_BUF;
	uapi_expect(uapi_call(fd, &call), -EINVAL, name, "for SET");
}

/* The buffer's size is the sum of its ranges, and all of it is mapped for the NIC. */
static void check_buffer(int dmabuf, uint64_t size, unsigned int nr, const char *name)
{
	char text[96];
	off_t end;
	int ret;

	if (dmabuf < 0)
		tap_die(name, "export: %s", strerror(-dmabuf));
	end = lseek(dmabuf, 0, SEEK_END);
	snprintf(text, sizeof(text), "%s: size", name);
	tap_check(end == (off_t)size, text, "%jd, expected %" PRIu64, (intmax_t)end, size);
	ret = uapi_import(dmabuf);
	snprintf(text, sizeof(text), "%s: the NIC can map it", name);
	if (nr > 1 && uapi_no_ranges(ret))
		tap_skip(text, "the kernel's exporter gives %s", strerrorname_np(-ret));
	else
		tap_check(!ret, text, "%s", strerror(-ret));
	snprintf(text, sizeof(text), "%s: the CPU cannot map it", name);
	tap_check(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, dmabuf, 0) == MAP_FAILED, text,
		  "it did");
	close(dmabuf);
}

static void many_ranges(int fd)
{
	struct vfio_region_dma_range range[UAPI_RANGES];

	vfio_scatter(range, UAPI_RANGES);
	check_buffer(vfio_export_ranges(fd, rig_bar(), range, UAPI_RANGES, O_RDWR),
		     (uint64_t)UAPI_RANGES * PAGE, UAPI_RANGES, "512 ranges");
}

static void ranges(int fd)
{
	uint64_t bar = vfio_region_size(fd, rig_bar());
	struct vfio_dma_buf_call call = uapi_right_call();

	check_buffer(vfio_export(fd, rig_bar(), 0, PAGE, O_RDWR), PAGE, 1, "first page");
	check_buffer(vfio_export(fd, rig_bar(), bar - PAGE, PAGE, O_RDWR), PAGE, 1, "last page");
	check_buffer(vfio_export(fd, rig_bar(), 0, bar, O_RDWR), bar, 1, "whole BAR");

	call.nr_ranges = 2;
	call.range[1] = (struct vfio_region_dma_range){ PAGE, PAGE };
	check_buffer(uapi_call(fd, &call), 2 * PAGE, 2, "two ranges that touch");
	call.range[0] = (struct vfio_region_dma_range){ 8 * PAGE, PAGE };
	check_buffer(uapi_call(fd, &call), 2 * PAGE, 2, "two ranges, backwards");
	many_ranges(fd);
}

static void open_flags(int fd)
{
	static const struct {
		const char *what;
		uint32_t flags;
	} cases[] = {
		{ "O_RDONLY", O_RDONLY }, { "O_WRONLY", O_WRONLY }, { "O_RDWR", O_RDWR },
		{ "O_RDWR | O_CLOEXEC", O_RDWR | O_CLOEXEC },
		{ "O_RDWR | O_NONBLOCK", O_RDWR | O_NONBLOCK },
	};
	char text[96];

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int dmabuf = vfio_export(fd, rig_bar(), 0, PAGE, cases[i].flags);
		int status, descriptor;

		if (dmabuf < 0)
			tap_die(cases[i].what, "export: %s", strerror(-dmabuf));
		status = fcntl(dmabuf, F_GETFL);
		descriptor = fcntl(dmabuf, F_GETFD);
		snprintf(text, sizeof(text), "open_flags: %s", cases[i].what);
		tap_check((status & O_ACCMODE) == (int)(cases[i].flags & O_ACCMODE) &&
			  !(status & O_NONBLOCK) == !(cases[i].flags & O_NONBLOCK) &&
			  !(descriptor & FD_CLOEXEC) == !(cases[i].flags & O_CLOEXEC), text,
			  "F_GETFL %#o, F_GETFD %#x", status, descriptor);
		close(dmabuf);
	}
}

void uapi_export(const struct vfio *vfio)
{
	probe(vfio->fd);
	ranges(vfio->fd);
	open_flags(vfio->fd);
}
