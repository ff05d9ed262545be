// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The address space of a device that does DMA. A memfd stands for a dma-buf.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"
#include "fake_dmabuf.h"
#include "machine.h"
#include "peerbar.h"
#include "refusal.h"
#include "uapi.h"

#define GPU "0000:01:00.0"
#define SIZE (1u << 20)
#define PAGE 4096u
#define BOTH (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)

static struct peerbar_device *dev;
static int dmabuf;
static uint64_t iova;

static int setup(void **state)
{
	if (fake_setup(state))
		return -1;
	fake_usual();
	fake_file("/dev/iommu", "");
	fake_file("/dev/vfio/devices/vfio0", "");
	fake_is_dmabuf = true;
	dmabuf = memfd_create("dma-buf", MFD_CLOEXEC);
	return dmabuf < 0 || ftruncate(dmabuf, SIZE) || peerbar_open(GPU, &dev);
}

static int teardown(void **state)
{
	peerbar_close(dev);
	close(dmabuf);
	return fake_teardown(state);
}

static void maps_a_dmabuf(void **state)
{
	(void)state;
	assert_int_equal(peerbar_ioas_map(dev, dmabuf, PAGE, 2 * PAGE, &iova), 0);
	assert_int_equal(iova, FAKE_IOVA);
	assert_int_equal(fake->mapped.request, IOMMU_IOAS_MAP_FILE);
	assert_int_equal(fake->mapped.from, PAGE);
	assert_int_equal(fake->mapped.length, 2 * PAGE);
	assert_int_equal(fake->mapped.ioas, FAKE_IOAS);
	assert_int_equal(fake->mapped.fd, dmabuf);
	assert_int_equal(fake->mapped.flags, BOTH);
	assert_int_equal(peerbar_ioas_unmap(dev, iova, 2 * PAGE), 0);
	assert_int_equal(fake->mapped.request, IOMMU_IOAS_UNMAP);
	assert_int_equal(fake->mapped.iova, FAKE_IOVA);
	assert_int_equal(fake->mapped.length, 2 * PAGE);
	assert_int_equal(fake->mapped.ioas, FAKE_IOAS);
}

static void maps_memory(void **state)
{
	void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(memory != MAP_FAILED);
	assert_int_equal(peerbar_ioas_map_memory(dev, memory, PAGE, &iova), 0);
	assert_int_equal(iova, FAKE_IOVA);
	assert_int_equal(fake->mapped.request, IOMMU_IOAS_MAP);
	assert_int_equal(fake->mapped.from, (uintptr_t)memory);
	assert_int_equal(fake->mapped.flags, BOTH);
	assert_int_equal(peerbar_ioas_map_memory(dev, (char *)memory + 8, PAGE, &iova), -EINVAL);
	assert_sentence("whole pages", NULL);
	munmap(memory, PAGE);
}

static void makes_one_address_space(void **state)
{
	(void)state;
	assert_int_equal(fake->spaces, 0);
	assert_int_equal(peerbar_ioas_map(dev, dmabuf, 0, PAGE, &iova), 0);
	assert_int_equal(peerbar_ioas_map(dev, dmabuf, PAGE, PAGE, &iova), 0);
	assert_int_equal(fake->spaces, 1);
	assert_int_equal(fake->attached, 1);
	peerbar_close(dev);
	assert_int_equal(fake->spaces_destroyed, 1);
	assert_int_equal(peerbar_open(GPU, &dev), 0);
}

static void tries_again_what_failed(void **state)
{
	(void)state;
	fake->ioas_errno = ENOMEM;
	assert_int_equal(peerbar_ioas_map(dev, dmabuf, 0, PAGE, &iova), -ENOMEM);
	assert_sentence("address space", GPU, NULL);
	fake->ioas_errno = 0;
	fake->attach_errno = EBUSY;
	assert_int_equal(peerbar_ioas_map(dev, dmabuf, 0, PAGE, &iova), -EBUSY);
	fake->attach_errno = 0;
	assert_int_equal(peerbar_ioas_map(dev, dmabuf, 0, PAGE, &iova), 0);
}

static void read_only_stays_so(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(peerbar_ioas_map(dev, fd, 0, PAGE, &iova), 0);
	assert_int_equal(fake->mapped.flags, IOMMU_IOAS_MAP_READABLE);
	close(fd);
}

static void wrong_arguments(void **state)
{
	(void)state;
	assert_int_equal(peerbar_ioas_map(dev, 9999, 0, PAGE, &iova), -EBADF);
	assert_int_equal(peerbar_ioas_map(dev, dmabuf, 0, 0, &iova), -EINVAL);
	assert_int_equal(peerbar_ioas_map(dev, dmabuf, SIZE, PAGE, &iova), -EINVAL);
	assert_int_equal(peerbar_ioas_map(dev, dmabuf, 0, SIZE + PAGE, &iova), -EINVAL);
	assert_sentence("outside the dma-buf", NULL);
	assert_int_equal(peerbar_ioas_map(dev, dmabuf, 512, PAGE, &iova), -EINVAL);
	assert_int_equal(peerbar_ioas_map(dev, dmabuf, 0, 512, &iova), -EINVAL);
	assert_sentence("whole pages", NULL);
	fake_is_dmabuf = false;
	assert_int_equal(peerbar_ioas_map(dev, dmabuf, 0, PAGE, &iova), -EINVAL);
	assert_int_equal(fake->mapped.request, 0);
}

static void nothing_to_unmap(void **state)
{
	(void)state;
	assert_int_equal(peerbar_ioas_unmap(dev, FAKE_IOVA, PAGE), -EINVAL);
	assert_int_equal(fake->mapped.request, 0);
	assert_int_equal(peerbar_ioas_map(dev, dmabuf, 0, PAGE, &iova), 0);
	assert_int_equal(peerbar_ioas_unmap(dev, iova, 0), -EINVAL);
	/* to the kernel, this is all that is in the address space */
	assert_int_equal(peerbar_ioas_unmap(dev, 0, UINT64_MAX), -EINVAL);
	assert_int_equal(fake->mapped.request, IOMMU_IOAS_MAP_FILE);
	fake->map_errno = ENOENT;
	assert_int_equal(peerbar_ioas_unmap(dev, iova, PAGE), -EINVAL);
	assert_sentence("mapped for", GPU, NULL);
}

static void refused(int kernel, int want)
{
	fake->map_errno = kernel;
	assert_int_equal(peerbar_ioas_map(dev, dmabuf, 0, PAGE, &iova), -want);
}

/* No dma-buf of our exporter is mapped, so its owner is told to choose the other one. */
static void refuses_our_driver(void **state)
{
	(void)state;
	fake_device("0000:02:00.0", "peerbar-vfio-pci", 8, true);
	pb_origin_add(dmabuf, "0000:02:00.0", 2);
	refused(EOPNOTSUPP, EOPNOTSUPP);
	assert_sentence("own exporter", "peerbar dev bind 0000:02:00.0 driver peerbar-vfio-pci "
			"exporter core", NULL);
	fake_file("/sys/bus/pci/devices/0000:02:00.0/dmabuf_exporter", "core\n");
	refused(EOPNOTSUPP, EOPNOTSUPP);
	assert_sentence("each range", NULL);
}

static void refusals(void **state)
{
	(void)state;
	refused(ENOTTY, ENOTSUP);
	assert_sentence("Linux 7.0", NULL);
	refused(EINVAL, ENOTSUP);
	refused(ENODEV, ENODEV);
	assert_sentence("memory decode", NULL);
	refused(ENOSPC, ENOSPC);
	refused(EOPNOTSUPP, EOPNOTSUPP);
	assert_sentence("exporter of Linux 7.0", NULL);
	pb_origin_add(dmabuf, GPU, 2);
	refused(EOPNOTSUPP, EOPNOTSUPP);
	assert_sentence(GPU, "each range", NULL);
}

static int child_maps(void)
{
	return peerbar_ioas_map(dev, dmabuf, 0, PAGE, &iova) != -EBADF ||
	       peerbar_ioas_unmap(dev, FAKE_IOVA, PAGE) != -EBADF;
}

/* A child of fork() has no device, and must not reach its parent's address space. */
static void a_forked_child_maps_nothing(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (!pid)
		_exit(child_maps());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void a_group_maps_no_dmabuf(void **state)
{
	(void)state;
	peerbar_close(dev);
	fake_remove("/dev/iommu");
	assert_int_equal(peerbar_open(GPU, &dev), 0);
	assert_int_equal(peerbar_ioas_map(dev, dmabuf, 0, PAGE, &iova), -ENOTSUP);
	assert_sentence("group", "/dev/iommu", NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(maps_a_dmabuf),
		TEST(maps_memory),
		TEST(makes_one_address_space),
		TEST(tries_again_what_failed),
		TEST(read_only_stays_so),
		TEST(wrong_arguments),
		TEST(nothing_to_unmap),
		TEST(refuses_our_driver),
		TEST(refusals),
		TEST(a_forked_child_maps_nothing),
		TEST(a_group_maps_no_dmabuf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
