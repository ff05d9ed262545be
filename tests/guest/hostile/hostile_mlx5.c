// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * hostile_mlx5: a process in the guest that writes whatever it likes into the rings, the
 * doorbell records and the doorbell page of its queue pairs on a ConnectX. Each request must
 * end with the status that names its fault, or have no effect; the NIC must touch nothing that
 * the process has no right to, and serve other processes as if nothing were the matter.
 *
 *	hostile_mlx5 [--seed N] [--rounds N]
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hostile_mlx5.h"
#include "hostile_random.h"
#include "lib/clock.h"
#include "lib/kmsg.h"
#include "lib/nicctl.h"
#include "lib/rig.h"
#include "lib/tap.h"
#include "lib/watchdog.h"

#define LIMIT_S		600u	/* it takes 35 s, and some 200 s on the debug kernel */
#define LOCAL_BYTE	0x11
#define REMOTE_BYTE	0x22

/* ---- set-up ---- */

static void map_big(struct hostile_mlx5 *h)
{
	void *big = mmap(NULL, HOSTILE_BIG, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	h->big_mr = big == MAP_FAILED ? NULL : ibv_reg_mr(h->pd, big, HOSTILE_BIG, 0);
	if (!h->big_mr)
		tap_die("set-up", "cannot register %u bytes: %s", HOSTILE_BIG, strerror(errno));
}

static void hostile_open(struct hostile_mlx5 *h)
{
	int access = rig_access(true) | IBV_ACCESS_REMOTE_ATOMIC;
	struct ibv_mr *stale;

	h->context = hostile_open_device();
	h->pd = ibv_alloc_pd(h->context);
	h->other_pd = ibv_alloc_pd(h->context);
	if (!h->pd || !h->other_pd)
		tap_die("set-up", "cannot allocate protection domains");
	h->local = hostile_guarded();
	h->remote = hostile_guarded();
	h->local_mr = hostile_reg(h->pd, h->local, access);
	h->remote_mr = hostile_reg(h->pd, h->remote, access);
	h->read_only_mr = hostile_reg(h->pd, h->remote, 0);
	h->other_mr = hostile_reg(h->other_pd, h->remote, access);
	h->top_mr = ibv_reg_mr_iova(h->pd, h->remote, HOSTILE_MEM, -(uint64_t)HOSTILE_MEM,
				    access);
	if (!h->top_mr)
		tap_die("set-up", "cannot register up to 2^64: %s", strerror(errno));
	map_big(h);
	stale = hostile_reg(h->pd, h->remote, access);
	h->stale_key = stale->rkey;
	hostile_dereg(stale);
}

static void hostile_close(struct hostile_mlx5 *h)
{
	hostile_dereg(h->big_mr);
	hostile_dereg(h->top_mr);
	hostile_dereg(h->other_mr);
	hostile_dereg(h->read_only_mr);
	hostile_dereg(h->remote_mr);
	hostile_dereg(h->local_mr);
	ibv_dealloc_pd(h->other_pd);
	ibv_dealloc_pd(h->pd);
	ibv_close_device(h->context);
}

/* ---- one case ---- */

void hostile_pair(struct hostile_mlx5 *h, enum ibv_qp_type type, struct ibv_srq *srq)
{
	struct rawrc_options sender = { .type = type }, receiver = { .type = type, .srq = srq };

	rawrc_open(&h->raw, h->pd, &sender);
	rawrc_open(&h->peer, h->pd, &receiver);
	rawrc_connect(&h->raw, h->peer.qp->qp_num, RAWRC_ACCESS);
	rawrc_connect(&h->peer, h->raw.qp->qp_num, RAWRC_ACCESS);
	hostile_prepare(h);
}

void hostile_unpair(struct hostile_mlx5 *h)
{
	rawrc_close(&h->raw);
	rawrc_close(&h->peer);
}

void hostile_prepare(struct hostile_mlx5 *h)
{
	memset(h->local, LOCAL_BYTE, HOSTILE_MEM);
	memset(h->remote, REMOTE_BYTE, HOSTILE_MEM);
}

static bool all(const uint8_t *mem, uint8_t byte)
{
	return mem[0] == byte && !memcmp(mem, mem + 1, HOSTILE_MEM - 1);
}

void hostile_verdict(struct hostile_mlx5 *h, const char *name, int status, int expected)
{
	bool changed = expected && !(all(h->local, LOCAL_BYTE) && all(h->remote, REMOTE_BYTE));
	bool beside = !hostile_guards_hold(h->local) || !hostile_guards_hold(h->remote);
	bool works = bystander_works(h->bystander);

	tap_check(status == expected && !changed && !beside && works, name,
		  "status %d instead of %d%s%s%s", status, expected,
		  changed ? ", memory changed" : "", beside ? ", memory beside an MR changed" : "",
		  works ? "" : ", the bystander does not work");
}

void hostile_check_good(struct hostile_mlx5 *h, const char *name)
{
	struct rawrc_wqe wqe = hostile_good_write(h);
	int status;

	hostile_pair(h, IBV_QPT_RC, NULL);
	status = rawrc_one(&h->raw, &wqe);
	tap_check(status == IBV_WC_SUCCESS && !memcmp(h->local, h->remote, HOSTILE_BYTES), name,
		  "status %d, or the bytes are not there", status);
	hostile_unpair(h);
}

/* ---- the whole test ---- */

static void run(struct hostile_mlx5 *h, struct bystander *waiter, unsigned int rounds)
{
	hostile_check_good(h, "a correct request");
	hostile_mlx5_cases(h);
	hostile_mlx5_receives(h);
	hostile_mlx5_umr(h);
	hostile_mlx5_keys(h);
	hostile_mlx5_records(h);
	hostile_mlx5_chance(h, rounds);
	bystander_check(h->bystander, "bystander unharmed by chance");
	hostile_mlx5_doorbells(h, waiter);
	hostile_mlx5_storm(h);
	hostile_check_good(h, "a correct request after all that");
}

/* The NIC answers commands in good time: no event of the driver's was lost. */
static void check_commands(struct hostile_mlx5 *h, uint64_t limit_us)
{
	uint64_t start = now_us();

	hostile_pair(h, IBV_QPT_RC, NULL);
	hostile_unpair(h);
	tap_check(now_us() - start < limit_us, "commands of the driver are answered",
		  "some took %.0f ms", us_to_ms(now_us() - start));
}

int main(int argc, char **argv)
{
	uint64_t log = kmsg_position(), stray;
	struct hostile_mlx5 h = { 0 };
	unsigned int rounds = 150;
	struct bystander *waiter;

	hostile_parse(argc, argv, &rounds);
	stray = nicctl_stray_total();
	h.bystander = bystander_start();
	waiter = bystander_start_as(hostile_mlx5_wait);
	watchdog_set(LIMIT_S, "hostile_mlx5");
	hostile_open(&h);
	run(&h, waiter, rounds);
	check_commands(&h, 5000000);
	hostile_close(&h);
	bystander_stop(h.bystander, "transfers of 64 KiB, each read back and compared");
	bystander_stop(waiter, "WRITEs, each with its event");
	stray = nicctl_stray_total() - stray;
	tap_check(!stray, "no stray DMA", "%" PRIu64 " accesses", stray);
	kmsg_check(log);
	watchdog_clear();
	return tap_exit_status();
}
