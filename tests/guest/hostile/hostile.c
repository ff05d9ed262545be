// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * hostile: a process in the guest that writes whatever it likes into its queue
 * pair's ring and doorbell page. The NIC must answer each request with the status
 * that names its fault, touch nothing that the process has no right to, and serve
 * another process on the same NIC as if nothing were the matter.
 *
 *	hostile [--seed N] [--rounds N]
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <infiniband/efadv.h>

#include "hostile.h"
#include "hostile_random.h"
#include "lib/kmsg.h"
#include "lib/nicctl.h"
#include "lib/rig.h"
#include "lib/tap.h"
#include "lib/watchdog.h"

#define BATCH		64u
#define LIMIT_S		120u

/* ---- set-up ---- */

static struct ibv_ah *create_ah(struct ibv_pd *pd, uint16_t *number)
{
	struct ibv_ah_attr attr = { .is_global = 1, .port_num = 1 };
	struct efadv_ah_attr efa = { 0 };
	struct ibv_ah *ah = NULL;

	if (!ibv_query_gid(pd->context, 1, 0, &attr.grh.dgid))
		ah = ibv_create_ah(pd, &attr);
	if (!ah || efadv_query_ah(ah, &efa, sizeof(efa)))
		tap_die("set-up", "cannot create an address handle");
	*number = efa.ahn;
	return ah;
}

static void hostile_open(struct hostile *h, const struct bystander *b)
{
	struct ibv_mr *stale;

	h->can_write = b->can_write;
	h->access = rig_access(b->can_write);
	h->context = hostile_open_device();
	h->pd = ibv_alloc_pd(h->context);
	h->other_pd = ibv_alloc_pd(h->context);
	if (!h->pd || !h->other_pd)
		tap_die("set-up", "cannot allocate protection domains");
	h->ah = create_ah(h->pd, &h->ahn);
	h->other_ah = create_ah(h->other_pd, &h->other_ahn);
	rawqp_open(&h->raw, h->pd);
	rawqp_open(&h->peer, h->pd);
	h->local = hostile_guarded();
	h->remote = hostile_guarded();
	h->local_mr = hostile_reg(h->pd, h->local, h->access);
	h->remote_mr = hostile_reg(h->pd, h->remote, h->access);
	h->read_only_mr = hostile_reg(h->pd, h->remote, 0);
	h->other_mr = hostile_reg(h->other_pd, h->remote, h->access);
	stale = hostile_reg(h->pd, h->remote, h->access);
	h->stale_key = stale->rkey;
	hostile_dereg(stale);
	h->foreign_key = b->key;
	h->foreign_addr = b->addr;
}

static void hostile_close(struct hostile *h)
{
	hostile_dereg(h->other_mr);
	hostile_dereg(h->read_only_mr);
	hostile_dereg(h->remote_mr);
	hostile_dereg(h->local_mr);
	rawqp_close(&h->peer);
	rawqp_close(&h->raw);
	ibv_destroy_ah(h->other_ah);
	ibv_destroy_ah(h->ah);
	ibv_dealloc_pd(h->other_pd);
	ibv_dealloc_pd(h->pd);
	ibv_close_device(h->context);
}

/* ---- random requests ---- */

/* Post @n requests at once and count the completions. */
static unsigned int complete_batch(struct rawqp *raw, unsigned int n, unsigned int *failed)
{
	struct efa_io_cqe cqe;
	unsigned int done;

	rawqp_ring(raw);
	for (done = 0; done < n && rawqp_poll(raw, &cqe, 10000); done++)
		*failed += cqe.status != EFA_IO_OK;
	return done;
}

/* All bytes random, or a correct request with one to three bytes changed. */
static void random_wqe(const struct hostile *h, struct efa_io_wqe *wqe)
{
	uint8_t *byte = (uint8_t *)wqe;

	if (random() % 2) {
		hostile_randomize(wqe, sizeof(*wqe));
		return;
	}
	*wqe = hostile_good_wqe(h);
	for (long i = random() % 3; i >= 0; i--)
		byte[(size_t)random() % sizeof(*wqe)] = (uint8_t)(random() >> 8);
}

static void test_chance(struct hostile *h, unsigned int rounds)
{
	unsigned int done = 0, failed = 0;
	struct efa_io_wqe wqe;

	for (unsigned int i = 0; i < rounds; i++) {
		for (unsigned int k = 0; k < BATCH; k++) {
			random_wqe(h, &wqe);
			rawqp_put(&h->raw, &wqe);
		}
		done += complete_batch(&h->raw, BATCH, &failed);
	}
	tap_note("%u requests by chance: %u completed, %u of them with an error",
		 rounds * BATCH, done, failed);
	tap_check(done == rounds * BATCH, "every request by chance completes", "%u of %u did",
		  done, rounds * BATCH);
	wqe = hostile_good_wqe(h);
	tap_check(rawqp_one(&h->raw, &wqe) == EFA_IO_OK, "and the QP still works",
		  "a correct request fails");
}

/* ---- doorbells ---- */

/* A ring value that claims more than the ring holds is an error of that QP alone. */
static void test_overrun(struct hostile *h, const char *name, uint32_t ahead)
{
	struct rawqp victim = { 0 };
	struct efa_io_wqe wqe = hostile_good_wqe(h);
	int status;

	rawqp_open(&victim, h->pd);
	status = rawqp_one(&victim, &wqe);
	tap_check(status == EFA_IO_OK, "a fresh QP works", "status %d", status);
	rawqp_ring_value(&victim, victim.prod + ahead);
	status = rawqp_one(&victim, &wqe);
	tap_check(status == EFA_IO_FLUSHED, name, "status %d instead of %d", status,
		  EFA_IO_FLUSHED);
	rawqp_close(&victim);
}

/* Stores of every width all over the page. Some may hit the doorbell and break the QP. */
static void test_scribble(struct hostile *h)
{
	struct rawqp victim = { 0 };

	rawqp_open(&victim, h->pd);
	for (unsigned int i = 0; i < 512; i++) {
		volatile uint8_t *at = victim.doorbell + (size_t)random() % 512 * 8;

		hostile_store(at, i);
	}
	rawqp_close(&victim);
}

/* ---- the whole test ---- */

static void run(struct hostile *h, struct bystander *b, unsigned int rounds)
{
	struct efa_io_wqe wqe;

	hostile_cases(h);
	bystander_check(b, "bystander unharmed by wrong requests");
	test_chance(h, rounds);
	bystander_check(b, "bystander unharmed by chance");
	test_overrun(h, "a doorbell one past the ring ends that QP", RAWQP_DEPTH + 1);
	test_overrun(h, "a doorbell that goes back ends that QP", UINT16_MAX);
	test_scribble(h);
	bystander_check(b, "bystander unharmed by doorbells");
	wqe = hostile_good_wqe(h);
	tap_check(rawqp_one(&h->raw, &wqe) == EFA_IO_OK, "other QPs of the process work",
		  "a correct request fails");
	tap_check(hostile_guards_hold(h->local) && hostile_guards_hold(h->remote),
		  "memory beside the MRs is untouched", "it was written");
}

int main(int argc, char **argv)
{
	uint64_t log = kmsg_position(), stray;
	unsigned int rounds = 50;
	struct hostile h = { 0 };
	struct bystander *b;

	hostile_parse(argc, argv, &rounds);
	stray = nicctl_stray_total();
	b = bystander_start();
	watchdog_set(LIMIT_S, "hostile");
	hostile_open(&h, b);
	run(&h, b, rounds);
	hostile_close(&h);
	bystander_stop(b, "transfers of 64 KiB, each read back and compared");
	stray = nicctl_stray_total() - stray;
	tap_check(!stray, "no stray DMA", "%" PRIu64 " accesses", stray);
	kmsg_check(log);
	watchdog_clear();
	return tap_exit_status();
}
