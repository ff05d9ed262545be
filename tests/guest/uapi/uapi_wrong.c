// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Wrong calls: every field of the two structures at its limits, alone and in pairs; a pair
 * shows which check comes first. Calls that look wrong and that Linux 7.3 accepts all the same
 * are here too, with 0 expected: overlapping ranges, an argsz that covers no range, any
 * open_flags.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/census.h"
#include "lib/pci.h"
#include "lib/rig.h"
#include "lib/tap.h"
#include "uapi.h"

#define GET VFIO_DEVICE_FEATURE_GET
#define SET VFIO_DEVICE_FEATURE_SET
#define PROBE VFIO_DEVICE_FEATURE_PROBE
#define DMA_BUF VFIO_DEVICE_FEATURE_DMA_BUF
#define HEADERS ((uint32_t)offsetof(struct vfio_dma_buf_call, range))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum field { ARGSZ, FLAGS, REGION, OPEN_FLAGS, BUF_FLAGS, NR };

struct change {
	const char *what;
	enum field field;
	uint32_t value;
	int error;
};

static const struct change changes[] = {
	{ "argsz 0", ARGSZ, 0, EINVAL },
	{ "argsz 1", ARGSZ, 1, EINVAL },
	{ "argsz below the first header", ARGSZ, sizeof(struct vfio_device_feature) - 1, EINVAL },
	{ "argsz of the first header", ARGSZ, sizeof(struct vfio_device_feature), EINVAL },
	{ "argsz ends in region_index", ARGSZ, sizeof(struct vfio_device_feature) + 2, EINVAL },
	{ "argsz one below both headers", ARGSZ, HEADERS - 1, EINVAL },
	{ "argsz of both headers, no range", ARGSZ, HEADERS, 0 },
	{ "argsz ends in the range", ARGSZ, HEADERS + 8, 0 },
	{ "argsz of one range", ARGSZ, HEADERS + 16, 0 },
	{ "argsz 2^31", ARGSZ, 1u << 31, 0 },
	{ "argsz 2^32 - 1", ARGSZ, UINT32_MAX, 0 },

	{ "no operation", FLAGS, DMA_BUF, EINVAL },
	{ "SET", FLAGS, SET | DMA_BUF, EINVAL },
	{ "GET and SET", FLAGS, GET | SET | DMA_BUF, EINVAL },
	{ "PROBE and SET", FLAGS, PROBE | SET | DMA_BUF, EINVAL },
	{ "PROBE, GET and SET", FLAGS, PROBE | GET | SET | DMA_BUF, EINVAL },
	{ "unknown operation, bit 19", FLAGS, GET | 1u << 19 | DMA_BUF, EINVAL },
	{ "unknown operation, bit 31", FLAGS, GET | 1u << 31 | DMA_BUF, EINVAL },
	{ "all bits", FLAGS, UINT32_MAX, EINVAL },
	{ "unknown feature", FLAGS, GET | 0xfffe, ENOTTY },
	{ "last feature", FLAGS, GET | VFIO_DEVICE_FEATURE_MASK, ENOTTY },
	{ "unknown feature, probed", FLAGS, PROBE | 0xfffe, ENOTTY },

	{ "ROM region", REGION, VFIO_PCI_ROM_REGION_INDEX, ENODEV },
	{ "configuration space", REGION, VFIO_PCI_CONFIG_REGION_INDEX, ENODEV },
	{ "VGA region", REGION, VFIO_PCI_VGA_REGION_INDEX, ENODEV },
	{ "first region past VFIO's own", REGION, VFIO_PCI_NUM_REGIONS, ENODEV },
	{ "region 2^31", REGION, 1u << 31, ENODEV },
	{ "region 2^32 - 1", REGION, UINT32_MAX, ENODEV },

	{ "open_flags with the access mode 3", OPEN_FLAGS, O_ACCMODE, 0 },
	{ "open_flags O_CREAT | O_EXCL", OPEN_FLAGS, O_CREAT | O_EXCL, 0 },
	{ "open_flags O_TRUNC", OPEN_FLAGS, O_TRUNC, 0 },
	{ "open_flags O_DIRECTORY", OPEN_FLAGS, O_DIRECTORY, 0 },
	{ "open_flags O_APPEND", OPEN_FLAGS, O_APPEND, 0 },
	{ "open_flags O_DIRECT", OPEN_FLAGS, O_DIRECT, 0 },
	{ "open_flags bit 31", OPEN_FLAGS, 1u << 31, 0 },

	{ "flags 1", BUF_FLAGS, 1, EINVAL },
	{ "flags 2^31", BUF_FLAGS, 1u << 31, EINVAL },
	{ "flags 2^32 - 1", BUF_FLAGS, UINT32_MAX, EINVAL },

	{ "nr_ranges 0", NR, 0, EINVAL },
	{ "nr_ranges 2, the second is zero", NR, 2, EINVAL },
	{ "nr_ranges 2^28: 4 GiB of ranges", NR, 1u << 28, ENOMEM },
	{ "nr_ranges 2^31", NR, 1u << 31, ENOMEM },
	{ "nr_ranges 2^32 - 1", NR, UINT32_MAX, ENOMEM },
};

static void change(struct vfio_dma_buf_call *call, enum field field, uint32_t value)
{
	uint32_t *const at[] = {
		[ARGSZ] = &call->argsz, [FLAGS] = &call->flags,
		[REGION] = &call->region_index, [OPEN_FLAGS] = &call->open_flags,
		[BUF_FLAGS] = &call->buf_flags, [NR] = &call->nr_ranges,
	};

	*at[field] = value;
}

/* Make one call, and close what it exported. */
static void expect(int fd, struct vfio_dma_buf_call *call, int error, const char *name,
		   const char *what)
{
	int got = uapi_call(fd, call);

	uapi_expect(got, -error, name, what);
	if (got > 0)
		close(got);
}

static void fields(int fd)
{
	for (unsigned int i = 0; i < COUNT(changes); i++) {
		struct vfio_dma_buf_call call = uapi_right_call();

		change(&call, changes[i].field, changes[i].value);
		expect(fd, &call, changes[i].error, "wrong", changes[i].what);
	}
}

/* Two or more wrong fields: the errno is that of the check that comes first. */
static void pairs(int fd)
{
	static const struct {
		const char *what;
		enum field field[2];
		uint32_t value[2];
		int error;
	} cases[] = {
		{ "short argsz, unknown feature", { ARGSZ, FLAGS }, { 4, GET | 0xfffe }, EINVAL },
		{ "SET and no range", { FLAGS, NR }, { SET | DMA_BUF, 0 }, EINVAL },
		{ "no range and no region", { NR, REGION }, { 0, 99 }, EINVAL },
		{ "flags and no region", { BUF_FLAGS, REGION }, { 1, 99 }, EINVAL },
		{ "no region and too many ranges", { REGION, NR }, { 99, UINT32_MAX }, ENODEV },
		{ "flags and too many ranges", { BUF_FLAGS, NR }, { 1, UINT32_MAX }, EINVAL },
		{ "PROBE with everything else wrong", { FLAGS, NR }, { PROBE | DMA_BUF, 0 }, 0 },
	};

	for (unsigned int i = 0; i < COUNT(cases); i++) {
		struct vfio_dma_buf_call call = uapi_right_call();

		change(&call, cases[i].field[0], cases[i].value[0]);
		change(&call, cases[i].field[1], cases[i].value[1]);
		expect(fd, &call, cases[i].error, "wrong twice", cases[i].what);
	}
}

struct range_case {
	const char *what;
	uint32_t nr;
	struct vfio_region_dma_range range[VFIO_RANGES];
	int error;
};

static void run_ranges(int fd, const struct range_case *cases, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		struct vfio_dma_buf_call call = uapi_right_call();

		call.nr_ranges = cases[i].nr;
		memcpy(call.range, cases[i].range, sizeof(call.range));
		expect(fd, &call, cases[i].error, "ranges", cases[i].what);
	}
}

/* @b: size of the BAR. */
static void one_range(int fd, uint64_t b)
{
	const uint64_t top = 1ull << 63, last = UINT64_MAX - PAGE + 1;
	const struct range_case cases[] = {
		{ "empty", 1, { { 0, 0 } }, EINVAL },
		{ "empty, at the end", 1, { { b, 0 } }, EINVAL },
		{ "one byte", 1, { { 0, 1 } }, EINVAL },
		{ "a page less one", 1, { { 0, PAGE - 1 } }, EINVAL },
		{ "a page and one", 1, { { 0, PAGE + 1 } }, EINVAL },
		{ "offset 1", 1, { { 1, PAGE } }, EINVAL },
		{ "offset in the middle of a page", 1, { { PAGE / 2, PAGE } }, EINVAL },
		{ "offset and length unaligned alike", 1, { { 8, PAGE - 8 } }, EINVAL },
		{ "all of the BAR and a page", 1, { { 0, b + PAGE } }, EINVAL },
		{ "starts at the end", 1, { { b, PAGE } }, EINVAL },
		{ "starts past the end", 1, { { b + PAGE, PAGE } }, EINVAL },
		{ "last page and one more", 1, { { b - PAGE, 2 * PAGE } }, EINVAL },
		{ "2^62 bytes", 1, { { 0, 1ull << 62 } }, EINVAL },
		{ "2^63 - 4096 bytes", 1, { { 0, top - PAGE } }, EINVAL },
		{ "2^63 bytes", 1, { { 0, top } }, EINVAL },
		{ "2^64 - 4096 bytes", 1, { { 0, last } }, EINVAL },
		{ "2^64 - 1 bytes", 1, { { 0, UINT64_MAX } }, EINVAL },
		{ "offset 2^63", 1, { { top, PAGE } }, EINVAL },
		{ "offset 2^64 - 4096 wraps", 1, { { last, PAGE } }, EOVERFLOW },
		{ "offset 2^64 - 4096 wraps into the BAR", 1, { { last, 2 * PAGE } }, EOVERFLOW },
		{ "offset 2^64 - 1", 1, { { UINT64_MAX, PAGE } }, EINVAL },
		{ "offset and length wrap together", 1, { { top, top - PAGE } }, EOVERFLOW },
	};

	run_ranges(fd, cases, COUNT(cases));
}

static void several_ranges(int fd, uint64_t b)
{
	const uint64_t top = 1ull << 63, last = UINT64_MAX - PAGE + 1;
	const struct range_case cases[] = {
		{ "the same one twice", 2, { { 0, PAGE }, { 0, PAGE } }, 0 },
		{ "overlapping", 2, { { 0, 2 * PAGE }, { PAGE, 2 * PAGE } }, 0 },
		{ "one in the other", 2, { { 0, 8 * PAGE }, { PAGE, PAGE } }, 0 },
		{ "half of the BAR twice", 2, { { 0, b / 2 }, { 0, b / 2 } }, 0 },
		{ "all of the BAR, and a page past its end", 2, { { 0, b }, { b, PAGE } }, EINVAL },
		{ "all of the BAR twice, and one that wraps", 3,
		  { { 0, b }, { 0, b }, { last, PAGE } }, EOVERFLOW },
		{ "the second is empty", 2, { { 0, PAGE }, { PAGE, 0 } }, EINVAL },
		{ "the second is unaligned", 2, { { 0, PAGE }, { PAGE + 8, PAGE } }, EINVAL },
		{ "the second is past the end", 2, { { 0, PAGE }, { b, PAGE } }, EINVAL },
		{ "the second wraps", 2, { { 0, PAGE }, { last, PAGE } }, EOVERFLOW },
		{ "the last of four is past the end", 4,
		  { { 0, PAGE }, { PAGE, PAGE }, { 0, PAGE }, { b, PAGE } }, EINVAL },
		{ "the first wraps, the second is empty", 2, { { last, PAGE }, { 0, 0 } }, EINVAL },
		{ "the first is past the end, the second wraps", 2,
		  { { b, PAGE }, { last, PAGE } }, EINVAL },
		{ "the first wraps, the second is past the end", 2,
		  { { last, PAGE }, { b, PAGE } }, EOVERFLOW },
		{ "the sum is 2^63", 2, { { 0, top - PAGE }, { 0, PAGE } }, EINVAL },
		{ "the sum is 2^64", 2, { { 0, top }, { 0, top } }, EINVAL },
		{ "the sum wraps to a page", 3, { { 0, top }, { 0, top }, { 0, PAGE } }, EINVAL },
	};

	run_ranges(fd, cases, COUNT(cases));
}

/* Regions that are not memory BARs of this device. */
static void other_bars(int fd)
{
	char what[64];

	for (unsigned int bar = 0; bar < VFIO_PCI_ROM_REGION_INDEX; bar++) {
		struct vfio_dma_buf_call call = uapi_right_call();
		uint64_t size = vfio_region_size(fd, bar);

		if (size >= PAGE)
			continue;
		call.region_index = bar;
		snprintf(what, sizeof(what), "a page of BAR %u, which has %" PRIu64 " bytes", bar,
			 size);
		expect(fd, &call, size ? EINVAL : ENODEV, "wrong", what);
		call.nr_ranges = UINT32_MAX;
		snprintf(what, sizeof(what), "too many ranges of BAR %u, which has %" PRIu64
			 " bytes", bar, size);
		expect(fd, &call, size ? ENOMEM : ENODEV, "wrong", what);
	}
}

/* An I/O BAR, of any device that has one. */
void uapi_wrong_io(void)
{
	static const char name[] = "wrong: a page of an I/O BAR";
	struct vfio_dma_buf_call call = uapi_right_call();
	char driver[64] = "", address[32];
	struct vfio vfio;

	pci_driver(rig_gpu(), driver, sizeof(driver));
	if (!pci_find_io(driver, address, sizeof(address), &call.region_index)) {
		tap_skip(name, "no device of the exporter's driver has one");
		return;
	}
	vfio_open(&vfio, address);
	expect(vfio.fd, &call, EINVAL, "wrong", "a page of an I/O BAR");
	call.range[0].length = 1;
	expect(vfio.fd, &call, EINVAL, "wrong", "a byte of an I/O BAR");
	call.nr_ranges = UINT32_MAX;
	expect(vfio.fd, &call, ENOMEM, "wrong", "too many ranges of an I/O BAR");
	vfio_close(&vfio);
}

void uapi_wrong(const struct vfio *vfio)
{
	uint64_t size = vfio_region_size(vfio->fd, rig_bar());
	struct census before, after;

	census_take(&before, rig_ibdev());
	fields(vfio->fd);
	pairs(vfio->fd);
	one_range(vfio->fd, size);
	several_ranges(vfio->fd, size);
	other_bars(vfio->fd);
	census_take(&after, rig_ibdev());
	census_check(&before, &after, "wrong calls leave nothing behind");
}
