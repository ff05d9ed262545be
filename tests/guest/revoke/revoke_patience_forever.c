// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * If no IOMMU translates, a revoke waits without limit for an importer that promised to let go:
 * it could only be stopped together with its NIC, which serves others. The log names the
 * importer. The owner of the device may give up: a call that is killed has changed nothing.
 * An administrator who would rather go on sets allow_unsafe_timeout.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "device.h"
#include "lib/blame.h"
#include "lib/clock.h"
#include "lib/exporter.h"
#include "lib/importer_bench.h"
#include "lib/kmsg.h"
#include "lib/pci.h"
#include "lib/tap.h"
#include "lib/vfio.h"
#include "revoke_patience.h"

#define UNSAFE "/sys/module/peerbar_vfio_pci/parameters/allow_unsafe_timeout"
#define MARK 0x5a5a5a5au

/* ivshmem's interrupt mask: nothing but a reset clears it, so it shows if there was one. */
#define REGISTERS 0u
#define INTERRUPT_MASK 0u

static void leave_mark(struct bench *b)
{
	vfio_write(b->rig.dev->fd, REGISTERS, INTERRUPT_MASK, 4, MARK);
}

static bool has_mark(struct bench *b)
{
	return vfio_read(b->rig.dev->fd, REGISTERS, INTERRUPT_MASK, 4) == MARK;
}

/*
 * Another process makes the call, so that it can be killed; we keep the device open. The child
 * of fork() would not hold the device (see rdma/lib/fork.c): _Fork() leaves the handlers out.
 */
static pid_t pull(struct bench *b, enum trigger trigger)
{
	pid_t pid = _Fork();

	if (pid < 0)
		tap_die("forever", "fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		trigger_pull(&b->rig, trigger);
		_exit(0);
	}
	return pid;
}

static bool waits(pid_t pid)
{
	siginfo_t info = { 0 };

	return !waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) && !info.si_pid;
}

static int end_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		tap_die("forever", "waitpid: %s", strerror(errno));
	return status;
}

static void check_waits(pid_t pid, const struct blame *blame, const char *name)
{
	char text[IMPORTER_TITLE];

	tap_check(patience_wait_for_name(blame->log),
		  importer_title(text, name, "the log says for whom it waits"), "it does not");
	sleep_us(PATIENCE_TIMEOUT_MS * 1000);
	tap_check(waits(pid), importer_title(text, name, "it goes on waiting"), "it does not");
	blame_check(blame, 0, 0, name);
}

static void check_undone(struct bench *b, enum trigger trigger, const char *name)
{
	uint32_t command = vfio_config_read(b->rig.dev->fd, PCI_COMMAND, 2);
	char text[IMPORTER_TITLE];

	tap_check(command & PCI_COMMAND_MEMORY &&
		  !exporter_shows(rig_gpu(), "revokes", "active=1"),
		  importer_title(text, name, "killed, it has changed nothing"),
		  "PCI_COMMAND %#x", command);
	if (trigger == TRIGGER_RESET)
		tap_check(has_mark(b), importer_title(text, name, "nor reset anything"),
			  "the device was reset");
}

/* The first call is killed. The second waits until the importer lets go. */
static void waits_for_ever(enum trigger trigger)
{
	struct blame blame;
	char name[64], text[IMPORTER_TITLE];
	uint32_t handle;
	struct bench b;
	pid_t pid;
	int status;

	snprintf(name, sizeof(name), "nothing translates, %s", trigger_name(trigger));
	bench_open(&b, name);
	handle = attach_and_map(&b, PTI_DYNAMIC, PTI_UNMAP_NEVER);
	leave_mark(&b);

	blame_begin(&blame);
	pid = pull(&b, trigger);
	check_waits(pid, &blame, name);
	kill(pid, SIGKILL);
	status = end_of(pid);
	tap_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
		  importer_title(text, name, "it can be killed"), "status %#x", status);
	check_undone(&b, trigger, name);

	expect(importer_unmap(b.fd, handle), 0, name, "unmap by hand");
	expect(importer_map(b.fd, handle), 0, name, "the importer maps again");
	blame_begin(&blame);
	pid = pull(&b, trigger);
	check_waits(pid, &blame, name);
	expect(importer_unmap(b.fd, handle), 0, name, "unmap by hand, the second time");
	tap_check(!end_of(pid), importer_title(text, name, "it ends then"), "it failed");
	if (trigger == TRIGGER_RESET)
		tap_check(!has_mark(&b), importer_title(text, name, "and has reset the device"),
			  "it has not");

	trigger_recover(&b.rig, trigger);
	rig_unmap_bar(&b.rig);
	expect(importer_map(b.fd, handle), 0, name, "and the importer maps once more");
	expect(importer_detach(b.fd, handle), 0, name, "detach");
	bench_close(&b);
}

static void set_unsafe(const char *value)
{
	int ret = sysfs_write(value, UNSAFE);

	if (ret)
		tap_die(UNSAFE, "cannot set it: %s", strerror(-ret));
}

static void goes_on(void)
{
	static const char name[] = "nothing translates, allow_unsafe_timeout";
	char text[IMPORTER_TITLE];
	uint32_t dynamic, pinned;
	struct blame blame;
	struct bench b;
	uint64_t took;

	bench_open(&b, name);
	dynamic = attach_and_map(&b, PTI_DYNAMIC, PTI_UNMAP_NEVER);
	pinned = attach_and_map(&b, PTI_PINNED, PTI_UNMAP_NEVER);
	set_unsafe("1");
	blame_begin(&blame);
	took = now_us();
	expect(peerbar_reset(b.rig.dev), 0, name, "the reset works");
	took = now_us() - took;
	set_unsafe("0");
	tap_check(took >= PATIENCE_TIMEOUT_MS * 1000ull,
		  importer_title(text, name, "it ends when the time is over"),
		  "it took %.1f ms", us_to_ms(took));
	blame_check(&blame, 2, 0, name);
	expect(importer_unmap(b.fd, dynamic), 0, name, "the dynamic one unmaps later");
	expect(importer_map(b.fd, dynamic), -ENODEV, name, "and maps no more");
	expect(importer_detach(b.fd, pinned), 0, name, "the pinned one detaches");
	expect(importer_detach(b.fd, dynamic), 0, name, "detach");
	bench_close(&b);
}

void patience_forever(void)
{
	waits_for_ever(TRIGGER_RESET);
	waits_for_ever(TRIGGER_MEMORY);
	waits_for_ever(TRIGGER_LOW_POWER);
	goes_on();
}
