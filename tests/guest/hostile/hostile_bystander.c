// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * An innocent process on the same NIC. In an endless loop it copies data by WRITE and back
 * by READ, and compares. Without RDMA WRITE it READs both times.
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

#include "hostile.h"
#include "lib/clock.h"
#include "lib/nicctl.h"
#include "lib/rig.h"
#include "lib/tap.h"

#define BYTES 65536u
#define TIMEOUT_MS 20000u

static pid_t child;

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

static void move_data(struct bystander *b, struct loopback *lb, struct ibv_mr *mr)
{
	uint8_t *from = mr->addr, *to = from + BYTES, *back = to + BYTES;
	enum loopback_op there = lb->can_write ? LOOPBACK_WRITE : LOOPBACK_READ;
	uint32_t seed = 0;

	while (!b->stop) {
		rig_pattern(from, BYTES, ++seed);
		if (copy(lb, there, from, to, mr) && copy(lb, LOOPBACK_READ, to, back, mr) &&
		    !memcmp(from, back, BYTES))
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
	mem = mmap(NULL, 3 * BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mr = mem == MAP_FAILED ? NULL :
	     ibv_reg_mr(lb->pd, mem, 3 * BYTES, rig_access(lb->can_write));
	if (!mr)
		tap_die("bystander", "cannot register memory: %s", strerror(errno));
	b->key = mr->rkey;
	b->addr = (uintptr_t)mem;
	b->can_write = lb->can_write;
	b->ready = true;
	move_data(b, lb, mr);
	ibv_dereg_mr(mr);
	loopback_close(lb);
}

static bool child_ended(void)
{
	return waitpid(child, NULL, WNOHANG) == child;
}

struct bystander *bystander_start(void)
{
	struct bystander *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (b == MAP_FAILED)
		tap_die("bystander", "no memory: %s", strerror(errno));
	child = fork();
	if (child < 0)
		tap_die("bystander", "fork: %s", strerror(errno));
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		nicctl_close();
		live(b);
		_exit(EXIT_SUCCESS);
	}
	while (!b->ready || b->verified < 2) {
		if (child_ended())
			tap_die("bystander", "did not come up");
		sleep_us(1000);
	}
	return b;
}

void bystander_check(struct bystander *b, const char *when)
{
	uint64_t before = b->verified, end = now_us() + TIMEOUT_MS * 1000ull;

	while (b->verified < before + 2 && now_us() < end)
		sleep_us(1000);
	tap_check(b->verified >= before + 2 && !b->wrong, when,
		  "bystander: %" PRIu64 " transfers verified, %" PRIu64 " wrong",
		  b->verified, b->wrong);
}

void bystander_stop(struct bystander *b)
{
	int status;

	b->stop = true;
	tap_check(waitpid(child, &status, 0) == child && WIFEXITED(status) &&
		  !WEXITSTATUS(status), "bystander ends well", "it did not");
	tap_note("bystander: %" PRIu64 " transfers of %u KiB, each read back and compared",
		 b->verified, BYTES / 1024);
}
