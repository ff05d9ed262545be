// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What must be so before the first device is touched; see run.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "machine/drivers.h"
#include "machine/facts.h"
#include "run.h"
#include "slots.h"

#define DEFAULT_UNIT ((uint64_t)32 << 10)

static int refuse(const char *what)
{
	fprintf(stderr, "peerbar-revoke-stress: %s\n", what);
	return 2;
}

static int check_nic(struct stress_nic *nic)
{
	const struct pb_nic_driver *driver;
	struct pb_nic facts;

	if (pb_nic_find(nic->address, &facts))
		return refuse(peerbar_errmsg());
	snprintf(nic->address, sizeof(nic->address), "%s", facts.pci.address);
	snprintf(nic->driver, sizeof(nic->driver), "%s", facts.pci.driver);
	driver = pb_nic_driver_find(nic->driver);
	nic->revives = driver && driver->dynamic;
	return 0;
}

/* The largest BAR, if none was named; and how much of it is used. */
static int check_bar(struct stress_device *device, const struct pb_pci *pci)
{
	char text[160];
	uint64_t size;

	if (device->bar == PB_NR_BARS && pb_pci_largest_bar(pci) >= 0)
		device->bar = (unsigned int)pb_pci_largest_bar(pci);
	size = device->bar < PB_NR_BARS ? pci->bar[device->bar].size : 0;
	if (!device->unit)
		device->unit = size / NR_SLOTS < DEFAULT_UNIT ? size / NR_SLOTS : DEFAULT_UNIT;
	if (device->unit >= 4096 && NR_SLOTS * device->unit <= size)
		return 0;
	snprintf(text, sizeof(text), "%s has no BAR of %s%u pages", device->address,
		 size ? "at least " : "memory, or none of ", NR_SLOTS);
	return refuse(text);
}

/* @why: NULL: the BAR can be used. */
static int refuse_other(const struct stress_device *device, const char *why)
{
	char text[256];

	if (!why)
		return 0;
	snprintf(text, sizeof(text), "BAR %u of %s is no memory, as %s: name another BAR with "
		 "--device %s,BAR", device->bar, device->address, why, device->address);
	return refuse(text);
}

/* Open it and write to it: from here on it is touched. */
static int try_device(const struct stress_device *device)
{
	struct peerbar_device *dev;
	struct slots slots = { 0 };
	int ret = 0;

	if (peerbar_open(device->address, &dev))
		return refuse(peerbar_errmsg());
	slots_enable(dev);
	if (peerbar_can_export(dev))
		ret = refuse(peerbar_errmsg());
	else if (slots_map(&slots, dev, device))
		ret = refuse(peerbar_errmsg());
	else
		ret = refuse_other(device, slots_not_memory(&slots));
	slots_unmap(&slots);
	peerbar_close(dev);
	return ret;
}

static int check_device(struct stress_device *device)
{
	struct pb_pci facts;
	char text[160];

	if (pb_pci_facts(device->address, &facts))
		return refuse(peerbar_errmsg());
	snprintf(device->address, sizeof(device->address), "%s", facts.address);
	snprintf(device->driver, sizeof(device->driver), "%s", facts.driver);
	if (!facts.vfio) {
		snprintf(text, sizeof(text), "%s is not bound to a VFIO driver: peerbar dev bind "
			 "%s does that", device->address, device->address);
		return refuse(text);
	}
	return check_bar(device, &facts);
}

/* A hot reset by the owner of one would take the other away, which the oracle does not expect. */
static bool share_a_bus(void)
{
	for (unsigned int i = 0; i < config.cast.devices; i++) {
		const char *address = config.device[i].address;
		size_t bus = (size_t)(strrchr(address, ':') + 1 - address);

		for (unsigned int k = 0; k < i; k++)
			if (!strncmp(address, config.device[k].address, bus))
				return true;
	}
	return false;
}

int setup_check(void)
{
	int ret = 0;

	config.cast.admin = !geteuid();
	for (unsigned int i = 0; i < config.cast.nics && !ret; i++)
		ret = check_nic(&config.nic[i]);
	for (unsigned int i = 0; i < config.cast.devices && !ret; i++)
		ret = check_device(&config.device[i]);
	config.cast.leave_out[OP_HOT_RESET] |= share_a_bus();
	return ret;
}

/* Name what will be touched, and wait for a "yes". */
static bool agreed(void)
{
	char answer[16];

	printf("These devices will be reset, powered down and unbound many times:\n");
	for (unsigned int i = 0; i < config.cast.devices; i++)
		printf("  %s (%s): the first %llu KiB of BAR %u will be overwritten\n",
		       config.device[i].address, config.device[i].driver,
		       (unsigned long long)(NR_SLOTS * config.device[i].unit >> 10),
		       config.device[i].bar);
	for (unsigned int i = 0; i < config.cast.nics; i++)
		printf("  %s (%s): an RDMA NIC, used%s\n", config.nic[i].address,
		       config.nic[i].driver, config.cast.admin &&
		       !config.cast.leave_out[OP_NIC_UNBIND] ?
		       ", and its driver will be unbound" : "");
	printf("Type yes to go on: ");
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) && !strcmp(answer, "yes\n");
}

int setup_ask(void)
{
	int ret = 0;

	if (!config.yes && !agreed())
		return refuse("nothing was touched");
	for (unsigned int i = 0; i < config.cast.devices && !ret; i++)
		ret = try_device(&config.device[i]);
	return ret;
}
