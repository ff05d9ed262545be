// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Information about a device's BARs, mapping them, and exporting ranges of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "fake.h"
#include "peerbar.h"
#include "uapi.h"

#define GPU "0000:01:00.0"
#define PAGE 4096u
#define MIB (1u << 20)

static int open_gpu(void **state)
{
	if (fake_setup(state))
		return -1;
	fake_usual();
	return peerbar_open(GPU, (struct peerbar_device **)state);
}

static int close_gpu(void **state)
{
	peerbar_close(*state);
	return fake_teardown(state);
}

static void lists_bars(void **state)
{
	struct peerbar_bar bar;

	assert_int_equal(peerbar_bar(*state, 0, &bar), 0);
	assert_int_equal(bar.size, FAKE_BAR0_SIZE);
	assert_false(bar.mappable);
	assert_false(bar.exportable);
	assert_int_equal(peerbar_bar(*state, 1, &bar), 0);
	assert_int_equal(bar.size, 0);	/* I/O ports */
	assert_int_equal(peerbar_bar(*state, 2, &bar), 0);
	assert_int_equal(bar.size, FAKE_BAR2_SIZE);
	assert_true(bar.mappable);
	assert_true(bar.exportable);
	assert_int_equal(peerbar_bar(*state, 3, &bar), 0);
	assert_int_equal(bar.size, 0);
	assert_int_equal(peerbar_bar(*state, 4, &bar), 0);
	assert_true(bar.mappable);
	assert_int_equal(peerbar_bar(*state, PEERBAR_NR_BARS, &bar), -ENODEV);
	assert_sentence("no BAR 6", "0 to 5", NULL);
}

static void maps_a_part(void **state)
{
	uint32_t *map = peerbar_map(*state, 2, 2 * PAGE, PAGE), *again;

	assert_non_null(map);
	map[1] = 0x600dcafe;
	again = peerbar_map(*state, 2, 0, FAKE_BAR2_SIZE);
	assert_int_equal((uintptr_t)again % FAKE_BAR2_SIZE, 0);
	assert_non_null(again);
	assert_int_equal(again[2 * PAGE / 4 + 1], 0x600dcafe);
	assert_int_equal(peerbar_unmap(map, PAGE), 0);
	assert_int_equal(peerbar_unmap(map, PAGE), -EINVAL);
	assert_sentence("peerbar_map()", NULL);
	assert_int_equal(peerbar_unmap(again, PAGE), -EINVAL);
	assert_int_equal(peerbar_unmap(again, FAKE_BAR2_SIZE), 0);
}

static void map_refused(void *dev, unsigned int bar, uint64_t offset, size_t length, int err)
{
	errno = 0;
	assert_null(peerbar_map(dev, bar, offset, length));
	assert_int_equal(errno, err);
}

/* Bytes of address space that this process has reserved or mapped. */
static size_t mapped_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu", &pages), 1);
	fclose(file);
	return pages * PAGE;
}

/* A mapping is aligned to the largest power of two in its size, even beyond a huge page. */
static void aligns_what_it_maps(void **state)
{
	static const struct {
		size_t length, align;
	} table[] = {
		{ PAGE, PAGE }, { 3 * PAGE, 2 * PAGE }, { MIB, MIB },
		{ 2 * MIB, 2 * MIB }, { 4 * MIB, 4 * MIB }, { FAKE_BAR2_SIZE, FAKE_BAR2_SIZE },
		{ 4 * MIB + PAGE, 4 * MIB },
	};
	unsigned int i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		void *map = peerbar_map(*state, 2, 0, table[i].length);

		assert_non_null(map);
		assert_int_equal((uintptr_t)map % table[i].align, 0);
		assert_int_equal(peerbar_unmap(map, table[i].length), 0);
	}
}

/* Address space reserved for alignment is released, whether the mapping succeeds or not. */
static void reserves_nothing_for_good(void **state)
{
	struct peerbar_device *dev = *state;
	size_t before = mapped_bytes();
	int real = dev->fd;
	unsigned int i;
	void *map;

	map = peerbar_map(dev, 2, 0, FAKE_BAR2_SIZE);
	assert_non_null(map);
	assert_in_range(mapped_bytes(), before + FAKE_BAR2_SIZE, before + FAKE_BAR2_SIZE + MIB);
	assert_int_equal(peerbar_unmap(map, FAKE_BAR2_SIZE), 0);

	dev->fd = open("/", O_PATH | O_CLOEXEC);	/* cannot be mapped */
	for (i = 0; i < 8; i++)
		map_refused(dev, 2, 0, FAKE_BAR2_SIZE, EBADF);
	close(dev->fd);
	dev->fd = real;
	assert_in_range(mapped_bytes(), 0, before + MIB);
}

static void close_unmaps(void **state)
{
	struct peerbar_device *dev;
	void *mine, *other;

	fake_device("0000:02:00.0", "vfio-pci", 9, true);
	fake_vfio_nodes(9);
	other = peerbar_map(*state, 2, 0, PAGE);
	assert_non_null(other);
	assert_int_equal(peerbar_open("02:00.0", &dev), 0);
	mine = peerbar_map(dev, 2, 0, PAGE);
	assert_non_null(mine);
	peerbar_close(dev);
	assert_int_equal(peerbar_unmap(mine, PAGE), -EINVAL);
	assert_int_equal(peerbar_unmap(other, PAGE), 0);
}

static void refuses_maps(void **state)
{
	map_refused(*state, 6, 0, PAGE, ENODEV);
	assert_sentence("no BAR 6", NULL);
	map_refused(*state, 1, 0, PAGE, ENODEV);
	assert_sentence("no memory BAR 1", NULL);
	map_refused(*state, 0, 0, PAGE, EINVAL);
	assert_sentence("BAR 0", "256 bytes", "less than a page", NULL);
	map_refused(*state, 2, 0, 0, EINVAL);
	assert_sentence("empty", NULL);
	map_refused(*state, 2, 1, PAGE, EINVAL);
	assert_sentence("page size", NULL);
	map_refused(*state, 2, FAKE_BAR2_SIZE, PAGE, EINVAL);
	assert_sentence("outside BAR 2", NULL);
	map_refused(*state, 4, 0, 3 * PAGE, ENOTSUP);
	assert_sentence("MSI-X", NULL);
	map_refused(*state, 4, PAGE, PAGE, ENOTSUP);
	assert_non_null(peerbar_map(*state, 4, 0, PAGE));
	assert_non_null(peerbar_map(*state, 4, 2 * PAGE, FAKE_BAR4_SIZE - 2 * PAGE));
}

static void exports_ranges_in_their_order(void **state)
{
	const struct peerbar_range ranges[] = { { 8 * PAGE, 2 * PAGE }, { 0, PAGE } };
	struct vfio_device_feature *feature = (void *)fake->feature;
	struct vfio_device_feature_dma_buf *arg = (void *)feature->data;
	int fd = peerbar_export(*state, 2, ranges, 2, O_RDWR);

	assert_true(fd > 2);
	close(fd);
	assert_int_equal(fake->feature_size, 8 + 16 + 2 * 16);
	assert_int_equal(feature->flags, VFIO_DEVICE_FEATURE_GET | 11);
	assert_int_equal(arg->region_index, 2);
	assert_int_equal(arg->open_flags, O_RDWR | O_CLOEXEC);
	assert_int_equal(arg->flags, 0);
	assert_int_equal(arg->nr_ranges, 2);
	assert_int_equal(arg->dma_ranges[0].offset, 8 * PAGE);
	assert_int_equal(arg->dma_ranges[0].length, 2 * PAGE);
	assert_int_equal(arg->dma_ranges[1].offset, 0);
	assert_int_equal(arg->dma_ranges[1].length, PAGE);
}

/* Adjacent ranges touch but do not overlap. */
static void exports_neighbours(void **state)
{
	const struct peerbar_range ranges[] = { { PAGE, PAGE }, { 0, PAGE }, { 2 * PAGE, PAGE } };
	int fd = peerbar_export(*state, 2, ranges, 3, O_RDWR);

	assert_true(fd > 2);
	close(fd);
}

static void gives_no_standard_descriptor(void **state)
{
	const struct peerbar_range range = { 0, PAGE };
	int standard, saved, fd;

	for (standard = STDIN_FILENO; standard <= STDERR_FILENO; standard++) {
		saved = fcntl(standard, F_DUPFD_CLOEXEC, 3);
		assert_true(saved >= 0);
		close(standard);
		fd = peerbar_export(*state, 2, &range, 1, O_RDONLY);
		dup2(saved, standard);
		close(saved);
		assert_true(fd > 2);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		close(fd);
	}
}

static void refuses_ranges(void **state)
{
	static const struct {
		struct peerbar_range ranges[3];
		unsigned int n;
		const char *word;
	} bad[] = {
		{ { { 0, 0 } }, 1, "empty" },
		{ { { 0, PAGE }, { PAGE, 0 } }, 2, "empty" },
		{ { { 1, PAGE } }, 1, "page size" },
		{ { { 0, PAGE - 1 } }, 1, "page size" },
		{ { { 0, FAKE_BAR2_SIZE + PAGE } }, 1, "outside BAR 2" },
		{ { { FAKE_BAR2_SIZE, PAGE } }, 1, "outside BAR 2" },
		{ { { -(uint64_t)PAGE, 2 * PAGE } }, 1, "outside BAR 2" },
		{ { { PAGE, -(uint64_t)PAGE } }, 1, "outside BAR 2" },
		{ { { 0, PAGE }, { 0, PAGE } }, 2, "overlap" },
		{ { { 4 * PAGE, PAGE }, { 0, PAGE }, { 3 * PAGE, 2 * PAGE } }, 3, "overlap" },
		{ { { 0, PAGE } }, 0, "0 ranges" },
		{ { { 0, PAGE } }, 1u << 31, "ranges are not between" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(peerbar_export(*state, 2, bad[i].ranges, bad[i].n, O_RDWR),
				 -EINVAL);
		assert_sentence(bad[i].word, NULL);
	}
	assert_int_equal(fake->feature_size, 0);	/* the kernel was not asked */
}

static void refuses_bars_and_flags(void **state)
{
	const struct peerbar_range range = { 0, PAGE };

	assert_int_equal(peerbar_export(*state, 6, &range, 1, O_RDWR), -ENODEV);
	assert_sentence("no BAR 6", NULL);
	assert_int_equal(peerbar_export(*state, 3, &range, 1, O_RDWR), -ENODEV);
	assert_sentence("no memory BAR 3", GPU, NULL);
	assert_int_equal(peerbar_export(*state, 2, &range, 1, O_ACCMODE), -EINVAL);
	assert_int_equal(peerbar_export(*state, 2, &range, 1, O_RDWR | O_NONBLOCK), -EINVAL);
	assert_sentence("O_RDWR", NULL);
	assert_int_equal(fake->feature_size, 0);
}

static void tells_of_a_kernel_without_the_feature(void **state)
{
	const struct peerbar_range range = { 0, PAGE };

	assert_int_equal(peerbar_can_export(*state), 0);
	fake->probe_errno = ENOTTY;
	assert_int_equal(peerbar_can_export(*state), -ENOTSUP);
	assert_sentence("vfio-pci of kernel", "peerbar-vfio-pci", "6.19", NULL);
	fake->export_errno = ENOTTY;
	assert_int_equal(peerbar_export(*state, 2, &range, 1, O_RDWR), -ENOTSUP);
	assert_sentence("vfio-pci of kernel", "peerbar-vfio-pci", "6.19", NULL);
	fake->export_errno = EINVAL;
	assert_int_equal(peerbar_export(*state, 2, &range, 1, O_RDWR), -EINVAL);
	assert_sentence("BAR 2", GPU, "MSI-X", NULL);
	fake->export_errno = EMFILE;
	assert_int_equal(peerbar_export(*state, 2, &range, 1, O_RDWR), -EMFILE);
	assert_sentence(strerror(EMFILE), NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_gpu, close_gpu)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lists_bars),
		TEST(maps_a_part),
		TEST(aligns_what_it_maps),
		TEST(reserves_nothing_for_good),
		TEST(close_unmaps),
		TEST(refuses_maps),
		TEST(exports_ranges_in_their_order),
		TEST(exports_neighbours),
		TEST(gives_no_standard_descriptor),
		TEST(refuses_ranges),
		TEST(refuses_bars_and_flags),
		TEST(tells_of_a_kernel_without_the_feature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
