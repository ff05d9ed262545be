// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A NIC may have few addresses (--nic --dma-bits=32), and every program that uses it needs some
 * of them. All mappings of one exporting device together may take an eighth of them, or one
 * mapping of any size. Any more give ENOMEM, and host memory can be registered as before.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bounds.h"
#include "lib/importer_bench.h"
#include "lib/kmsg.h"
#include "lib/tap.h"

#define SMALLEST MIB
#define HOST (64 * MIB)
#define MAX_MAPPINGS 4096u
#define REFUSALS 300u
#define LOG_LINES 100u		/* at most; the limit is 32 in 5 s */

static const char name[] = "IOVA share";

static struct {
	int device, importer;
	uint64_t space;		/* bytes that the NIC can address */
	uint64_t mapped;	/* and how many of them our mappings take */
	unsigned int mappings;
} share;

/* From the width of the NIC's addresses, as its driver has set it. */
static uint64_t space_of_nic(void)
{
	unsigned int bits = 0;
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/dma_mask_bits", rig_nic());
	f = fopen(path, "re");
	if (!f || fscanf(f, "%u", &bits) != 1 || !bits)
		tap_die(name, "cannot read %s", path);
	fclose(f);
	return bits < 64 ? 1ull << bits : UINT64_MAX;
}

/* One more mapping of @size bytes, which stays until the importer is closed. */
static int map_one(uint64_t size)
{
	int dmabuf = vfio_export(share.device, rig_bar(), 0, size, O_RDWR | O_CLOEXEC), ret;
	uint32_t handle;

	if (dmabuf < 0)
		tap_die(name, "export: %s", strerror(-dmabuf));
	ret = importer_attach(share.importer, dmabuf, rig_nic(), PTI_DYNAMIC,
			      PTI_UNMAP_AT_ONCE, &handle);
	if (ret)
		tap_die(name, "attach: %s", strerror(-ret));
	ret = importer_map(share.importer, handle);
	if (ret) {
		importer_detach(share.importer, handle);
	} else {
		share.mapped += size;
		share.mappings++;
	}
	close(dmabuf);
	return ret;
}

/* Make mappings of @largest bytes until one fails, then halve the size, until none fits. */
static int map_all(uint64_t largest)
{
	int ret = 0;

	for (uint64_t size = largest; size >= SMALLEST; size /= 2)
		do
			ret = map_one(size);
		while (!ret && share.mappings < MAX_MAPPINGS);
	return ret;
}

static void drop_all(void)
{
	close(share.importer);
	share.importer = importer_open();
	share.mapped = 0;
	share.mappings = 0;
}

/* Another program's view: can it register host memory with the NIC, which it has open? */
static bool host_memory_registers(const struct rig *rig)
{
	void *host = mmap(NULL, HOST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ibv_mr *mr;

	if (host == MAP_FAILED)
		tap_die(name, "no memory: %s", strerror(errno));
	mr = ibv_reg_mr(rig->lb->pd, host, HOST, rig->access);
	if (mr)
		ibv_dereg_mr(mr);
	munmap(host, HOST);
	return mr;
}

static void takes_an_eighth(const struct rig *rig, uint64_t bar)
{
	uint64_t log = kmsg_position(), eighth = share.space / 8;
	int ret = map_all(bar < eighth ? bar : eighth), lines;
	unsigned int refused = 0;

	tap_note("%s: %" PRIu64 " MiB of %" PRIu64 " are taken by %u mappings", name,
		 share.mapped / MIB, share.space / MIB, share.mappings);
	expect(ret, -ENOMEM, name, "no more can be mapped in the end");
	tap_check(share.mapped <= eighth && share.mapped >= eighth / 2,
		  "IOVA share: that is an eighth of the space", "%" PRIu64 " MiB",
		  share.mapped / MIB);
	for (unsigned int i = 0; i < REFUSALS; i++)
		refused += map_one(SMALLEST) == -ENOMEM;
	lines = kmsg_count(log, "IOVA space");
	tap_check(refused == REFUSALS && lines > 0 && lines <= (int)LOG_LINES,
		  "IOVA share: the log says so, and not each time", "%d lines of %u refusals",
		  lines, refused);
	tap_check(host_memory_registers(rig), "IOVA share: host memory can be registered then",
		  "64 MiB cannot");
	drop_all();
	expect(map_one(bar < eighth ? bar : eighth), 0, name, "given back, it can be mapped again");
	drop_all();
}

static void always_one(uint64_t bar)
{
	static const char title[] = "IOVA share: one mapping of more than that";
	uint64_t size = share.space / 4;

	if (bar < size) {
		tap_skip(title, "the BAR is too small");
		return;
	}
	tap_check(!map_one(size), title, "it is refused");
	expect(map_one(SMALLEST), -ENOMEM, name, "and no other beside it");
	drop_all();
}

void bounds_iova(const struct vfio *vfio)
{
	uint64_t bar = vfio_region_size(vfio->fd, rig_bar());
	struct rig rig = { 0 };

	share.device = vfio->fd;
	share.importer = importer_open();
	share.space = space_of_nic();
	rig_open_nic(&rig, rig_ibdev(), MIB, 1);
	if (share.space / bar > MAX_MAPPINGS) {
		tap_skip(name, "the NIC's space is large, boot with --nic --dma-bits=32");
	} else {
		takes_an_eighth(&rig, bar);
		always_one(bar);
	}
	rig_close_nic(&rig);
	close(share.importer);
}
