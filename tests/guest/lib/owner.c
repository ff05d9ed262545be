// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A process that owns the GPU; see owner.h. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "owner.h"
#include "rig.h"
#include "tap.h"

static void clear_bar(struct rig *rig)
{
	rig_map_bar(rig);
	for (size_t i = 0; i < rig->span; i += sizeof(uint64_t))
		*(volatile uint64_t *)(rig->bar + i) = 0;
	rig_unmap_bar(rig);
}

/* Each request is a byte and each answer a descriptor; the first answer means "ready". */
static void serve(int control, size_t span)
{
	struct rig rig = { .span = span };
	char request;
	int fd = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	rig_open_device(&rig);
	clear_bar(&rig);
	while (write(control, &fd, sizeof(fd)) == sizeof(fd) &&
	       read(control, &request, sizeof(request)) == sizeof(request))
		fd = rig_export(&rig);
	_exit(0);
}

static int answer(struct owner *owner)
{
	int fd;

	if (read(owner->control, &fd, sizeof(fd)) != sizeof(fd))
		tap_die("owner", "it died: see above");
	return fd;
}

void owner_start(struct owner *owner, size_t span)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		tap_die("owner", "socketpair: %s", strerror(errno));
	owner->pid = fork();
	if (owner->pid < 0)
		tap_die("owner", "fork: %s", strerror(errno));
	if (!owner->pid) {
		close(ends[0]);
		serve(ends[1], span);
	}
	close(ends[1]);
	owner->control = ends[0];
	owner->pidfd = pidfd_open(owner->pid, 0);
	if (owner->pidfd < 0)
		tap_die("owner", "pidfd_open: %s", strerror(errno));
	answer(owner);
}

int owner_export(struct owner *owner)
{
	int fd;

	if (write(owner->control, "", 1) != 1)
		tap_die("owner", "cannot ask it: %s", strerror(errno));
	fd = pidfd_getfd(owner->pidfd, answer(owner), 0);
	if (fd < 0)
		tap_die("owner", "pidfd_getfd: %s", strerror(errno));
	return fd;
}

void owner_kill(struct owner *owner)
{
	int status;

	if (kill(owner->pid, SIGKILL) || waitpid(owner->pid, &status, 0) != owner->pid)
		tap_die("owner", "cannot kill it: %s", strerror(errno));
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		tap_die("owner", "it ended by itself (status %#x)", status);
	close(owner->pidfd);
	close(owner->control);
	memset(owner, 0, sizeof(*owner));
}
