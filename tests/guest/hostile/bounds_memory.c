// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Kernel memory for exports and mappings is charged to the memory cgroup of the process that
 * exports and maps, which need not be root. Otherwise such a process could use up the
 * machine's memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bounds.h"
#include "lib/clock.h"
#include "lib/pci.h"
#include "lib/rig.h"
#include "lib/tap.h"
#include "lib/test_importer.h"

#define CGROUPS "/sys/fs/cgroup"
#define GROUP CGROUPS "/peerbar"
#define NOBODY 65534u
#define PAGE 4096u
#define RANGES 512u		/* as many as a buffer can have */
#define BUFFERS 1024u
#define BUFFER_BYTES (RANGES * 8u)	/* for the ranges of one, at least */
#define MAPPINGS 2048u
#define MAPPING_BYTES 128u		/* for an attachment and its mapping, at least */
#define SETTLE_US 2500000u		/* the kernel sums up its counters every 2 s */

static const char name[] = "memory";

/* The other process, in the cgroup. It does each step on request, and answers how it went. */
struct user {
	pid_t pid;
	int control;
	int device, importer;
};

/* Become nobody, who has nothing but the open descriptors of the device and the importer. */
static void drop_privileges(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		tap_die(name, "cannot become nobody: %s", strerror(errno));
}

static int export_many(const struct user *user)
{
	struct vfio_region_dma_range range[RANGES];
	int ret = 0;

	vfio_scatter(range, RANGES);
	for (unsigned int i = 0; i < BUFFERS && ret >= 0; i++)
		ret = vfio_export_ranges(user->device, rig_bar(), range, RANGES, O_RDWR);
	return ret < 0 ? ret : 0;
}

static int map_many(const struct user *user)
{
	int dmabuf = vfio_export(user->device, rig_bar(), 0, PAGE, O_RDWR), ret = 0;
	uint32_t handle;

	for (unsigned int i = 0; i < MAPPINGS && !ret; i++) {
		ret = importer_attach(user->importer, dmabuf, rig_nic(), PTI_DYNAMIC,
				      PTI_UNMAP_AT_ONCE, &handle);
		if (!ret)
			ret = importer_map(user->importer, handle);
	}
	return ret;
}

enum step { EXPORT_MANY, MAP_MANY };

static int (*const steps[])(const struct user *user) = {
	[EXPORT_MANY] = export_many, [MAP_MANY] = map_many,
};

static void serve(const struct user *user, int control)
{
	enum step step;
	int ret;

	drop_privileges();
	while (read(control, &step, sizeof(step)) == sizeof(step)) {
		ret = steps[step](user);
		if (write(control, &ret, sizeof(ret)) != sizeof(ret))
			break;
	}
	_exit(0);
}

static void start(struct user *user, const struct vfio *vfio)
{
	struct rlimit files = { 2 * BUFFERS, 2 * BUFFERS };
	char pid[16];
	int ends[2];

	user->device = vfio->fd;
	user->importer = importer_open();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		tap_die(name, "socketpair: %s", strerror(errno));
	user->pid = fork();
	if (!user->pid) {
		close(ends[0]);
		setrlimit(RLIMIT_NOFILE, &files);
		serve(user, ends[1]);
	}
	close(ends[1]);
	user->control = ends[0];
	snprintf(pid, sizeof(pid), "%d", user->pid);
	if (user->pid < 0 || sysfs_write(pid, GROUP "/cgroup.procs"))
		tap_die(name, "no process in the group: %s", strerror(errno));
}

static void end(struct user *user)
{
	close(user->control);
	waitpid(user->pid, NULL, 0);
	close(user->importer);
}

/* The kernel memory that is charged to the group. */
static uint64_t charged(void)
{
	unsigned long long bytes;
	char line[128];
	FILE *f;

	sleep_us(SETTLE_US);
	f = fopen(GROUP "/memory.stat", "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "kernel %llu", &bytes) == 1) {
			fclose(f);
			return bytes;
		}
	}
	tap_die(name, "cannot read " GROUP "/memory.stat: %s", strerror(errno));
}

/* Have the process do one step, for which at least @bytes must be charged. */
static void charges(const struct user *user, enum step step, uint64_t bytes,
		    const char *what)
{
	uint64_t before = charged(), after;
	char text[96];
	int ret;

	snprintf(text, sizeof(text), "memory: charged to who asked for it: %s", what);
	if (write(user->control, &step, sizeof(step)) != sizeof(step) ||
	    read(user->control, &ret, sizeof(ret)) != sizeof(ret) || ret)
		tap_die(name, "%s: it did not work", what);
	after = charged();
	tap_note("memory: %s: %" PRIu64 " KiB charged, expected %" PRIu64 " at least", what,
		 (after - before) / 1024, bytes / 1024);
	tap_check(after >= before + bytes, text, "%" PRIu64 " KiB of %" PRIu64,
		  (after - before) / 1024, bytes / 1024);
}

static const char *no_group(void)
{
	if (mount("cgroup2", CGROUPS, "cgroup2", 0, NULL) && errno != EBUSY)
		return "this kernel has no cgroups";
	if (sysfs_write("+memory", CGROUPS "/cgroup.subtree_control") ||
	    (mkdir(GROUP, 0755) && errno != EEXIST))
		return "this kernel has no memory cgroups";
	return NULL;
}

void bounds_memory(const struct vfio *vfio)
{
	const char *reason = no_group();
	struct user user;

	if (reason) {
		tap_skip(name, "%s", reason);
		return;
	}
	start(&user, vfio);
	charges(&user, EXPORT_MANY, (uint64_t)BUFFERS * BUFFER_BYTES,
		"1024 buffers of 512 ranges");
	charges(&user, MAP_MANY, (uint64_t)MAPPINGS * MAPPING_BYTES, "2048 mappings");
	end(&user);
}
