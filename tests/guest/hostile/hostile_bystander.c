// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * An innocent process on the same NIC. In an endless loop it copies data by WRITE and back
 * by READ, and compares. Without RDMA WRITE it READs both times. A part of its region is never
 * used, and has to stay as it is.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile_bystander.h"
#include "lib/clock.h"
#include "lib/nicctl.h"
#include "lib/rig.h"
#include "lib/tap.h"

#define BYTES 65536u
#define TIMEOUT_MS 20000u

static bool copy(struct loopback *lb, enum loopback_op op, const uint8_t *from,
		 const uint8_t *to, const struct ibv_mr *mr)
{
	bool write = op == LOOPBACK_WRITE;
	struct loopback_wr wr = {
		.op = op, .length = BYTES, .lkey = mr->lkey, .rkey = mr->rkey,
		.local_addr = (uintptr_t)(write ? from : to),
		.remote_addr = (uintptr_t)(write ? to : from),
	};
	struct ibv_wc wc;

	return !loopback_post(lb, &wr) && loopback_poll(lb, &wc, 1, TIMEOUT_MS) == 1 &&
	       wc.status == IBV_WC_SUCCESS;
}

static bool untouched(const uint8_t *mem)
{
	return !mem[0] && !memcmp(mem, mem + 1, BYTES - 1);
}

static void move_data(struct bystander *b, struct loopback *lb, struct ibv_mr *mr)
{
	uint8_t *from = mr->addr, *to = from + BYTES, *back = to + BYTES;
	const uint8_t *unused = back + BYTES;
	enum loopback_op there = lb->can_write ? LOOPBACK_WRITE : LOOPBACK_READ;
	uint32_t seed = 0;

	while (!b->stop) {
		rig_pattern(from, BYTES, ++seed);
		if (copy(lb, there, from, to, mr) && copy(lb, LOOPBACK_READ, to, back, mr) &&
		    !memcmp(from, back, BYTES) && untouched(unused))
			b->verified++;
		else
			b->wrong++;
		sleep_us(1000);		/* leave CPU time to the test */
	}
}

static void live(struct bystander *b)
{
	struct loopback *lb;
	struct ibv_mr *mr;
	uint8_t *mem;

	if (loopback_open(rig_ibdev(), 4, &lb))
		tap_die("bystander", "%s", loopback_errmsg());
	mem = mmap(NULL, 4 * BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mr = mem == MAP_FAILED ? NULL :
	     ibv_reg_mr(lb->pd, mem, 4 * BYTES, rig_access(lb->can_write));
	if (!mr)
		tap_die("bystander", "cannot register memory: %s", strerror(errno));
	b->key = mr->rkey;
	b->addr = (uintptr_t)mem + 3 * BYTES;
	b->qpn = lb->responder->qp_num;
	b->can_write = lb->can_write;
	b->ready = true;
	move_data(b, lb, mr);
	ibv_dereg_mr(mr);
	loopback_close(lb);
}

struct bystander *bystander_start_as(void (*run)(struct bystander *b))
{
	struct bystander *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child;

	if (b == MAP_FAILED)
		tap_die("bystander", "no memory: %s", strerror(errno));
	child = fork();
	if (child < 0)
		tap_die("bystander", "fork: %s", strerror(errno));
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		nicctl_close();
		run(b);
		_exit(EXIT_SUCCESS);
	}
	b->child = child;
	while (!b->ready || b->verified < 2) {
		if (waitpid(b->child, NULL, WNOHANG) == b->child)
			tap_die("bystander", "did not come up");
		sleep_us(1000);
	}
	return b;
}

struct bystander *bystander_start(void)
{
	return bystander_start_as(live);
}

bool bystander_works(struct bystander *b)
{
	uint64_t before = b->verified, end = now_us() + TIMEOUT_MS * 1000ull;

	while (!b->wrong && b->verified < before + 2 && now_us() < end)
		sleep_us(1000);
	return b->verified >= before + 2 && !b->wrong;
}

void bystander_check(struct bystander *b, const char *when)
{
	tap_check(bystander_works(b), when, "bystander: %" PRIu64 " times right, %" PRIu64
		  " times wrong", b->verified, b->wrong);
}

void bystander_stop(struct bystander *b, const char *work)
{
	int status;

	b->stop = true;
	tap_check(waitpid(b->child, &status, 0) == b->child && WIFEXITED(status) &&
		  !WEXITSTATUS(status), "bystander ends well", "it did not");
	tap_note("bystander: %" PRIu64 " %s", b->verified, work);
}
