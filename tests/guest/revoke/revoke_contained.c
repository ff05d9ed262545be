// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A NIC that answers DEREG_MR with success and goes on honouring the key, so that only the IOMMU
 * keeps it from the BAR. It must do so from the moment when the call that takes the BAR away
 * returns, on a strict domain and on a lazy one, and also when the same BAR is registered again
 * and again while the dead MR still exists. The same holds for a plain deregistration, without a
 * revoke: when ibv_dereg_mr() returns, the BAR is closed.
 *
 * What is checked for that moment: the NIC, asked at once, has no mapping of the BAR any more;
 * it counts no landing from then on; and no request that was posted later has left its sequence
 * number in the BAR. Turning memory decode off is the strictest trigger, because it returns
 * within the flush interval of a lazy domain; a reset takes longer than that.
 *
 * Under the fence the NIC is told nothing until the MR is deregistered, and it believes all of
 * its accesses to be legitimate. That they do not land is seen in the BAR and in the IOMMU.
 *
 * This leaves the NIC's domain lazy, where unmapped memory stays reachable for a while. No test
 * that counts what the NIC can reach may run after it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/importer_bench.h"
#include "lib/nicctl.h"
#include "lib/pci.h"
#include "lib/stream.h"
#include "lib/tap.h"
#include "lib/watchdog.h"
#include "revoke_bounded.h"

#define ROUNDS 10u
#define AGAIN 5u		/* registrations after each reset */
#define WARM_UP 40u
#define AFTERMATH 20u
#define SETTLE_US 50000u	/* several times a lazy domain's flush interval */
#define LIMIT_S 120u
#define TITLE 128
#define DRIVERS_OWN 65536u	/* bytes that the NIC's driver may map for itself meanwhile */

static struct stream stream;

struct figures {
	unsigned int rounds;
	unsigned int open;		/* rounds in which the IOMMU was open at return */
	unsigned int later;		/* rounds in which something landed after return */
	uint64_t late;			/* accesses that the NIC counted after return */
	unsigned int reached;		/* writes by an old key that reached a new mapping */
	uint64_t longest_us, asked_us, hung;	/* the longest call; asking the NIC after it */
	struct nic_stray stray;
};

/* The kernel allows strict to lazy, but not the reverse, while the NIC is bound to a driver. */
static void make_lazy(void)
{
	char path[96];
	int ret;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group/type", rig_nic());
	ret = sysfs_write("DMA-FQ", path);
	if (ret)
		tap_die("domain", "%s: %s", path, strerror(-ret));
}

/*
 * Does the domain behave as its type says? Only on a lazy domain does host memory, which is
 * unmapped through the DMA API, stay reachable for a moment after its deregistration.
 */
static void check_laziness(struct rig *rig, const char *type)
{
	bool lazy = !strcmp(type, "DMA-FQ");
	unsigned int lingered = 0;
	char name[TITLE];

	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t before, after;
		struct ibv_mr *mr;

		sleep_us(SETTLE_US);
		before = nicctl_reachable();
		mr = ibv_reg_mr(rig->lb->pd, rig->host, MIB, IBV_ACCESS_LOCAL_WRITE);
		if (!mr || ibv_dereg_mr(mr))
			tap_die("domain", "cannot register host memory and drop it");
		after = nicctl_reachable();
		lingered += after >= before + MIB;
	}
	tap_note("domain %s: host memory stayed reachable in %u of %u deregistrations", type,
		 lingered, ROUNDS);
	snprintf(name, sizeof(name), "contained, %s: the domain is %s", type,
		 lazy ? "lazy" : "strict");
	tap_check(lazy ? lingered : !lingered, name, "see above");
}

/*
 * Deregister the MR. On 6.1 and 6.12 the exporter maps the IOVA to a read-only page before it
 * gives it back to the kernel, and on a lazy domain that page may stay reachable for some
 * milliseconds. nicctl_reachable() cannot tell it from the BAR, so only landings are checked.
 */
static void drop(struct rig *rig, struct window *w, struct figures *f)
{
	uint64_t took = now_us(), landed;

	if (ibv_dereg_mr(w->mr[0]))
		tap_die("contained", "the MR does not deregister");
	stream_fence(&stream);
	took = now_us() - took;
	landed = nicctl_landings();
	sleep_us(SETTLE_US);
	landed = nicctl_landings() - landed;
	f->late += landed;
	f->later += landed || stream_newest_stamp(rig) > stream.fence;
	f->longest_us = took > f->longest_us ? took : f->longest_us;
	w->nr = 0;
}

/* Take the BAR away, and watch what happens from then on. */
static void pull(struct rig *rig, enum trigger trigger, uint64_t with_bar, struct figures *f)
{
	uint64_t took, asked, landed;

	rig_unmap_bar(rig);
	took = now_us();
	trigger_pull(rig, trigger);
	stream_fence(&stream);
	asked = now_us();
	took = asked - took;
	f->open += nicctl_reachable() > with_bar - rig->span + DRIVERS_OWN;
	asked = now_us() - asked;
	landed = nicctl_landings();
	sleep_us(SETTLE_US);
	landed = nicctl_landings() - landed;
	trigger_recover(rig, trigger);
	f->late += landed;
	f->later += landed || stream_newest_stamp(rig) > stream.fence;
	f->longest_us = took > f->longest_us ? took : f->longest_us;
	f->asked_us = asked > f->asked_us ? asked : f->asked_us;
}

/* One round, with the stream running. */
static void end_under_load(struct rig *rig, struct window *w, unsigned int round, bool revoke,
			   struct figures *f)
{
	uint64_t with_bar;

	sleep_us(SETTLE_US);	/* let a lazy domain's flush queue of earlier rounds run empty */
	with_bar = nicctl_reachable();
	stream_start(&stream, rig, w, true);
	if (!stream_wait(&stream, &stream.bar_ok, WARM_UP, 30000))
		tap_die("contained", "the traffic does not flow");
	if (revoke)
		pull(rig, round % 2 ? TRIGGER_MEMORY : TRIGGER_RESET, with_bar, f);
	else
		drop(rig, w, f);
	f->rounds++;
	if (!stream_wait(&stream, &stream.bar_bad, AFTERMATH, 30000))
		tap_die("contained", "requests do not fail in the end");
	stream_stop(&stream);
	f->hung += stream.hung;
}

/* Write through the dead key while there are live mappings of the same BAR. */
static void try_old_key(struct rig *rig, const struct window *old, struct figures *f)
{
	struct window w[AGAIN];
	uint64_t mark;

	memset(rig->host, 0xa5, sizeof(mark));
	memcpy(&mark, rig->host, sizeof(mark));
	for (unsigned int i = 0; i < AGAIN; i++) {
		*(volatile uint64_t *)rig->bar = 0;
		window_open(&w[i], rig, 1);
		window_one(rig, LOOPBACK_WRITE, (uintptr_t)rig->host, sizeof(mark),
			   old->iova[0], old->mr[0]->rkey);
		f->reached += *(volatile uint64_t *)rig->bar == mark;
	}
	for (unsigned int i = 0; i < AGAIN; i++)
		window_close(&w[i]);
}

/* @what: such as "contained, DMA-FQ" or "dereg, DMA". */
static void show(const struct figures *f, const char *what)
{
	tap_note("%s: %u rounds, at most %.1f ms; %" PRIu64
		 " accesses landed after the NIC's answer, the last %.3f ms after it; %" PRIu64
		 " refused by the IOMMU", what, f->rounds, us_to_ms(f->longest_us),
		 f->stray.deregistered.reads + f->stray.deregistered.writes,
		 (double)f->stray.deregistered.max_age_ns / 1e6,
		 f->stray.unmapped.reads + f->stray.unmapped.writes);
	tap_note("%s: in %u rounds something landed after the return, %" PRIu64 " accesses",
		 what, f->later, f->late);
}

static void judge(const struct figures *f, const char *what)
{
	char name[TITLE];

	show(f, what);
	snprintf(name, sizeof(name), "%s: no request hangs", what);
	tap_check(!f->hung, name, "%" PRIu64 " did", f->hung);
	if (!rig_exporter_is_ours())
		return;
	snprintf(name, sizeof(name), "%s: closed when the call returns", what);
	tap_check(!f->open && !f->later, name, "in %u rounds it was open, in %u something landed",
		  f->open, f->later);
	snprintf(name, sizeof(name), "%s: the IOMMU refused the NIC", what);
	tap_check(f->stray.unmapped.writes, name, "it had nothing to refuse");
}

static void judge_old_key(const struct figures *f, const char *what)
{
	char name[TITLE];

	tap_note("%s: in %u rounds the NIC, asked within %.1f ms, could reach the BAR; %u of %u"
		 " writes by the old key reached a new mapping", what, f->open,
		 us_to_ms(f->asked_us), f->reached, ROUNDS * AGAIN);
	if (!rig_exporter_is_ours())
		return;
	snprintf(name, sizeof(name), "%s: no registration revives the old key", what);
	tap_check(!f->reached, name, "%u of %u writes arrived", f->reached, ROUNDS * AGAIN);
}

/* All rounds of one kind. */
static struct figures run_rounds(struct rig *rig, bool revoke, const char *what)
{
	struct figures f = { 0 };
	struct nic_stray before;
	struct window w;

	watchdog_set(LIMIT_S, what);
	nicctl_stray(&before);
	nicctl_ignore_revoke();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		window_open(&w, rig, 1);
		end_under_load(rig, &w, i, revoke, &f);
		if (revoke)
			try_old_key(rig, &w, &f);
		if (!window_close(&w))
			tap_die(what, "a dead MR does not deregister");
	}
	f.stray = nicctl_stray_since(&before);
	nicctl_clear_faults();
	watchdog_clear();
	return f;
}

static void contain(struct rig *rig)
{
	char type[16], what[32];
	struct figures f;

	pci_domain_type(rig_nic(), type, sizeof(type));
	check_laziness(rig, type);
	snprintf(what, sizeof(what), "contained, %s", type);
	f = run_rounds(rig, true, what);
	judge(&f, what);
	judge_old_key(&f, what);
	snprintf(what, sizeof(what), "dereg, %s", type);
	f = run_rounds(rig, false, what);
	judge(&f, what);
}

void revoke_contained(void)
{
	struct rig rig;

	rig_open(&rig, STREAM_SPAN, STREAM_HOST, STREAM_DEPTH);
	contain(&rig);
	make_lazy();
	contain(&rig);
	rig_close(&rig);
}
