// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Arguments that lie in the BAR's own mapping. To read them the kernel may have to fault the page
 * in, for which VFIO takes the lock that a revoke holds. Whoever reads arguments with a lock held
 * that a revoke needs then waits for itself. All are called while another thread revokes; what they
 * return is of no interest, only that they do.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <rdma/rdma_user_ioctl_cmds.h>
#include <rdma/ib_user_ioctl_cmds.h>

#include "device.h"
#include "hostile_owner.h"
#include "lib/clock.h"
#include "lib/tap.h"
#include "lib/vfio.h"

#define PAGE 4096u
#define CASE_US 800000u

/* Writing what the BAR holds: 0, so that memory goes off. */
static void write_config(struct rig *rig, void *bar)
{
	if (pwrite(rig->dev->fd, bar, 2, (off_t)(rig->dev->config_offset + PCI_COMMAND)) < 0)
		return;
	peerbar_set_memory(rig->dev, true);
}

static void read_config(struct rig *rig, void *bar)
{
	if (pread(rig->dev->fd, bar, 64, (off_t)rig->dev->config_offset) < 0)
		return;
}

/* The BAR's bytes are no valid request, or one for no ranges; both are refused. */
static void export(struct rig *rig, void *bar)
{
	ioctl(rig->dev->fd, VFIO_DEVICE_FEATURE, bar);
}

/* A valid header on the page before the BAR's mapping, so that the ranges lie in the BAR. */
static void export_ranges(struct rig *rig, void *bar)
{
	const size_t headers = offsetof(struct vfio_dma_buf_call, range);
	uint8_t *request = (uint8_t *)bar - headers;
	int fd = ioctl(rig->dev->fd, VFIO_DEVICE_FEATURE, request);

	if (fd >= 0)
		close(fd);
}

/* Map a page of the BAR behind another page, and write one range to it. */
static uint8_t *map_behind_a_page(struct rig *rig)
{
	struct vfio_dma_buf_call call = {
		.argsz = offsetof(struct vfio_dma_buf_call, range) + sizeof(*call.range),
		.flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF,
		.region_index = rig_bar(), .open_flags = O_RDWR, .nr_ranges = 1,
	};
	const size_t headers = offsetof(struct vfio_dma_buf_call, range);
	uint8_t *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			      -1, 0);
	volatile uint64_t *range = (volatile uint64_t *)(pages + PAGE);

	if (pages == MAP_FAILED ||
	    mmap(pages + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, rig->dev->fd,
		 (off_t)rig->dev->bars[rig_bar()].file_offset) == MAP_FAILED)
		tap_die("hostile owner", "cannot map the BAR");
	memcpy(pages + PAGE - headers, &call, headers);
	range[0] = 0;
	range[1] = PAGE;
	return pages;
}

static void region_info(struct rig *rig, void *bar)
{
	ioctl(rig->dev->fd, VFIO_DEVICE_GET_REGION_INFO, bar);
}

static void set_interrupts(struct rig *rig, void *bar)
{
	ioctl(rig->dev->fd, VFIO_DEVICE_SET_IRQS, bar);
}

static void verbs(struct rig *rig, void *bar)
{
	ioctl(rig->lb->context->cmd_fd, RDMA_VERBS_IOCTL, bar);
}

static void verbs_write(struct rig *rig, void *bar)
{
	if (write(rig->lb->context->cmd_fd, bar, 64) < 0)
		return;
}

static const struct {
	const char *name;
	void (*call)(struct rig *rig, void *bar);
} cases[] = {
	{ "bytes for configuration space", write_config },
	{ "bytes from configuration space", read_config },
	{ "the request of an export", export },
	{ "the ranges of an export", export_ranges },
	{ "a request for a region", region_info },
	{ "a request for interrupts", set_interrupts },
	{ "a request to the NIC's driver", verbs },
	{ "a command to the NIC's driver", verbs_write },
};

/*
 * The kernel fails such an access with EFAULT when memory is off. This process itself must not
 * touch the BAR then.
 */
static void run(struct rig *rig, void *bar, unsigned int i)
{
	uint64_t end = now_us() + CASE_US;
	unsigned int calls = 0, rounds;
	struct taker taker;
	char name[128];

	taker_start(&taker, rig);
	for (; now_us() < end; calls++)
		cases[i].call(rig, bar);
	rounds = taker_stop(&taker);
	snprintf(name, sizeof(name), "hostile owner: %s, in the BAR: nobody waits for himself",
		 cases[i].name);
	tap_note("%u calls while access was taken away %u times", calls, rounds);
	tap_check(calls && rounds, name, "%u calls, %u revokes", calls, rounds);
}

void hostile_owner_arguments(struct rig *rig)
{
	uint8_t *pages = map_behind_a_page(rig);

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		run(rig, pages + PAGE, i);
	munmap(pages, 2 * PAGE);
	peerbar_set_memory(rig->dev, true);
}
