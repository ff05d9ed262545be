// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Facts about an RDMA device: which PCI function it is, and how its driver revokes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers.h"
#include "error.h"
#include "facts.h"
#include "node.h"
#include "sys.h"

#define RDMA_DEVICES "/sys/class/infiniband/"

void pb_rdma_name(const char *address, char name[PB_NAME_SIZE])
{
	PB_NAMES devices = pb_list("/sys/bus/pci/devices/%s/infiniband", address);

	snprintf(name, PB_NAME_SIZE, "%.63s", devices.nr > 0 ? pb_name(&devices, 0) : "");
}

/*
 * The verbs device of an RDMA device is to be seen in every network namespace, and the RDMA
 * device itself only in its own.
 */
static void find_elsewhere(struct pb_nic *nic)
{
	PB_NAMES verbs = pb_list("/sys/bus/pci/devices/%s/infiniband_verbs", nic->pci.address);

	if (verbs.nr > 0)
		pb_read(nic->elsewhere, sizeof(nic->elsewhere),
			"/sys/class/infiniband_verbs/%s/ibdev", pb_name(&verbs, 0));
}

/* Is the RDMA device to be seen in this network namespace? */
static bool is_here(const char *name)
{
	return !strchr(name, '/') && pb_exists(RDMA_DEVICES "%s", name);
}

static int find_address(const char *name, char *address)
{
	char target[PB_NAME_SIZE];
	struct pb_node node;
	int ret;

	if (is_here(name))
		ret = pb_link(target, sizeof(target), RDMA_DEVICES "%s/device", name);
	else if (pb_node_verbs(name, &node))
		ret = pb_link(target, sizeof(target), "%s/device", node.sysfs);
	else
		return pb_fail(ENODEV, "there is no RDMA device %s: \"rdma link\" lists them; is "
			       "its driver loaded?", name);
	if (ret || pb_pci_parse(target, address))
		return pb_fail(EINVAL, "%s is not a PCI device, so it cannot reach the BAR of one: "
			       "use a NIC", name);
	return 0;
}

int pb_nic_find(const char *text, struct pb_nic *nic)
{
	char address[PB_ADDRESS_SIZE];
	bool named = pb_pci_parse(text, address);
	int ret = 0;

	memset(nic, 0, sizeof(*nic));
	nic->revoke = PB_REVOKE_UNKNOWN;
	if (named)
		ret = find_address(text, address);
	if (!ret)
		ret = pb_pci_facts(address, &nic->pci);
	if (ret)
		return ret;
	if (!named)
		pb_rdma_name(address, nic->name);
	else if (is_here(text))
		snprintf(nic->name, sizeof(nic->name), "%s", text);
	if (!nic->name[0])
		find_elsewhere(nic);
	return 0;
}

int pb_nic_facts(const struct pb_kernel *kernel, const char *text, struct pb_nic *nic)
{
	int ret = pb_nic_find(text, nic);

	if (!ret)
		nic->revoke = pb_nic_driver_revoke(kernel, nic->pci.driver);
	return ret;
}
