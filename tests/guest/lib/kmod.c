// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Loading the test modules; see kmod.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kmod.h"

/* The guest sees the checkout as /src. */
#define BUILD "/src/build/"

/* Load @name, which is below @folder for the running kernel. */
static int load(const char *folder, const char *name)
{
	struct utsname system;
	char path[256];
	int fd, ret = 0;

	uname(&system);
	snprintf(path, sizeof(path), BUILD "%s/%s/%s.ko", folder, system.release, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", 0))
		ret = -errno;
	close(fd);
	return ret;
}

int kmod_load(const char *module)
{
	return load("kmod", module);
}

int kmod_load_exporter(void)
{
	return load("kernel", "peerbar-vfio-pci");
}

int kmod_unload(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? -errno : 0;
}
