// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * importer: the exporter with importers of every kind (tests/kmod), which map the BAR for
 * the NIC. Importers that can revoke are let in. When the call that takes the BAR away
 * returns, they have lost it, even if they unmap late. An importer that cannot revoke is
 * fenced by peerbar-vfio-pci and refused by the kernel's exporter.
 *
 * The importer's own report is checked against the IOMMU mappings that the NIC sees.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "importer.h"
#include "lib/kmsg.h"
#include "lib/nicctl.h"
#include "lib/tap.h"

#define LATE_MS 200u
#define RACE_SECONDS 5u
#define ROOM 64u
#define MANY 64u

static void check_entries(struct bench *b, uint32_t handle, const char *name)
{
	struct pti_entry entries[ROOM];
	struct pti_query q;
	char text[IMPORTER_TITLE];
	uint64_t total = 0;
	int ret = importer_query(b->fd, handle, &q, entries, ROOM);

	if (ret || !q.nr_entries || q.nr_entries > ROOM)
		tap_die(name, "query: %s, %u entries", strerror(-ret), q.nr_entries);
	for (uint32_t i = 0; i < q.nr_entries; i++) {
		total += entries[i].length;
		tap_note("%s: %" PRIu64 " bytes at %#" PRIx64, name,
			 (uint64_t)entries[i].length, (uint64_t)entries[i].address);
	}
	tap_check(q.state == PTI_MAPPED && total == SPAN,
		  importer_title(text, name, "maps all of the buffer"),
		  "state %#x, %" PRIu64 " bytes in %u entries", q.state, total,
		  q.nr_entries);
}

static void case_map(enum pti_mode mode)
{
	const char *name = mode_name(mode);
	struct bench b;
	uint64_t before;
	uint32_t handle;

	bench_open(&b, name);
	before = nicctl_reachable();
	handle = attach_and_map(&b, mode, PTI_UNMAP_AT_ONCE);
	check_entries(&b, handle, name);
	check_reachable(before + SPAN, name, "the NIC reaches what is mapped");
	expect(importer_unmap(b.fd, handle), 0, name, "unmaps of its own");
	check_reachable(before, name, "the NIC does not reach what is unmapped");
	expect(importer_map(b.fd, handle), 0, name, "maps again");
	expect(importer_detach(b.fd, handle), 0, name, "detaches while it is mapped");
	check_reachable(before, name, "the NIC does not reach what is detached");
	bench_close(&b);
}

/* Every importer of a buffer is told, not only the first. */
static void case_many(void)
{
	static const char name[] = "64 importers of one buffer lose it at once";
	uint32_t handles[MANY];
	unsigned int mapped = 0;
	struct bench b;
	uint64_t before;

	bench_open(&b, name);
	before = nicctl_reachable();
	for (unsigned int i = 0; i < MANY; i++)
		handles[i] = attach_and_map(&b, i % 2 ? PTI_PINNED : PTI_DYNAMIC,
					    i % 4 < 2 ? PTI_UNMAP_AT_ONCE : 20);
	trigger_pull(&b.rig, TRIGGER_RESET);
	for (unsigned int i = 0; i < MANY; i++)
		mapped += query(&b, handles[i]).state & PTI_MAPPED;
	tap_check(!mapped && nicctl_reachable() == before, name, "%u have it, the NIC reaches %"
		  PRIu64 " bytes, before %" PRIu64, mapped, nicctl_reachable(), before);
	bench_close(&b);
}

int main(void)
{
	static const enum pti_mode revocable[] = { PTI_DYNAMIC, PTI_PINNED };
	uint64_t log = kmsg_position();

	for (unsigned int i = 0; i < 2; i++) {
		case_map(revocable[i]);
		for (int trigger = 0; trigger < TRIGGERS; trigger++) {
			importer_revoke(revocable[i], trigger, 0);
			importer_revoke(revocable[i], trigger, LATE_MS);
		}
		importer_stubborn(revocable[i]);
	}
	importer_unrevocable();
	case_many();
	importer_misuse();
	importer_race(RACE_SECONDS);
	kmsg_check(log);
	return tap_exit_status();
}
