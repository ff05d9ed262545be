// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Two exports and three devices: the NIC has an MR of the GPU's BAR and one of the drive's memory
 * region, and the drive has the GPU's BAR in its address space. Each exporting device is reset
 * before the other, after it, and at the same time, while the NIC is at work on the GPU's BAR.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bridge.h"
#include "lib/pmr.h"
#include "lib/resetter.h"
#include "lib/tap.h"
#include "lib/watchdog.h"

#define PMR_BAR 4u
#define LIMIT_S 120u
#define WARM_UP 10u
#define TIMEOUT_MS 30000u

enum order { GPU_FIRST, DRIVE_FIRST, TOGETHER, ORDERS };

static const char *const order_name[ORDERS] = {
	[GPU_FIRST] = "the GPU first", [DRIVE_FIRST] = "the drive first", [TOGETHER] = "together",
};

/* The drive's own memory, as the NIC has it. */
struct own {
	int fd;
	struct ibv_mr *mr;
	uint64_t iova;
};

static void check(enum order order, bool good, const char *what)
{
	char name[96];

	snprintf(name, sizeof(name), "two exports, %s: %s", order_name[order], what);
	tap_check(good, name, "it is not so");
}

static void register_own(struct bridge *b, struct own *own)
{
	struct peerbar_range range = { 0, DRIVE_SPAN };

	pmr_enable(b->drive.dev);
	own->fd = peerbar_export(b->drive.dev, PMR_BAR, &range, 1, O_RDWR);
	own->mr = own->fd < 0 ? NULL :
		  peerbar_reg_mr(b->rig.lb->pd, own->fd, 0, DRIVE_SPAN, b->rig.access, &own->iova);
	if (!own->mr)
		tap_die("the drive's memory", "%s", peerbar_errmsg());
}

static bool deregister_own(struct own *own)
{
	close(own->fd);
	return !ibv_dereg_mr(own->mr);
}

static int move(struct bridge *b, const struct own *own, enum loopback_op op, uint8_t *host)
{
	return window_one(&b->rig, op, (uintptr_t)host, DRIVE_SPAN, own->iova, own->mr->rkey);
}

/* The NIC writes the drive's memory, and reads what it wrote. */
static bool works(struct bridge *b, const struct own *own, uint32_t seed)
{
	uint8_t *sent = b->rig.host, *back = sent + DRIVE_SPAN;

	rig_pattern(sent, DRIVE_SPAN, seed);
	memset(back, 0, DRIVE_SPAN);
	return !move(b, own, LOOPBACK_WRITE, sent) && !move(b, own, LOOPBACK_READ, back) &&
	       !memcmp(sent, back, DRIVE_SPAN);
}

static void reset_both(struct bridge *b, enum order order)
{
	struct resetter other;
	int gpu, drive;

	if (order == TOGETHER)
		resetter_start(&other, b->rig.dev);
	gpu = order == GPU_FIRST ? peerbar_reset(b->rig.dev) : 0;
	drive = peerbar_reset(b->drive.dev);
	if (order == DRIVE_FIRST)
		gpu = peerbar_reset(b->rig.dev);
	if (order == TOGETHER)
		gpu = resetter_join(&other);
	check(order, !gpu && !drive, "both are reset");
}

static void one_order(struct bridge *b, enum order order)
{
	struct stream stream;
	struct own own;

	watchdog_set(LIMIT_S, "bridge: two exports");
	bridge_map(b);
	register_own(b, &own);
	check(order, works(b, &own, 40 + order), "the NIC reaches the drive's memory");
	bridge_carry(b, 50 + order, order_name[order]);

	stream_start(&stream, &b->rig, &b->window, false);
	check(order, stream_wait(&stream, &stream.bar_ok, WARM_UP, TIMEOUT_MS),
	      "the NIC is at work");
	rig_unmap_bar(&b->rig);
	reset_both(b, order);
	stream_stop(&stream);
	rig_map_bar(&b->rig);
	check(order, !stream.corrupt && !stream.hung && !stream.host_bad,
	      "the NIC serves host memory");
	check(order, rig_mr_revives() || rig_is_access_error(move(b, &own, LOOPBACK_READ,
								  b->rig.host)),
	      "the MR of the drive's memory is dead");
	check(order, deregister_own(&own), "it deregisters");
	bridge_unmap(b);

	nvme_start(&b->drive);
	bridge_map(b);
	register_own(b, &own);
	check(order, works(b, &own, 60 + order), "a new MR works");
	bridge_carry(b, 70 + order, "and again");
	check(order, deregister_own(&own), "that deregisters, too");
	bridge_unmap(b);
}

void bridge_both(struct bridge *b)
{
	for (unsigned int order = 0; order < ORDERS; order++)
		one_order(b, order);
}
