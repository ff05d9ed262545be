// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Cards that come and go; see slot.h. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>
#include <linux/pci_regs.h>

#include "clock.h"
#include "pci.h"
#include "qmp.h"
#include "rig.h"
#include "slot.h"
#include "tap.h"

#define DELETED_TIMEOUT_MS 20000u
#define OFF_TIMEOUT_MS 20000u

static const char slot[] = "slot";
static unsigned int gpu = 1;
static char card[24] = "gpu1";		/* its id in QEMU, see scripts/lab.d/host/machine.sh */
static unsigned int cards = 1;		/* how many there have been */
static char port[32];			/* where the card was when it was pulled */

const char *slot_way_name(enum slot_way way)
{
	static const char *const names[SLOT_WAYS] = {
		[SLOT_DEVICE_DEL] = "device_del", [SLOT_SURPRISE] = "surprise",
		[SLOT_POWER] = "slot power off",
	};

	return names[way];
}

void slot_select(unsigned int number)
{
	gpu = number;
	snprintf(card, sizeof(card), "gpu%u", gpu);
}

static const char *device(void)
{
	return gpu == 1 ? rig_gpu() : rig_gpu2();
}

static void find_port(void)
{
	if (pci_port(device(), port, sizeof(port)))
		tap_die(slot, "no port above %s", device());
}

/* The position of the port's slot control register. */
static unsigned int control_register(void)
{
	return pci_capability(port, PCI_CAP_ID_EXP) + PCI_EXP_SLTCTL;
}

static bool port_is_pciehp(void)
{
	char pattern[96];
	glob_t g;
	int ret;

	find_port();
	snprintf(pattern, sizeof(pattern), "/sys/bus/pci_express/drivers/pciehp/%s:*", port);
	ret = glob(pattern, 0, NULL, &g);
	if (!ret)
		globfree(&g);
	return !ret;
}

const char *slot_why_not(enum slot_way way)
{
	char folder[128];

	if (pci_slot(device(), folder, sizeof(folder)))
		return "the GPU sits in no hot-plug slot";
	if (!qmp_present())
		return "nobody can plug the card in again: boot with --qmp";
	if (way == SLOT_SURPRISE && !port_is_pciehp())
		return "ACPI has the slot, which asks first: boot with --hotplug native";
	return NULL;
}

static void power_off(void)
{
	char folder[128], path[160];
	int ret = pci_slot(device(), folder, sizeof(folder));

	if (!ret) {
		snprintf(path, sizeof(path), "%s/power", folder);
		ret = sysfs_write("0", path);
	}
	if (ret)
		tap_die(slot, "cannot turn the power off: %s", strerror(-ret));
}

/*
 * QEMU removes the card as soon as the port's power control and its power indicator are off.
 * The hot-plug interrupt is disabled until the power is on again: if pciehp saw the removal
 * with the power off, it would think that it had turned the slot off itself.
 */
static void surprise(void)
{
	unsigned int pos = control_register();
	uint32_t control = pci_config_read(port, pos, 2);

	pci_config_write(port, pos, 2, (control & ~(uint32_t)PCI_EXP_SLTCTL_HPIE) |
			 PCI_EXP_SLTCTL_PCC | PCI_EXP_SLTCTL_PWR_IND_OFF);
	pci_config_write(port, pos, 2, control);
}

void slot_pull(enum slot_way way)
{
	find_port();
	switch (way) {
	case SLOT_DEVICE_DEL:
		json_object_put(qmp_call("device_del", qmp_argument("id", card)));
		break;
	case SLOT_SURPRISE:
		surprise();
		break;
	default:
		power_off();
	}
}

bool slot_wait(bool present, unsigned int timeout_ms)
{
	uint64_t end = now_us() + timeout_ms * 1000ull;

	while (pci_exists(device()) != present) {
		if (now_us() > end)
			return false;
		sleep_us(10000);
	}
	return true;
}

/*
 * pciehp turns off a slot's power and, a second later, its indicator. At that moment QEMU
 * removes whatever card is there, and so a new one that was plugged in between. With ACPI the
 * indicator is off all the time, and this returns at once.
 */
static void wait_until_off(void)
{
	uint64_t end = now_us() + OFF_TIMEOUT_MS * 1000ull;
	unsigned int pos = control_register();

	while ((pci_config_read(port, pos, 2) & PCI_EXP_SLTCTL_PIC) != PCI_EXP_SLTCTL_PWR_IND_OFF) {
		if (now_us() > end)
			tap_die(slot, "it is not turned off");
		sleep_us(10000);
	}
}

/* Memory of its own: QEMU 11.1 aborts if a card gets a backend that an earlier one had. */
static void add_memory(const char *name, uint64_t size)
{
	struct json_object *o = qmp_argument("qom-type", "memory-backend-memfd");

	json_object_object_add(o, "id", json_object_new_string(name));
	json_object_object_add(o, "size", json_object_new_uint64(size));
	json_object_object_add(o, "share", json_object_new_boolean(true));
	json_object_put(qmp_call("object-add", o));
}

void slot_plug(uint64_t bar_size)
{
	struct json_object *o = qmp_argument("driver", "ivshmem-plain");
	char memory[32], bus[16];

	if (!qmp_event("DEVICE_DELETED", DELETED_TIMEOUT_MS))
		tap_die(slot, "QEMU still has the last card");
	wait_until_off();
	snprintf(card, sizeof(card), "gpu%u-%u", gpu, ++cards);
	snprintf(bus, sizeof(bus), "gpuport%u", gpu);
	snprintf(memory, sizeof(memory), "%s-memory", card);
	add_memory(memory, bar_size);
	json_object_object_add(o, "id", json_object_new_string(card));
	json_object_object_add(o, "memdev", json_object_new_string(memory));
	json_object_object_add(o, "bus", json_object_new_string(bus));
	json_object_put(qmp_call("device_add", o));
}
