// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Calls that are wrong because of where the argument lies, or of the file that they go to. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/census.h"
#include "lib/rig.h"
#include "lib/tap.h"
#include "uapi.h"

#define KERNEL_ADDRESS 0xffff888000000000ull

/* Map two pages and unmap the second. Return: the end of the first. */
static uint8_t *before_hole(void)
{
	uint8_t *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || munmap(pages + PAGE, PAGE))
		tap_die("pointers", "no memory: %s", strerror(errno));
	return pages + PAGE;
}

/* Make the call with only the first @bytes of it in readable memory. */
static int cut(int fd, const struct vfio_dma_buf_call *call, size_t bytes)
{
	uint8_t *end = before_hole();
	int got;

	memcpy(end - bytes, call, bytes);
	got = uapi_call(fd, end - bytes);
	munmap(end - PAGE, PAGE);
	return got;
}

static void cut_off(int fd)
{
	const size_t feature = sizeof(struct vfio_device_feature);
	const size_t headers = offsetof(struct vfio_dma_buf_call, range);
	static const char name[] = "pointers";
	struct vfio_dma_buf_call call = uapi_right_call();
	int got;

	uapi_expect(cut(fd, &call, 4), -EFAULT, name, "ends in the first header");
	uapi_expect(cut(fd, &call, feature), -EFAULT, name, "ends after the first header");
	uapi_expect(cut(fd, &call, feature + 4), -EFAULT, name, "ends in the second header");
	uapi_expect(cut(fd, &call, headers), -EFAULT, name, "ends after the second header");
	uapi_expect(cut(fd, &call, headers + 8), -EFAULT, name, "ends in the range");
	got = cut(fd, &call, headers + 16);
	uapi_expect(got, 0, name, "ends after the range");
	close(got);

	call.nr_ranges = 2;
	uapi_expect(cut(fd, &call, headers + 16), -EFAULT, name, "ends before the second range");
	call.nr_ranges = UAPI_RANGES;
	uapi_expect(cut(fd, &call, headers + 16), -EFAULT, name, "ends before 511 ranges");
	call.buf_flags = 1;
	uapi_expect(cut(fd, &call, headers), -EINVAL, name, "no range, and flags");
	call.buf_flags = 0;
	call.region_index = 99;
	uapi_expect(cut(fd, &call, headers), -ENODEV, name, "no range, and no region");
	call.flags = VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_DMA_BUF;
	uapi_expect(cut(fd, &call, feature), 0, name, "a probe needs no second header");
}

static void addresses(int fd)
{
	uint8_t *end = before_hole();
	static const char name[] = "pointers";

	uapi_expect(uapi_call(fd, NULL), -EFAULT, name, "NULL");
	uapi_expect(uapi_call(fd, (void *)1), -EFAULT, name, "address 1");
	uapi_expect(uapi_call(fd, end), -EFAULT, name, "unmapped");
	uapi_expect(uapi_call(fd, (void *)KERNEL_ADDRESS), -EFAULT, name, "the kernel's");
	uapi_expect(uapi_call(fd, (void *)UINTPTR_MAX), -EFAULT, name, "the last");
	munmap(end - PAGE, PAGE);
}

/* The call works from read-only memory, because the kernel only reads its argument. */
static void read_only(int fd)
{
	struct vfio_dma_buf_call call = uapi_right_call();
	uint8_t *end = before_hole();
	int got;

	memcpy(end - PAGE, &call, sizeof(call));
	if (mprotect(end - PAGE, PAGE, PROT_READ))
		tap_die("pointers", "%s", strerror(errno));
	got = uapi_call(fd, end - PAGE);
	uapi_expect(got, 0, "pointers", "read-only memory is enough");
	close(got);
	munmap(end - PAGE, PAGE);
}

static void files(const struct vfio *vfio)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), gone = dup(null), pipes[2];
	int dmabuf = vfio_export(vfio->fd, rig_bar(), 0, PAGE, O_RDWR | O_CLOEXEC);
	struct vfio_dma_buf_call call = uapi_right_call();
	static const char name[] = "files";

	if (null < 0 || gone < 0 || dmabuf < 0 || pipe2(pipes, O_CLOEXEC))
		tap_die(name, "no descriptors");
	close(gone);
	uapi_expect(uapi_call(-1, &call), -EBADF, name, "-1");
	uapi_expect(uapi_call(gone, &call), -EBADF, name, "a closed one");
	uapi_expect(uapi_call(null, &call), -ENOTTY, name, "/dev/null");
	uapi_expect(uapi_call(pipes[0], &call), -ENOTTY, name, "a pipe");
	uapi_expect(uapi_call(dmabuf, &call), -ENOTTY, name, "the dma-buf itself");
	uapi_expect(uapi_call(vfio->group, &call), -ENOTTY, name, "the VFIO group");
	close(pipes[0]);
	close(pipes[1]);
	close(dmabuf);
	close(null);
}

void uapi_wrong_memory(const struct vfio *vfio)
{
	struct census before, after;

	census_take(&before, rig_ibdev());
	cut_off(vfio->fd);
	addresses(vfio->fd);
	read_only(vfio->fd);
	files(vfio);
	census_take(&after, rig_ibdev());
	census_check(&before, &after, "wrong pointers and files leave nothing behind");
}
