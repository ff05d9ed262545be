// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * bridge: one dma-buf of the GPU's BAR, and two importers: the RDMA NIC registers it, and an
 * NVMe drive that this process owns has it in its address space (iommufd). Bytes go from the
 * disk to the BAR to the NIC and back, none of them through host memory on the way. Then the
 * BAR is taken away from both, with both at work.
 *
 *	bridge [--cycles N]	N revokes by each trigger (default 2)
 *
 * Needs the lab's options --iommufd and --drive. The core's exporter makes the dma-bufs, for
 * vfio-pci or for peerbar-vfio-pci. iommufd takes none of our exporter, which is what is tested
 * with that.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge.h"
#include "lib/census.h"
#include "lib/kmsg.h"
#include "lib/tap.h"
#include "lib/watchdog.h"

#define LIMIT_S 120u
#define BLOCK 4096u		/* where on the disk the bytes are */

static const char *drive_address(void)
{
	const char *address = getenv("PB_DRIVE");

	if (!address || !*address)
		tap_die("drive", "PB_DRIVE is not set: run this in the lab, with --drive");
	return address;
}

void bridge_map(struct bridge *b)
{
	window_open(&b->window, &b->rig, 1);
	if (peerbar_ioas_map(b->drive.dev, b->window.fd, 0, b->rig.span, &b->iova))
		tap_die("bridge", "%s", peerbar_errmsg());
}

void bridge_unmap(struct bridge *b)
{
	tap_check(!peerbar_ioas_unmap(b->drive.dev, b->iova, b->rig.span),
		  "the drive's mapping goes", "%s", peerbar_errmsg());
	tap_check(window_close(&b->window), "the NIC's MR goes", "ibv_dereg_mr() failed");
}

void bridge_fill(const struct bridge *b, uint8_t byte)
{
	volatile uint64_t *to = (void *)(b->rig.bar + DRIVE_AT);
	uint64_t value = 0x0101010101010101u * byte;

	for (size_t i = 0; i < DRIVE_SPAN / sizeof(*to); i++)
		to[i] = value;
}

bool bridge_holds(const struct bridge *b, uint8_t byte)
{
	static uint8_t bytes[DRIVE_SPAN];

	rig_read_bar(&b->rig, bytes, DRIVE_AT, sizeof(bytes));
	return bytes[0] == byte && !memcmp(bytes, bytes + 1, sizeof(bytes) - 1);
}

static uint16_t disk(struct bridge *b, bool write)
{
	return nvme_move(&b->drive, write, BLOCK, b->iova + DRIVE_AT, DRIVE_SPAN);
}

static int network(struct bridge *b, enum loopback_op op, uint8_t *host)
{
	return window_one(&b->rig, op, (uintptr_t)host, DRIVE_SPAN,
			  b->window.iova[0] + DRIVE_AT, b->window.mr[0]->rkey);
}

void bridge_carry(struct bridge *b, uint32_t seed, const char *when)
{
	uint8_t *sent = b->rig.host, *back = sent + DRIVE_SPAN, *seen = back + DRIVE_SPAN;
	char name[96];

	rig_pattern(sent, DRIVE_SPAN, seed);
	memset(back, 0, 2 * DRIVE_SPAN);
	snprintf(name, sizeof(name), "%s: from the network through the BAR to the disk", when);
	tap_check(!network(b, LOOPBACK_WRITE, sent) && !disk(b, true), name, "it failed");
	bridge_fill(b, 0);
	snprintf(name, sizeof(name), "%s: from the disk into the BAR", when);
	tap_check(!disk(b, false), name, "it failed");
	rig_read_bar(&b->rig, seen, DRIVE_AT, DRIVE_SPAN);
	tap_check(!memcmp(sent, seen, DRIVE_SPAN), name, "other bytes");
	snprintf(name, sizeof(name), "%s: from the BAR to the network", when);
	tap_check(!network(b, LOOPBACK_READ, back), name, "it failed");
	tap_check(!memcmp(sent, back, DRIVE_SPAN), name, "other bytes");
}

static void refused(struct bridge *b, int fd, uint64_t length, int want, const char *what)
{
	uint64_t iova;
	int ret = peerbar_ioas_map(b->drive.dev, fd, 0, length, &iova);

	tap_check(ret == want, what, "%d, not %d", ret, want);
	tap_note("%s", peerbar_errmsg());
}

/* What cannot be mapped, with the core's exporter. */
static void check_refusals(struct bridge *b)
{
	struct peerbar_range two[2] = { { 0, 4096 }, { 8192, 4096 } };
	int fd = peerbar_export(b->rig.dev, rig_bar(), two, 2, O_RDWR);

	refused(b, fd, 8192, -EOPNOTSUPP, "refused: a buffer of two ranges");
	close(fd);
	fd = rig_export(&b->rig);
	refused(b, fd, b->rig.span + 4096, -EINVAL, "refused: more than the buffer has");
	rig_unmap_bar(&b->rig);
	rig_set_memory(&b->rig, false);
	refused(b, fd, 4096, -ENODEV, "refused: memory decode is off");
	rig_set_memory(&b->rig, true);
	rig_map_bar(&b->rig);
	close(fd);
}

static void check_ours(struct bridge *b)
{
	int fd = rig_export(&b->rig);

	refused(b, fd, 4096, -EOPNOTSUPP, "refused: a buffer of our exporter");
	tap_check(strstr(peerbar_errmsg(), "exporter core"), "and what to choose is said",
		  "%s", peerbar_errmsg());
	close(fd);
}

/* The kernel logs only some of the faults, so that a device cannot fill the log with them. */
static void check_faults(uint64_t log)
{
	int faults = kmsg_count(log, "[DMA Write") + kmsg_count(log, "[IO_PAGE_FAULT");

	tap_check(faults > 0, "the IOMMU's faults", "none was logged");
	tap_note("faults logged: %d", faults);
}

static const enum trigger triggers[] = {
	TRIGGER_RESET, TRIGGER_MEMORY, TRIGGER_CLOSE, TRIGGER_LOW_POWER, TRIGGER_SYSFS,
	TRIGGER_ERROR,
};

/* Each of them @cycles times, as far as this device has them. */
static void revoke_by_all(struct bridge *b, unsigned int cycles)
{
	for (unsigned int i = 0; i < sizeof(triggers) / sizeof(*triggers); i++)
		for (unsigned int n = 0; n < cycles && !trigger_why_not(&b->rig, triggers[i]); n++)
			bridge_revoke(b, triggers[i]);
}

static void say_what_is_left_out(struct bridge *b)
{
	char what[96];

	for (unsigned int i = 0; i < sizeof(triggers) / sizeof(*triggers); i++) {
		const char *why_not = trigger_why_not(&b->rig, triggers[i]);

		snprintf(what, sizeof(what), "bridge, %s", trigger_name(triggers[i]));
		if (why_not)
			tap_skip(what, "%s", why_not);
	}
}

static void check_all(struct bridge *b, unsigned int cycles)
{
	uint64_t log = kmsg_position();
	struct census before, after;

	check_refusals(b);
	bridge_map(b);
	bridge_carry(b, 1, "first");
	bridge_unmap(b);
	say_what_is_left_out(b);
	revoke_by_all(b, 1);	/* opens what then stays open, such as QEMU's monitor */
	census_take(&before, rig_ibdev());
	revoke_by_all(b, cycles - 1);
	check_faults(log);
	bridge_both(b);
	census_take(&after, rig_ibdev());
	census_check(&before, &after, "nothing has grown");
}

static unsigned int parse_cycles(int argc, char **argv)
{
	char *end;
	unsigned long n;

	if (argc == 1)
		return 2;
	n = argc == 3 && !strcmp(argv[1], "--cycles") ? strtoul(argv[2], &end, 10) : 0;
	if (!n || n > 100000 || *end)
		tap_die("bridge", "usage: bridge [--cycles N]");
	return (unsigned int)n;
}

int main(int argc, char **argv)
{
	unsigned int cycles = parse_cycles(argc, argv);
	uint64_t log = kmsg_position(), stray = rig_stray();
	struct bridge b = { .rig = { 0 } };

	watchdog_set(LIMIT_S, "bridge: set-up");
	rig_open(&b.rig, DRIVE_AT + DRIVE_SPAN, STREAM_HOST, STREAM_DEPTH);
	nvme_open(&b.drive, drive_address());
	if (strcmp(peerbar_backend(b.drive.dev), "iommufd"))
		tap_die("bridge", "the drive was opened by its group");
	if (rig_exporter_is_ours())
		check_ours(&b);
	else
		check_all(&b, cycles);
	nvme_close(&b.drive);
	rig_close(&b.rig);
	tap_check(rig_stray() == stray, "no stray DMA", "the NIC counted some");
	kmsg_check(log);
	return tap_exit_status();
}
