// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The whole life of an export, step by step, in three kinds of cycles:
 *
 *	nic		export, register, revoke, dereg, close
 *	importer	export, attach, map, revoke, detach, close
 *	unmap		export, attach, map, unmap, detach, close
 *
 * The first is what a program sees, the NIC's admin commands included. The other two
 * import through tests/kmod, with no NIC, so what remains is the cost of the exporter. The
 * revoke is turning memory decode off, which on an emulated device is mostly the emulator's
 * own work; "idle" is the same call with nothing exported, and "net" is the total minus that.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "lib/rig.h"
#include "lib/tap.h"
#include "lib/test_importer.h"
#include "lib/watchdog.h"

#define LIMIT_S 120u

/* The result of an importer call, 0 or a negative errno. */
static void must(int ret, const char *what)
{
	if (ret)
		tap_die(what, "%s", strerror(-ret));
}

static void put_total(struct times *t, unsigned int total)
{
	times_put(t, total, times_sum(t, total));
}

/*
 * Measure the emulator's part of a revoke, which is the same call with nothing exported, and
 * compute the rest.
 */
static void put_net(struct rig *rig, struct times *t, unsigned int total)
{
	unsigned int idle = total + 1, net = total + 2;

	rig_set_memory(rig, true);
	times_start(t);
	rig_set_memory(rig, false);
	times_lap(t, idle);
	rig_set_memory(rig, true);
	times_put(t, net, times_get(t, total) - times_get(t, idle));
}

static void nic_cycle(struct rig *rig, struct times *t)
{
	enum { EXPORT, REGISTER, REVOKE, DEREG, CLOSE, TOTAL };
	struct ibv_mr *mr;
	uint64_t iova;
	int fd;

	times_start(t);
	fd = rig_export(rig);
	times_lap(t, EXPORT);
	mr = peerbar_reg_mr(rig->lb->pd, fd, 0, rig->span, rig->access, &iova);
	if (!mr)
		tap_die("register", "%s", peerbar_errmsg());
	times_lap(t, REGISTER);
	rig_set_memory(rig, false);
	times_lap(t, REVOKE);
	must(-ibv_dereg_mr(mr), "dereg");
	times_lap(t, DEREG);
	close(fd);
	times_lap(t, CLOSE);

	put_total(t, TOTAL);
	put_net(rig, t, TOTAL);
	times_next_row(t);
}

static uint32_t attach(int importer, int fd)
{
	uint32_t handle;

	must(importer_attach(importer, fd, rig_nic(), PTI_PINNED, PTI_UNMAP_AT_ONCE,
			     &handle), "attach");
	return handle;
}

/* @revoke: a revoke makes the importer unmap. Otherwise it unmaps by itself. */
static void importer_cycle(struct rig *rig, int importer, bool revoke, struct times *t)
{
	enum { EXPORT, ATTACH, MAP, UNMAP, DETACH, CLOSE, TOTAL };
	uint32_t handle;
	int fd;

	times_start(t);
	fd = rig_export(rig);
	times_lap(t, EXPORT);
	handle = attach(importer, fd);
	times_lap(t, ATTACH);
	must(importer_map(importer, handle), "map");
	times_lap(t, MAP);
	if (revoke)
		rig_set_memory(rig, false);
	else
		must(importer_unmap(importer, handle), "unmap");
	times_lap(t, UNMAP);
	must(importer_detach(importer, handle), "detach");
	times_lap(t, DETACH);
	close(fd);
	times_lap(t, CLOSE);

	put_total(t, TOTAL);
	if (revoke)
		put_net(rig, t, TOTAL);
	times_next_row(t);
}

static void print(struct times *t, const char *kind, size_t size)
{
	char about[64];

	snprintf(about, sizeof(about), "\"kind\":\"%s\",\"size\":%zu", kind, size);
	times_print(t, about);
	times_close(t);
}

void bench_cycle(size_t size, unsigned int cycles)
{
	static const char *const nic_steps[] = {
		"export", "register", "revoke", "dereg", "close", "total", "idle", "net", NULL,
	};
	static const char *const importer_steps[] = {
		"export", "attach", "map", "revoke", "detach", "close", "total", "idle", "net",
		NULL,
	};
	static const char *const unmap_steps[] = {
		"export", "attach", "map", "unmap", "detach", "close", "total", NULL,
	};
	struct times nic, importer, unmap;
	struct rig rig;
	int fd;

	watchdog_set(LIMIT_S, "export, import, revoke");
	times_open(&nic, nic_steps, cycles);
	times_open(&importer, importer_steps, cycles);
	times_open(&unmap, unmap_steps, cycles);
	rig_open(&rig, size, MIB, 1);
	rig_unmap_bar(&rig);
	fd = importer_open();
	for (unsigned int i = 0; i < cycles; i++) {
		nic_cycle(&rig, &nic);
		importer_cycle(&rig, fd, true, &importer);
		importer_cycle(&rig, fd, false, &unmap);
	}
	close(fd);
	rig_close(&rig);
	print(&nic, "nic", size);
	print(&importer, "importer", size);
	print(&unmap, "unmap", size);
	watchdog_clear();
}
