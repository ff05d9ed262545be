// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Limits of a buffer: peerbar-vfio-pci accepts at most 512 ranges, counted as the caller gives
 * them, and in all no more bytes than the BAR has, even if ranges repeat. The kernel's exporter
 * has no such limits. Also: however many ranges there are, the NIC gets one run of addresses.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/census.h"
#include "lib/exporter.h"
#include "lib/rig.h"
#include "lib/tap.h"
#include "lib/test_importer.h"
#include "uapi.h"

#define ROOM 1024u

/* Export @nr ranges, and close the result. */
static int try_export(int fd, const struct vfio_region_dma_range *range, unsigned int nr)
{
	int got = vfio_export_ranges(fd, rig_bar(), range, nr, O_RDWR);

	if (got >= 0)
		close(got);
	return got;
}

/* More than our exporter accepts. What the kernel's does is reported and not judged. */
static void too_much(int fd, const struct vfio_region_dma_range *range, unsigned int nr,
		     const char *what)
{
	int got = try_export(fd, range, nr);
	char text[96];

	snprintf(text, sizeof(text), "limits: %s", what);
	if (rig_exporter_is_ours())
		uapi_expect(got, -ENOMEM, "limits", what);
	else
		tap_skip(text, "the kernel's exporter has none: %s",
			 got < 0 ? strerrorname_np(-got) : "it works");
}

static void number(int fd)
{
	struct vfio_region_dma_range range[UAPI_RANGES + 1];

	vfio_scatter(range, UAPI_RANGES + 1);
	uapi_expect(try_export(fd, range, UAPI_RANGES), 0, "limits", "512 ranges");
	too_much(fd, range, UAPI_RANGES + 1, "513 ranges");
	range[1].length = 0;
	uapi_expect(try_export(fd, range, UAPI_RANGES), -EINVAL, "limits",
		    "512 ranges, one of them empty");
	for (unsigned int i = 0; i <= UAPI_RANGES; i++)
		range[i] = (struct vfio_region_dma_range){ i * (uint64_t)PAGE, PAGE };
	uapi_expect(try_export(fd, range, UAPI_RANGES), 0, "limits", "512 neighbours");
	too_much(fd, range, UAPI_RANGES + 1, "513 neighbours, which would be one");
}

static void bytes(int fd)
{
	uint64_t bar = vfio_region_size(fd, rig_bar());
	struct vfio_region_dma_range range[UAPI_RANGES] = {
		{ bar / 2, bar / 2 }, { 0, bar / 2 }, { 0, PAGE },
	};

	uapi_expect(try_export(fd, range, 2), 0, "limits", "all of the BAR, in two halves");
	too_much(fd, range, 3, "all of the BAR, and a page of it again");
	range[0] = (struct vfio_region_dma_range){ 0, bar };
	range[1] = range[0];
	too_much(fd, range, 2, "all of the BAR, twice");
	for (unsigned int i = 0; i < UAPI_RANGES; i++)
		range[i] = (struct vfio_region_dma_range){ 0, bar / UAPI_RANGES };
	uapi_expect(try_export(fd, range, UAPI_RANGES), 0, "limits", "a part of it, 512 times");
	range[0].length += PAGE;
	too_much(fd, range, UAPI_RANGES, "one page more than that");
}

/* Every entry begins where the one before it ends. */
static bool is_one_run(const struct pti_query *q, const struct pti_entry *entry, uint64_t size)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < q->nr_entries; i++) {
		if (entry[i].address != entry[0].address + total)
			return false;
		total += entry[i].length;
	}
	return total == size;
}

static void check_run(int importer, uint32_t handle, uint64_t size)
{
	static struct pti_entry entry[ROOM];
	char line[64];
	struct pti_query q;
	int ret = importer_query(importer, handle, &q, entry, ROOM);

	if (ret || !q.nr_entries || q.nr_entries > ROOM)
		tap_die("one run", "query: %s, %u entries", strerror(-ret), q.nr_entries);
	tap_check(is_one_run(&q, entry, size), "512 ranges are one run of addresses for the NIC",
		  "%u entries, the first of %" PRIu64 " bytes at %#" PRIx64, q.nr_entries,
		  (uint64_t)entry[0].length, (uint64_t)entry[0].address);
	snprintf(line, sizeof(line), "bytes=%" PRIu64 " ranges=%u", size, UAPI_RANGES);
	tap_check(exporter_shows(rig_gpu(), "attachments", "dma=") == 1 &&
		  exporter_shows(rig_gpu(), "attachments", line) == 1,
		  "debugfs has one line of that mapping", "%u lines, %u with \"%s\"",
		  exporter_shows(rig_gpu(), "attachments", "dma="),
		  exporter_shows(rig_gpu(), "attachments", line), line);
}

static void one_run(int fd)
{
	static const char name[] = "512 ranges, mapped";
	struct vfio_region_dma_range range[UAPI_RANGES];
	int importer = importer_open(), dmabuf, ret;
	uint32_t handle;

	vfio_scatter(range, UAPI_RANGES);
	dmabuf = vfio_export_ranges(fd, rig_bar(), range, UAPI_RANGES, O_RDWR);
	ret = importer_attach(importer, dmabuf, rig_nic(), PTI_DYNAMIC, PTI_UNMAP_AT_ONCE,
			      &handle);
	if (dmabuf < 0 || ret)
		tap_die(name, "export %d, attach %d", dmabuf, ret);
	ret = importer_map(importer, handle);
	if (uapi_no_ranges(ret))
		tap_skip(name, "the kernel's exporter gives %s", strerrorname_np(-ret));
	else if (uapi_expect(ret, 0, name, "the NIC can map it"))
		check_run(importer, handle, (uint64_t)UAPI_RANGES * PAGE);
	close(importer);
	close(dmabuf);
}

void uapi_limits(const struct vfio *vfio)
{
	struct census before, after;

	census_take(&before, rig_ibdev());
	number(vfio->fd);
	bytes(vfio->fd);
	census_take(&after, rig_ibdev());
	census_check(&before, &after, "calls at the limits leave nothing behind");
	one_run(vfio->fd);
}
