// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Opens that must be refused. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/rig.h"
#include "lib/tap.h"
#include "libpeerbar_errors.h"

static void refuse(const char *name, const char *address, int expected, const char *words)
{
	struct peerbar_device *dev;
	int ret = peerbar_open(address, &dev);

	expect_error(name, -ret, expected, words);
	tap_check(!dev, "no device comes out of it", "there is one");
	peerbar_close(dev);
}

static void bad_addresses(void)
{
	static const char *const bad[] = {
		"", "gpu", "0000:01:00", "0000:01:00.8", "0000:01:20.0", "00000:zz:00.0",
		"0000:01:00.0 ", "-1:00.0", "0000:01:00.0.0",
	};
	char name[64];

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(name, sizeof(name), "open: address \"%s\"", bad[i]);
		refuse(name, bad[i], EINVAL, "not PCI address 0000:01:00.0");
	}
}

static void write_sysfs(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		tap_die("open: without a driver", "%s: %s", path, strerror(errno));
	close(fd);
}

/* The device is unbound for a moment; driver_override then brings the same driver back. */
static void no_driver(void)
{
	const char *gpu = rig_gpu();
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver/unbind", gpu);
	write_sysfs(path, gpu);
	refuse("open: no driver bound", gpu, ENXIO, "no driver peerbar dev bind");
	write_sysfs("/sys/bus/pci/drivers_probe", gpu);
}

static void wrong_driver(void)
{
	const char *nic = getenv("PB_NIC");

	if (!nic || !*nic)
		tap_skip("open: bound to another driver", "PB_NIC is not set");
	else
		refuse("open: bound to another driver", nic, ENXIO,
		       "bound efa peerbar dev bind");
}

/* A child opens the device, says so, and waits to be killed. */
static pid_t other_owner(void)
{
	struct peerbar_device *dev;
	int ready[2];
	char byte = 0;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		tap_die("open: busy", "pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		tap_die("open: busy", "fork: %s", strerror(errno));
	if (!pid) {
		byte = !peerbar_open(rig_gpu(), &dev);
		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(EXIT_FAILURE);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1 || !byte)
		tap_die("open: busy", "the other process could not open the device");
	close(ready[0]);
	return pid;
}

static void busy(void)
{
	pid_t pid = other_owner();
	char words[64];

	snprintf(words, sizeof(words), "in use pid %d end", pid);
	refuse("open: in use by another process", rig_gpu(), EBUSY, words);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void errors_of_open(void)
{
	bad_addresses();
	refuse("open: no such device", "0000:ff:1f.7", ENODEV, "no PCI device 0000:ff:1f.7 show");
	no_driver();
	wrong_driver();
	busy();
}
