// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * How long peerbar-vfio-pci takes to shut its BAR against the memory regions on it, by
 * size, by number of NICs and by number of memory regions:
 *
 *	revoke	when access is taken away, by the exporter's own clock. The trigger (memory
 *		decode off) is the emulator's work and not included.
 *	dereg	when the program itself calls ibv_dereg_mr() for all of them.
 *
 * It depends on the NIC driver that is loaded whether a revoke is done by that driver or by the
 * fence. The exporter says which, together with the time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "bench_trace.h"
#include "lib/rig.h"
#include "lib/tap.h"
#include "lib/watchdog.h"

#define LIMIT_S 120u		/* for one size and one crowd */
#define MAX_NICS 2u
#define MAX_MRS 8u
#define GIB (MIB << 10)

/* Who has the BAR registered: @nics NICs, each with @mrs memory regions on all of the buffer. */
struct crowd {
	unsigned int nics;
	unsigned int mrs;
};

static const struct crowd crowds[] = { { 1, 1 }, { 1, MAX_MRS }, { 2, 1 } };
static const size_t sizes[] = { 4096, 2 * MIB, 256 * MIB, 8 * GIB, 64 * GIB };

struct scene {
	struct rig nic[MAX_NICS];	/* nic[0] has the VFIO device, too */
	unsigned int nr_nics;		/* how many the guest has */
	struct crowd crowd;
	struct ibv_mr *mr[MAX_NICS][MAX_MRS];
};

static void register_all(struct scene *s, int fd)
{
	uint64_t iova;

	for (unsigned int n = 0; n < s->crowd.nics; n++) {
		struct rig *rig = &s->nic[n];

		for (unsigned int i = 0; i < s->crowd.mrs; i++) {
			s->mr[n][i] = peerbar_reg_mr(rig->lb->pd, fd, 0, s->nic[0].span,
						     rig->access, &iova);
			if (!s->mr[n][i])
				tap_die("register", "%zu bytes: %s", s->nic[0].span,
					peerbar_errmsg());
		}
	}
}

static void dereg_all(struct scene *s)
{
	for (unsigned int n = 0; n < s->crowd.nics; n++) {
		for (unsigned int i = 0; i < s->crowd.mrs; i++) {
			int err = ibv_dereg_mr(s->mr[n][i]);

			if (err)
				tap_die("dereg", "%s", strerror(err));
		}
	}
}

/* Return: how many mappings were closed by the fence. */
static unsigned int cycle(struct scene *s, struct times *t)
{
	enum { REVOKE, DEREG };
	struct rig *gpu = &s->nic[0];
	struct bench_revocation revocation;
	int fd = rig_export(gpu);

	register_all(s, fd);
	times_start(t);
	dereg_all(s);
	times_lap(t, DEREG);

	register_all(s, fd);
	rig_set_memory(gpu, false);
	bench_trace_revocation(&revocation);
	times_put(t, REVOKE, revocation.us);
	times_next_row(t);
	dereg_all(s);
	close(fd);
	rig_set_memory(gpu, true);
	return revocation.fenced;
}

/* The fence must have closed all mappings or none. With a mixture the bench fails. */
static const char *kind_of_revoke(const struct scene *s, unsigned int fenced,
				  unsigned int cycles)
{
	unsigned int all = s->crowd.nics * s->crowd.mrs * cycles;

	if (fenced && fenced != all)
		tap_die("revoke", "%u of %u mappings were fenced off", fenced, all);
	return fenced ? "fence" : "native";
}

static void measure(struct scene *s, unsigned int cycles)
{
	static const char *const steps[] = { "revoke", "dereg", NULL };
	unsigned int fenced = 0;
	struct times t;
	char about[128];

	watchdog_set(LIMIT_S, "fence");
	times_open(&t, steps, cycles);
	for (unsigned int i = 0; i < cycles; i++)
		fenced += cycle(s, &t);
	snprintf(about, sizeof(about), "\"kind\":\"fence\",\"by\":\"%s\",\"size\":%zu,"
		 "\"nics\":%u,\"mrs\":%u", kind_of_revoke(s, fenced, cycles),
		 s->nic[0].span, s->crowd.nics, s->crowd.mrs);
	times_print(&t, about);
	times_close(&t);
	watchdog_clear();
}

static void open_scene(struct scene *s)
{
	const char *second = getenv("PB_IBDEV2");

	memset(s, 0, sizeof(*s));
	rig_open_device(&s->nic[0]);
	rig_open_nic(&s->nic[0], rig_ibdev(), MIB, 1);
	s->nr_nics = 1;
	if (second && *second)
		rig_open_nic(&s->nic[s->nr_nics++], second, MIB, 1);
}

static void close_scene(struct scene *s)
{
	for (unsigned int n = 0; n < s->nr_nics; n++)
		rig_close_nic(&s->nic[n]);
	peerbar_close(s->nic[0].dev);
}

static size_t bar_size(struct rig *rig)
{
	struct peerbar_bar info;

	if (peerbar_bar(rig->dev, rig_bar(), &info))
		tap_die("set-up", "%s", peerbar_errmsg());
	return info.size;
}

void bench_fence(unsigned int cycles)
{
	struct scene s;
	size_t all;

	open_scene(&s);
	bench_trace_open();
	all = bar_size(&s.nic[0]);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && sizes[i] <= all; i++) {
		s.nic[0].span = sizes[i];
		for (size_t c = 0; c < sizeof(crowds) / sizeof(crowds[0]); c++) {
			s.crowd = crowds[c];
			if (s.crowd.nics <= s.nr_nics)
				measure(&s, cycles);
		}
	}
	bench_trace_close();
	close_scene(&s);
}
