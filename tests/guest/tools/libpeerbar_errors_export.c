// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Exports and CPU mappings that must be refused. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/rig.h"
#include "lib/tap.h"
#include "libpeerbar_errors.h"

#define PAGE 4096u
#define TOO_MANY 100000u
#define DRIVER_RANGES 512u	/* the limit of peerbar-vfio-pci */

static uint64_t bar_size;
static struct peerbar_device *dev;

static void refuse_ranges(const char *name, unsigned int bar, const struct peerbar_range *ranges,
			  unsigned int nr, int flags, int expected, const char *words)
{
	int fd = peerbar_export(dev, bar, ranges, nr, flags);

	expect_error(name, fd < 0 ? -fd : 0, expected, words);
	if (fd >= 0)
		close(fd);
}

static void refuse(const char *name, uint64_t offset, uint64_t length, const char *words)
{
	struct peerbar_range range = { offset, length };
	void *map;

	refuse_ranges(name, rig_bar(), &range, 1, O_RDWR, EINVAL, words);
	errno = 0;
	map = peerbar_map(dev, rig_bar(), offset, length);
	expect_error("the same range for the CPU", map ? 0 : errno, EINVAL, words);
}

static void bad_ranges(void)
{
	refuse("export: empty range", 0, 0, "empty");
	refuse("export: unaligned offset", 1, PAGE, "multiple page");
	refuse("export: unaligned length", 0, PAGE + 1, "multiple page");
	refuse("export: one page past the BAR", bar_size, PAGE, "outside BAR");
	refuse("export: ends past the BAR", bar_size - PAGE, 2 * PAGE, "outside BAR");
	refuse("export: far past the BAR", bar_size << 8, PAGE, "outside BAR");
	refuse("export: wraps around", PAGE, UINT64_MAX - PAGE + 1, "outside BAR");
	refuse("export: offset near 2^64", UINT64_MAX - PAGE + 1, 2 * PAGE, "outside BAR");
}

static void bad_lists(void)
{
	struct peerbar_range overlap[] = { { 0, 2 * PAGE }, { 8 * PAGE, PAGE }, { PAGE, PAGE } };
	struct peerbar_range second[] = { { 0, PAGE }, { PAGE, PAGE + 1 } };
	struct peerbar_range *many = calloc(TOO_MANY, sizeof(*many));

	if (!many)
		tap_die("export: too many ranges", "out of memory");
	for (unsigned int i = 0; i < TOO_MANY; i++)
		many[i] = (struct peerbar_range){ (uint64_t)i * PAGE, PAGE };
	refuse_ranges("export: no range", rig_bar(), many, 0, O_RDWR, EINVAL, "ranges between");
	refuse_ranges("export: too many ranges", rig_bar(), many, TOO_MANY, O_RDWR, EINVAL,
		      "ranges between");
	if (rig_exporter_is_ours())
		refuse_ranges("export: one range more than the driver takes", rig_bar(), many,
			      DRIVER_RANGES + 1, O_RDWR, ENOMEM, "513 512 peerbar-vfio-pci");
	refuse_ranges("export: overlapping ranges", rig_bar(), overlap, 3, O_RDWR, EINVAL,
		      "overlap");
	refuse_ranges("export: a bad second range", rig_bar(), second, 2, O_RDWR, EINVAL,
		      "multiple page");
	refuse_ranges("export: bad flags", rig_bar(), many, 1, O_RDWR | O_TRUNC, EINVAL, "flags");
	refuse_ranges("export: mode 3", rig_bar(), many, 1, O_ACCMODE, EINVAL, "flags");
	free(many);
}

static void bad_bars(void)
{
	struct peerbar_range page = { 0, PAGE };
	struct peerbar_bar info;

	refuse_ranges("export: BAR 1, which the device has not", 1, &page, 1, O_RDWR, ENODEV,
		      "no memory BAR 1 show");
	refuse_ranges("export: BAR 6", 6, &page, 1, O_RDWR, ENODEV, "no BAR 6 0 5");
	refuse_ranges("export: BAR 2^32 - 1", UINT32_MAX, &page, 1, O_RDWR, ENODEV, "no BAR");
	expect_error("bar: BAR 6", -peerbar_bar(dev, 6, &info), ENODEV, "no BAR 6");
	expect_error("unmap: not a mapping", -peerbar_unmap(&info, PAGE), EINVAL,
		     "not mapping");
}

void errors_of_export(void)
{
	struct peerbar_bar info;

	if (peerbar_open(rig_gpu(), &dev) || peerbar_bar(dev, rig_bar(), &info))
		tap_die("export", "%s", peerbar_errmsg());
	bar_size = info.size;
	bad_ranges();
	bad_lists();
	bad_bars();
	peerbar_close(dev);
}
