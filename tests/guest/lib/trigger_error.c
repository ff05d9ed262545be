// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A PCI Express error that the port above the device detects. The kernel tells the driver
 * and, if the error is fatal, resets everything below the port.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <json-c/json.h>
#include <linux/pci_regs.h>

#include "clock.h"
#include "device.h"
#include "kmsg.h"
#include "qmp.h"
#include "tap.h"
#include "trigger_priv.h"
#include "vfio.h"

#define TIMEOUT_MS 20000u

static void inject(const char *port, const char *error)
{
	struct json_object *answer;
	char command[64];

	snprintf(command, sizeof(command), "pcie_aer_inject_error %s %s", port, error);
	answer = qmp_call("human-monitor-command", qmp_argument("command-line", command));
	if (strncmp(json_object_get_string(answer), "OK", 2))
		tap_die(command, "%s", json_object_get_string(answer));
	json_object_put(answer);
}

static bool recovered(uint64_t log)
{
	uint64_t end = now_us() + TIMEOUT_MS * 1000ull;

	while (kmsg_count(log, "device recovery successful") <= 0) {
		if (now_us() > end)
			return false;
		sleep_us(10000);
	}
	return true;
}

int trigger_inject_at(const char *port, int fd, const char *error)
{
	int event = vfio_eventfd(fd, VFIO_PCI_ERR_IRQ_INDEX);
	uint64_t log = kmsg_position();
	bool told;

	inject(port, error);
	told = vfio_signalled(event, TIMEOUT_MS);
	close(event);
	return told && recovered(log) ? 0 : -ETIMEDOUT;
}

int trigger_inject(struct rig *rig, const char *error)
{
	return trigger_inject_at("gpuport1", rig->dev->fd, error);
}

const char *trigger_no_errors(struct rig *rig)
{
	if (!vfio_capability(rig->dev->fd, PCI_CAP_ID_EXP))
		return "the device is not PCI Express";
	return qmp_present() ? NULL : "nobody can inject an error: boot with --qmp";
}

const char *trigger_no_recovery(void)
{
	struct utsname system;

	if (!qmp_present())
		return "nobody can inject an error: boot with --qmp";
	uname(&system);
	return strncmp(system.release, "6.1.", 4) ? NULL :
	       "Linux 6.1 does not find the emulated port's link after the reset, and its "
	       "recovery fails";
}

/* On 6.1 recovery fails, and all later tests would be without the device. */
static const char *no_fatal_error(struct rig *rig)
{
	const char *reason = trigger_no_errors(rig);

	if (!reason && !rig_driver_is_ours())
		reason = "vfio-pci does not revoke here, see docs/differences.md";
	return reason ? reason : trigger_no_recovery();
}

static int fatal_error(struct rig *rig)
{
	return trigger_inject(rig, "DLP");
}

/*
 * The link's reset has cleared the BARs, and the kernel's recovery does not restore them. VFIO
 * writes them again when the owner turns memory decode on; the owner has to do so although, as
 * far as it knows, memory decode is still on.
 */
static int memory_on(struct rig *rig)
{
	return peerbar_set_memory(rig->dev, true);
}

const struct trigger_kind trigger_error = {
	.name = "fatal error", .why_not = no_fatal_error, .pull = fatal_error,
	.recover = memory_on, .back = true,
};
