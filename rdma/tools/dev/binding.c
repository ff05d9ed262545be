// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Moving a PCI device from one driver to another.
 *
 * The kernel unbinds and probes inside the write to sysfs. A driver that waits for its
 * users to go away blocks that write until they do. Therefore a child process writes, and
 * is abandoned when the time is up.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "binding.h"
#include "machine/error.h"
#include "machine/pci.h"
#include "machine/sys.h"

#define DEVICES "/sys/bus/pci/devices/"
#define TIME_LIMIT_MS 10000

/*
 * Wait for the child @pid, whose exit status is an errno. Returns that as a negative errno, or
 * -ETIMEDOUT if the child does not end in time.
 */
static int wait_for(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	int waited, status;

	for (waited = 0; waited < TIME_LIMIT_MS; waited += 10) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
		nanosleep(&pause, NULL);
	}
	/* The child dies only when the kernel ends the write, which may still succeed. */
	kill(pid, SIGKILL);
	return -ETIMEDOUT;
}

static int bounded_write(const char *value, const char *path)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(-pb_write(value, "%s", path));
	return wait_for(pid);
}

static int explain(int ret, const char *what, const char *address)
{
	switch (-ret) {
	case 0:
		return 0;
	case EACCES:
	case EPERM:
		return pb_fail(EACCES, "may not %s %s: run as root", what, address);
	case ETIMEDOUT:
		return pb_fail(ETIMEDOUT, "cannot %s %s: the driver did not finish in %d s, it "
			       "waits for a user of the device: end that; the change may still "
			       "happen", what, address, TIME_LIMIT_MS / 1000);
	default:
		return pb_fail(-ret, "cannot %s %s: %s: the kernel's log says more", what,
			       address, strerror(-ret));
	}
}

int binding_check(const char *address, bool force)
{
	if (pb_pci_is_bridge(address))
		return pb_fail(EINVAL, "%s is a bridge, and the devices below need its driver: "
			       "name one of those", address);
	return binding_users(address, force);
}

int binding_release(const char *address)
{
	char driver[PB_NAME_SIZE], path[128];

	pb_pci_driver(address, driver);
	if (!driver[0])
		return 0;
	snprintf(path, sizeof(path), DEVICES "%s/driver/unbind", address);
	return explain(bounded_write(address, path), "unbind", address);
}

int binding_override(const char *address, const char *driver)
{
	/* Writing an empty line clears the override. */
	return explain(pb_write(driver[0] ? driver : "\n", DEVICES "%s/driver_override", address),
		       "set driver_override of", address);
}

void binding_read_override(const char *address, char *driver)
{
	if (pb_read(driver, PB_NAME_SIZE, DEVICES "%s/driver_override", address) ||
	    !strcmp(driver, "(null)"))
		driver[0] = '\0';
}

int binding_choose_exporter(const char *address, const char *exporter)
{
	int ret = pb_write(exporter, DEVICES "%s/" PB_EXPORTER, address);

	if (ret == -ENOENT)
		return pb_fail(ENOENT, "its driver has no choice of exporters: load the "
			       "peerbar-vfio-pci that belongs to this command");
	if (ret == -EOPNOTSUPP)
		return pb_fail(EOPNOTSUPP, "this kernel's core of vfio-pci exports no BARs: boot "
			       "Linux 6.19 or newer with CONFIG_VFIO_PCI_DMABUF");
	return explain(ret, "choose the exporter of", address);
}

/* The write waits for the probe, and then fails, as the device has a driver. */
int binding_settle(const char *address)
{
	char driver[PB_NAME_SIZE], path[128];

	pb_pci_driver(address, driver);
	if (!driver[0])
		return 0;
	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind", driver);
	if (bounded_write(address, path) == -ETIMEDOUT)
		return explain(-ETIMEDOUT, "probe", address);
	return 0;
}

int binding_probe(const char *address)
{
	int ret = bounded_write(address, "/sys/bus/pci/drivers_probe");

	return ret ? explain(ret, "probe", address) : binding_settle(address);
}
