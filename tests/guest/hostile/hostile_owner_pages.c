// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A revoke ends what dma-bufs give. It would be worth nothing if the owner, or somebody who traces
 * it, could get hold of the BAR's pages in another way and keep them: so nothing that takes user
 * memory takes that of the BAR.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/futex.h>
#include <linux/io_uring.h>

#include "hostile_owner.h"
#include "lib/tap.h"

#define LEN 4096u

/* Each returns 0 if it got at the pages, or a negative errno. */

static int register_memory(struct rig *rig)
{
	struct ibv_mr *mr = ibv_reg_mr(rig->lb->pd, rig->bar, LEN, IBV_ACCESS_LOCAL_WRITE);
	int err = errno;

	return mr ? ibv_dereg_mr(mr) : -err;
}

static int register_on_demand(struct rig *rig)
{
	struct ibv_mr *mr = ibv_reg_mr(rig->lb->pd, rig->bar, LEN,
				       IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_ON_DEMAND);
	int err = errno, status;

	if (!mr)
		return -err;
	/* only a use shows whether it has pages */
	loopback_post(rig->lb, &(struct loopback_wr){
		.op = LOOPBACK_READ, .local_addr = (uintptr_t)rig->bar, .lkey = mr->lkey,
		.length = 64, .remote_addr = (uintptr_t)rig->host, .rkey = rig->host_mr->rkey });
	status = loopback_poll(rig->lb, &(struct ibv_wc){ 0 }, 1, 20000);
	ibv_dereg_mr(mr);
	loopback_reconnect(rig->lb);
	return status == 1 ? -EFAULT : -ETIMEDOUT;
}

static int read_process(struct rig *rig)
{
	uint8_t copy[64];
	struct iovec to = { copy, sizeof(copy) }, from = { rig->bar, sizeof(copy) };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) < 0 ? -errno : 0;
}

static int splice_pages(struct rig *rig)
{
	struct iovec from = { rig->bar, LEN };
	int ends[2], ret;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	ret = vmsplice(ends[1], &from, 1, SPLICE_F_GIFT | SPLICE_F_NONBLOCK) < 0 ? -errno : 0;
	close(ends[0]);
	close(ends[1]);
	return ret;
}

static int register_with_io_uring(struct rig *rig)
{
	struct io_uring_params params = { 0 };
	struct iovec buffer = { rig->bar, LEN };
	int ring = (int)syscall(SYS_io_uring_setup, 4, &params), ret;

	if (ring < 0)
		return -errno;
	ret = syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1) ? -errno :
	      0;
	close(ring);
	return ret;
}

static int wait_on_it(struct rig *rig)
{
	struct timespec soon = { 0, 1000000 };

	return syscall(SYS_futex, rig->bar, FUTEX_WAIT, 0, &soon, NULL, 0) ? -errno : 0;
}

static int read_memory_file(struct rig *rig)
{
	uint8_t copy[64];
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = pread(fd, copy, sizeof(copy), (off_t)(uintptr_t)rig->bar) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

/* What a debugger that traces @pid gets: 0, or an errno as an exit status. */
static int traced(pid_t pid, uint8_t *at)
{
	int err;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) ||
	    waitpid(pid, NULL, __WALL) != pid)
		return EXIT_FAILURE;	/* EPERM, which no access gives */
	err = ptrace(PTRACE_POKEDATA, pid, at, NULL) ? errno : 0;
	errno = 0;
	ptrace(PTRACE_PEEKDATA, pid, at, NULL);
	err = errno ? err : 0;
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return err;
}

/* By a child, because nobody traces himself. */
static int trace(struct rig *rig)
{
	pid_t owner = getpid(), pid = fork();
	int status = 0;

	if (!pid)
		_exit(traced(owner, rig->bar));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

static const struct {
	const char *name;
	int (*get)(struct rig *rig);
} ways[] = {
	{ "ibv_reg_mr()", register_memory },
	{ "ibv_reg_mr() on demand", register_on_demand },
	{ "process_vm_readv()", read_process },
	{ "/proc/self/mem", read_memory_file },
	{ "ptrace()", trace },
	{ "vmsplice()", splice_pages },
	{ "io_uring's registered buffers", register_with_io_uring },
	{ "futex()", wait_on_it },
};

/* The errors of a kernel or NIC that does not have it at all. */
static bool is_absent(int ret)
{
	return ret == -ENOSYS || ret == -EOPNOTSUPP || ret == -EINVAL;
}

void hostile_owner_pages(struct rig *rig)
{
	char name[128];
	int ret;

	for (unsigned int i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		snprintf(name, sizeof(name), "hostile owner: %s does not get the BAR's pages",
			 ways[i].name);
		ret = ways[i].get(rig);
		if (is_absent(ret))
			tap_skip(name, "this kernel or NIC does not have it");
		else
			tap_check(ret == -EFAULT || ret == -EIO, name, "%s", strerror(-ret));
	}
}
