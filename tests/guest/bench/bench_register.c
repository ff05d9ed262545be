// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The cost of registration, by the size of the MR and by the address that it gets (its
 * iova). The driver uses the largest NIC pages for which the address and the bus address are
 * congruent modulo the page size, and writes one table entry for each:
 *
 *	library		the address that peerbar_reg_mr() chooses
 *	mapped		the address of a CPU mapping made by peerbar_map()
 *	page		an address that is aligned to 4 KiB only, as plain mmap() may give
 *
 * Sizes go from 64 MiB up to the whole BAR, by powers of 4 and at last the BAR.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "lib/nicctl.h"
#include "lib/rig.h"
#include "lib/tap.h"
#include "lib/watchdog.h"

#define LIMIT_S 180u
#define SMALLEST (64 * MIB)
#define PAGE_ALIGNED 0x7e1234567000ull	/* to 4 KiB and nothing larger */

static uint64_t nic_pages(void)
{
	struct json_object *report = nicctl_report();
	uint64_t pages = nicctl_figure(report, "/efa/objects/mr_pages");

	json_object_put(report);
	return pages;
}

/* @iova: the address of the MR; NULL: the library chooses. */
static struct ibv_mr *reg(struct rig *rig, int fd, const uint64_t *iova)
{
	struct ibv_mr *mr;
	uint64_t chosen;

	if (iova)
		mr = ibv_reg_dmabuf_mr(rig->lb->pd, 0, rig->span, *iova, fd, rig->access);
	else
		mr = peerbar_reg_mr(rig->lb->pd, fd, 0, rig->span, rig->access, &chosen);
	if (!mr)
		tap_die("register", "%zu bytes: %s", rig->span,
			iova ? strerror(errno) : peerbar_errmsg());
	return mr;
}

static void dereg(struct ibv_mr *mr)
{
	int err = ibv_dereg_mr(mr);

	if (err)
		tap_die("dereg", "%s", strerror(err));
}

static uint64_t count_pages(struct rig *rig, int fd, const uint64_t *iova)
{
	uint64_t before = nic_pages();
	struct ibv_mr *mr = reg(rig, fd, iova);
	uint64_t pages = nic_pages() - before;

	dereg(mr);
	return pages;
}

static void measure(struct rig *rig, int fd, const char *address, const uint64_t *iova,
		    unsigned int cycles)
{
	static const char *const steps[] = { "register", "dereg", NULL };
	uint64_t pages = count_pages(rig, fd, iova);
	struct ibv_mr *mr;
	struct times t;
	char about[128];

	times_open(&t, steps, cycles);
	for (unsigned int i = 0; i < cycles; i++) {
		times_start(&t);
		mr = reg(rig, fd, iova);
		times_lap(&t, 0);
		dereg(mr);
		times_lap(&t, 1);
		times_next_row(&t);
	}
	snprintf(about, sizeof(about), "\"kind\":\"register\",\"size\":%zu,"
		 "\"address\":\"%s\",\"pages\":%" PRIu64, rig->span, address, pages);
	times_print(&t, about);
	times_close(&t);
}

static void measure_size(size_t size, unsigned int cycles)
{
	struct peerbar_range range = { 0, size };
	uint64_t mapped, page = PAGE_ALIGNED;
	struct rig rig;
	int fd;

	watchdog_set(LIMIT_S, "register");
	rig_open(&rig, size, MIB, 1);
	fd = peerbar_export(rig.dev, rig_bar(), &range, 1, O_RDWR);
	if (fd < 0)
		tap_die("export", "%s", peerbar_errmsg());
	mapped = (uintptr_t)rig.bar;
	measure(&rig, fd, "library", NULL, cycles);
	measure(&rig, fd, "mapped", &mapped, cycles);
	measure(&rig, fd, "page", &page, cycles);
	close(fd);
	rig_close(&rig);
	watchdog_clear();
}

static size_t bar_size(void)
{
	struct peerbar_bar info;
	struct rig rig;

	rig_open_device(&rig);
	if (peerbar_bar(rig.dev, rig_bar(), &info))
		tap_die("set-up", "%s", peerbar_errmsg());
	peerbar_close(rig.dev);
	return info.size;
}

void bench_register(unsigned int cycles)
{
	size_t all = bar_size();

	for (size_t size = SMALLEST; size < all; size *= 4)
		measure_size(size, cycles);
	measure_size(all, cycles);
}
