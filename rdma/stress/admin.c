// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A process that does to devices and NICs what only root can; see stress.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dice.h"
#include "machine/sys.h"
#include "stress.h"

#define DEVICE		"/sys/bus/pci/devices/%s/"
#define PROBE_TRIES	100	/* of 50 ms */

/*
 * Bind a device to the driver that it had. The kernel may still be busy with its removal.
 * Return: 0 or a negative errno.
 */
static int bind(const char *address, const char *driver, bool override)
{
	char now[PB_NAME_SIZE];
	int ret = -ENODEV;

	for (unsigned int i = 0; i < PROBE_TRIES; i++) {
		if (override)
			pb_write(driver, DEVICE "driver_override", address);
		ret = pb_write(address, "/sys/bus/pci/drivers_probe");
		pb_pci_driver(address, now);
		if (!strcmp(now, driver))
			return 0;
		usleep(50000);
	}
	return ret ? ret : -ENODEV;
}

static int reset(const struct stress_device *device, bool *final)
{
	*final = false;
	if (!pb_exists(DEVICE "reset", device->address))
		return -ENOTSUP;
	return pb_write("1", DEVICE "reset", device->address);
}

/* Both wait until the owner has closed the device. */
static int unbind(const struct stress_device *device, bool *final)
{
	int ret;

	*final = true;
	ret = pb_write(device->address, DEVICE "driver/unbind", device->address);
	return ret ? ret : bind(device->address, device->driver, true);
}

/*
 * Only the device's own bus is scanned. A scan of all buses races with the reset by which VFIO
 * opens another device, and that device may lose its BARs (docs/findings.md).
 */
static int take_out(const struct stress_device *device, bool *final)
{
	int bus = (int)(strrchr(device->address, ':') - device->address), ret;

	*final = true;
	ret = pb_write("1", DEVICE "remove", device->address);
	if (!ret)
		ret = pb_write("1", "/sys/class/pci_bus/%.*s/rescan", bus, device->address);
	return ret ? ret : bind(device->address, device->driver, true);
}

/* The command finds the address of the device as its last argument. */
static int command(unsigned int number, const char *address)
{
	char line[512];
	int status;

	snprintf(line, sizeof(line), "%s %s", config.command[number], address);
	status = system(line);
	return status ? -EIO : 0;
}

static int take_away(const struct step *step, bool *final)
{
	const struct stress_device *device = &config.device[step->device];

	switch (step->op) {
	case OP_SYSFS_RESET:
		return reset(device, final);
	case OP_UNBIND:
		return unbind(device, final);
	case OP_REMOVE:
		return take_out(device, final);
	default:
		*final = false;
		return command(step->mr, device->address);
	}
}

/* A command may take other devices away, too, so nothing is expected of them meanwhile. */
static void do_revoke(const struct step *step, struct answer *a)
{
	unsigned int ticket[MAX_DEVICES], i;
	bool final = false;

	for (i = 0; i < config.cast.devices; i++)
		if (i == step->device || step->op == OP_COMMAND)
			ticket[i] = oracle_begin(&shared->device[i], ORACLE_OTHERS);
	a->ret = take_away(step, &final);
	if (a->ret == -ENOTSUP)
		a->ret = SKIPPED;
	else if (a->ret && a->ret != -EAGAIN && a->ret != -EBUSY)
		violate(a, "%s: errno %d", op_name((enum op)step->op), -a->ret);
	for (i = 0; i < config.cast.devices; i++) {
		if (i == step->device && !a->ret)
			oracle_done(&shared->device[i], ticket[i], final);
		if (i == step->device || step->op == OP_COMMAND)
			oracle_end(&shared->device[i], ORACLE_OTHERS);
	}
}

static void do_nic_unbind(const struct step *step, struct answer *a)
{
	const struct stress_nic *nic = &config.nic[step->nic];

	a->ret = pb_write(nic->address, DEVICE "driver/unbind", nic->address);
	if (!a->ret)
		a->ret = bind(nic->address, nic->driver, false);
	if (a->ret)
		violate(a, "nic-unbind of %s: errno %d", nic->address, -a->ret);
}

/* How long the exporter waits for an importer before it closes the mapping itself. */
static void do_timeout(const struct step *step, struct answer *a)
{
	static const char *const values[] = { "5000", "10000", "30000" };
	struct dice dice = { step->dice };

	a->ret = pb_write(values[dice_below(&dice, 3)], REVOKE_TIMEOUT);
	if (a->ret)
		a->ret = SKIPPED;	/* the kernel's exporter has no such parameter */
}

void admin_run(unsigned int actor, int control)
{
	struct step step;
	int fd;

	while (actor_receive(control, &step, &fd)) {
		struct answer a = { .actor = (uint8_t)actor, .op = step.op };

		switch (step.op) {
		case OP_NIC_UNBIND:
			do_nic_unbind(&step, &a);
			break;
		case OP_TIMEOUT:
			do_timeout(&step, &a);
			break;
		case OP_FINISH:
			break;
		default:
			do_revoke(&step, &a);
		}
		actor_reply(control, &a, -1);
	}
}
