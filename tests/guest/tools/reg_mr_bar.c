// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * reg_mr_bar: ibv_reg_mr() of addresses inside a peerbar_map(). With examples/reg_mr_shim.c
 * preloaded it works; with --fails it is shown not to without.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/kmsg.h"
#include "lib/tap.h"
#include "lib/watchdog.h"
#include "lib/window.h"

/* The program calls the functions, not the header's macros, as one in another language does. */
#undef ibv_reg_mr
#undef ibv_reg_mr_iova

#define LIMIT_S 60u
#define SPAN (4 * MIB)
#define PAGE 4096u
#define LENGTH 65536u

static struct rig rig;

static struct ibv_pd *pd(void)
{
	return rig.host_mr->pd;
}

/* The whole mapping, by the way that all programs of C go. */
static struct ibv_mr *register_all(void)
{
	struct ibv_mr *mr = ibv_reg_mr(pd(), rig.bar, SPAN, rig.access);

	if (!mr)
		tap_die("reg_mr of a BAR", "%s", strerror(errno));
	return mr;
}

/* Bytes go through @mr, of which @iova is the first. */
static void check_moves(struct ibv_mr *mr, uint64_t iova, const char *name)
{
	struct window w = { .fd = -1, .nr = 1, .part = SPAN, .mr = { mr }, .iova = { iova } };
	const char *wrong = window_verify(&rig, &w, PAGE, LENGTH);

	tap_check(!wrong, name, "%s", wrong);
}

static void check_all(void)
{
	struct ibv_mr *mr = register_all();

	tap_check(mr->addr == rig.bar && mr->length == SPAN, "reg_mr: the MR has the address",
		  "%p, %zu bytes, not %p", mr->addr, mr->length, (void *)rig.bar);
	check_moves(mr, (uintptr_t)rig.bar, "reg_mr: bytes move by the address");
	tap_check(!ibv_dereg_mr(mr), "reg_mr: it is deregistered", "it is not");
}

static void check_iova(void)
{
	uint64_t iova = 7ull << 32;
	struct ibv_mr *mr = ibv_reg_mr_iova2(pd(), rig.bar, SPAN, iova,
					     (unsigned int)rig.access);

	tap_check(!!mr, "reg_mr: at another address", "%s", strerror(errno));
	if (!mr)
		return;
	check_moves(mr, iova, "reg_mr: bytes move by the other address");
	ibv_dereg_mr(mr);
}

/* Anywhere in the mapping, and nowhere else. */
static void check_parts(void)
{
	struct ibv_mr *odd = ibv_reg_mr(pd(), rig.bar + PAGE + 100, 1000, rig.access);
	struct ibv_mr *last = ibv_reg_mr(pd(), rig.bar + SPAN - 1, 1, rig.access);
	struct ibv_mr *past;

	tap_check(odd && last, "reg_mr: parts of the mapping", "%s", strerror(errno));
	tap_check(odd && odd->addr == rig.bar + PAGE + 100, "reg_mr: a part has its own address",
		  "%p", odd ? odd->addr : NULL);
	if (odd)
		ibv_dereg_mr(odd);
	if (last)
		ibv_dereg_mr(last);
	past = ibv_reg_mr(pd(), rig.bar + SPAN - 1, 2, rig.access);
	tap_check(!past, "reg_mr: nothing past its end", "it was registered");
}

/* The child has no mapping there: whatever is at the address is not the BAR. */
static void check_child(void)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(!!ibv_reg_mr(pd(), rig.bar, SPAN, rig.access));
	waitpid(pid, &status, 0);
	tap_check(!status, "reg_mr: not in a child of fork()", "status %#x", status);
}

/* After the mapping, other memory may be where it was. */
static void check_other_memory(void)
{
	uint8_t *addr = rig.bar, expected[LENGTH];
	struct ibv_mr *mr;
	int status;

	rig_unmap_bar(&rig);
	if (mmap(addr, SPAN, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != addr)
		tap_die("reg_mr", "mmap: %s", strerror(errno));
	rig_pattern(addr, LENGTH, 3);
	rig_pattern(expected, LENGTH, 3);
	mr = ibv_reg_mr(pd(), addr, SPAN, rig.access);
	if (!mr)
		tap_die("reg_mr of memory", "%s", strerror(errno));
	status = window_one(&rig, LOOPBACK_READ, (uintptr_t)rig.host, LENGTH, (uintptr_t)addr,
			    mr->rkey);
	tap_check(!status && !memcmp(rig.host, expected, LENGTH),
		  "reg_mr: after an unmap, of what is there then", "%s", window_status(status));
	ibv_dereg_mr(mr);
	munmap(addr, SPAN);
}

static void check_works(void)
{
	uint64_t stray = rig_stray();

	check_all();
	check_iova();
	check_parts();
	check_child();
	check_all();
	check_other_memory();
	rig_map_bar(&rig);
	check_all();
	tap_check(rig_stray() == stray, "reg_mr: no stray DMA", "there was some");
}

static void check_fails(void)
{
	struct ibv_mr *mr = ibv_reg_mr(pd(), rig.bar, SPAN, rig.access);

	tap_check(!mr && errno == EFAULT, "without the shim: EFAULT", "%s",
		  mr ? "it works" : strerror(errno));
}

int main(int argc, char **argv)
{
	uint64_t log = kmsg_position();

	watchdog_set(LIMIT_S, "ibv_reg_mr of a BAR");
	rig_open(&rig, SPAN, MIB, 1);
	if (argc > 1 && !strcmp(argv[1], "--fails"))
		check_fails();
	else
		check_works();
	rig_close(&rig);
	watchdog_clear();
	kmsg_check(log);
	return tap_exit_status();
}
