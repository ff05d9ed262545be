// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Memory in the address space of a VFIO group, where the library chooses the addresses.
 */
#include <errno.h>

#include "fake.h"
#include "peerbar.h"

#define GPU "0000:01:00.0"
#define PAGE 4096u
#define MIB (1ull << 20)
#define LARGE (2 * MIB)
#define BOTH (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

static struct peerbar_device *dev;
static void *const memory = (void *)0x7000000000;	/* nobody looks there */

static int setup(void **state)
{
	if (fake_setup(state))
		return -1;
	fake_usual();
	return peerbar_open(GPU, &dev);
}

static int teardown(void **state)
{
	peerbar_close(dev);
	return fake_teardown(state);
}

static uint64_t map(uint64_t length)
{
	uint64_t iova = 0;

	assert_int_equal(peerbar_ioas_map_memory(dev, memory, length, &iova), 0);
	assert_int_equal(fake->mapped.request, VFIO_IOMMU_MAP_DMA);
	assert_int_equal(fake->mapped.iova, iova);
	assert_int_equal(fake->mapped.length, length);
	return iova;
}

static int fails(uint64_t length)
{
	uint64_t iova;

	return peerbar_ioas_map_memory(dev, memory, length, &iova);
}

static void unmap(uint64_t iova, uint64_t length)
{
	assert_int_equal(peerbar_ioas_unmap(dev, iova, length), 0);
	assert_int_equal(fake->mapped.request, VFIO_IOMMU_UNMAP_DMA);
	assert_int_equal(fake->mapped.iova, iova);
	assert_int_equal(fake->mapped.length, length);
}

static void maps_and_unmaps(void **state)
{
	uint64_t iova = map(2 * PAGE);

	(void)state;
	assert_true(iova);
	assert_int_equal(fake->mapped.from, (uintptr_t)memory);
	assert_int_equal(fake->mapped.flags, BOTH);
	unmap(iova, 2 * PAGE);
	assert_int_equal(map(2 * PAGE), iova);
}

static void nothing_overlaps(void **state)
{
	uint64_t first = map(PAGE), second = map(3 * PAGE), third = map(PAGE);

	(void)state;
	assert_int_equal(second, first + PAGE);
	assert_int_equal(third, second + 3 * PAGE);
	unmap(second, 3 * PAGE);
	assert_int_equal(map(4 * PAGE), third + PAGE);	/* the gap is too small for these */
	assert_int_equal(map(2 * PAGE), second);
	assert_int_equal(map(PAGE), second + 2 * PAGE);
}

static void large_ones_are_aligned(void **state)
{
	uint64_t small = map(PAGE);

	(void)state;
	assert_int_equal(map(LARGE + PAGE) % LARGE, 0);
	assert_int_equal(map(PAGE), small + PAGE);
}

/* What does not fit below the reserved page is above it. */
static void avoids_what_is_reserved(void **state)
{
	(void)state;
	fake->reserved = 4 * MIB;
	assert_int_equal(map(MIB), MIB);
	assert_int_equal(map(LARGE + PAGE), 6 * MIB);
	assert_int_equal(map(LARGE), 2 * MIB);
	assert_int_equal(map(PAGE), 4 * MIB + PAGE);
}

static void may_be_full(void **state)
{
	uint64_t first;

	(void)state;
	fake->reserved = 3 * MIB;
	fake->last = 3 * MIB + PAGE;	/* one byte above the reserved page */
	assert_int_equal(fails(2 * MIB + PAGE), -ENOSPC);
	assert_sentence(GPU, "unmap", NULL);
	assert_int_equal(fails(UINT64_MAX - PAGE + 1), -ENOSPC);
	first = map(MIB);
	map(MIB);
	assert_int_equal(fails(PAGE), -ENOSPC);
	unmap(first, MIB);
	assert_int_equal(map(MIB), first);
}

/* To its very end, where sums wrap around to 0. */
static void ends_with_64_bits(void **state)
{
	uint64_t all = UINT64_MAX - 4 * PAGE - PAGE + 1;

	(void)state;
	fake->reserved = 4 * PAGE;
	fake->last = UINT64_MAX;
	assert_int_equal(fails(all), -ENOSPC);	/* the lowest addresses are not used */
	map((all - MIB) / LARGE * LARGE);
	assert_int_equal(fails(LARGE), -ENOSPC);
}

static void what_the_kernel_refuses(void **state)
{
	uint64_t iova;

	(void)state;
	fake->map_errno = ENOMEM;
	assert_int_equal(fails(PAGE), -ENOMEM);
	assert_sentence("ulimit -l", NULL);
	fake->map_errno = EFAULT;
	assert_int_equal(fails(PAGE), -EFAULT);
	assert_sentence("read and write", NULL);
	fake->map_errno = 0;
	iova = map(PAGE);	/* nothing was left there */
	assert_int_equal(map(PAGE), iova + PAGE);
	assert_int_equal(fails(0), -EINVAL);
	assert_int_equal(fails(512), -EINVAL);
	assert_sentence("whole pages", NULL);
}

static void nothing_to_unmap(void **state)
{
	uint64_t iova = map(2 * PAGE);

	(void)state;
	assert_int_equal(peerbar_ioas_unmap(dev, iova, PAGE), -EINVAL);
	assert_int_equal(peerbar_ioas_unmap(dev, iova + PAGE, PAGE), -EINVAL);
	assert_int_equal(peerbar_ioas_unmap(dev, iova, 0), -EINVAL);
	assert_int_equal(peerbar_ioas_unmap(dev, 0, UINT64_MAX), -EINVAL);
	assert_int_equal(fake->mapped.request, VFIO_IOMMU_MAP_DMA);
	unmap(iova, 2 * PAGE);
	assert_int_equal(peerbar_ioas_unmap(dev, iova, 2 * PAGE), -EINVAL);
	assert_sentence("mapped for", GPU, NULL);
}

/* The devices of a group have one address space. */
static void a_group_has_one(void **state)
{
	struct peerbar_device *other;
	uint64_t iova, first = map(PAGE);

	(void)state;
	fake_device("0000:01:00.1", "vfio-pci", 7, true);
	assert_int_equal(peerbar_open("0000:01:00.1", &other), 0);
	assert_int_equal(peerbar_ioas_map_memory(other, memory, PAGE, &iova), 0);
	assert_int_equal(iova, first + PAGE);
	peerbar_close(other);
	unmap(iova, PAGE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(maps_and_unmaps),
		TEST(nothing_overlaps),
		TEST(large_ones_are_aligned),
		TEST(avoids_what_is_reserved),
		TEST(may_be_full),
		TEST(ends_with_64_bits),
		TEST(what_the_kernel_refuses),
		TEST(nothing_to_unmap),
		TEST(a_group_has_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
