// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * bus_address: importers below the same switch as the GPU (boot with --switch). The switch
 * routes between them by bus address, past the IOMMU: so importers must get the BAR's own bus
 * addresses, one entry for each range, whatever the IOMMU does for other memory. An importer
 * that cannot revoke must be refused even if the fence names its driver.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "importer.h"
#include "lib/exporter.h"
#include "lib/kmsg.h"
#include "lib/pci.h"
#include "lib/tap.h"

#define ROOM 4u

/* Apart from each other, and the later one first, so that they cannot become one entry. */
static const struct peerbar_range ranges[] = {
	{ 3 * MIB, MIB }, { 0, 2 * MIB },
};

#define NR_RANGES (sizeof(ranges) / sizeof(ranges[0]))

static void export_ranges(struct bench *b)
{
	close(b->dmabuf);
	b->dmabuf = peerbar_export(b->rig.dev, rig_bar(), ranges, NR_RANGES, O_RDWR);
	if (b->dmabuf < 0)
		tap_die("export", "%s", peerbar_errmsg());
}

/* In the lab a BAR's bus address is its CPU address. */
static void check_addresses(struct bench *b, uint32_t handle, const char *name)
{
	uint64_t start = pci_bar_start(rig_gpu(), rig_bar());
	struct pti_entry entries[ROOM];
	char text[IMPORTER_TITLE];
	struct pti_query q;
	bool right;

	expect(importer_query(b->fd, handle, &q, entries, ROOM), 0, name, "query");
	right = q.state == PTI_MAPPED && q.nr_entries == NR_RANGES;
	for (unsigned int i = 0; right && i < NR_RANGES; i++) {
		tap_note("%s: %" PRIu64 " bytes at %#" PRIx64, name,
			 (uint64_t)entries[i].length, (uint64_t)entries[i].address);
		right = entries[i].address == start + ranges[i].offset &&
			entries[i].length == ranges[i].length;
	}
	importer_title(text, name, "its entries are the ranges, by bus address");
	tap_check(right, text, "state %#x, %u entries, the BAR is at %#" PRIx64, q.state,
		  q.nr_entries, start);
}

static void check_shown(const char *name)
{
	char text[IMPORTER_TITLE];

	importer_title(text, name, "debugfs shows bus addresses");
	if (!rig_exporter_is_ours()) {
		tap_skip(text, "the kernel's exporter has no debugfs");
		return;
	}
	tap_check(exporter_shows(rig_gpu(), "attachments", "type=bus-address") == 1 &&
		  exporter_shows(rig_gpu(), "attachments", "state=live address=bus") == 1,
		  text, "it does not");
}

static void maps(enum pti_mode mode)
{
	const char *name = mode_name(mode);
	struct bench b;
	uint32_t handle;

	bench_open(&b, name);
	export_ranges(&b);
	handle = attach_and_map(&b, mode, PTI_UNMAP_AT_ONCE);
	check_addresses(&b, handle, name);
	check_shown(name);
	expect(importer_detach(b.fd, handle), 0, name, "detach");
	bench_close(&b);
}

/* The kernel's exporter refuses it, too, but says nothing. */
static void unrevocable(void)
{
	uint64_t log = kmsg_position();
	bool ours = rig_exporter_is_ours();

	importer_unrevocable();
	if (ours)
		expect(kmsg_count(log, "a switch routes its DMA past the IOMMU"), 1,
		       mode_name(PTI_UNREVOCABLE), "the log names the switch");
}

int main(void)
{
	uint64_t log = kmsg_position();

	if (!pci_share_root_port(rig_nic(), rig_gpu()))
		tap_die("set-up", "NIC and GPU are not below one switch: boot with --switch");
	maps(PTI_DYNAMIC);
	maps(PTI_PINNED);
	unrevocable();
	kmsg_check(log);
	return tap_exit_status();
}
