// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Facts about an RDMA device: which PCI function it is, and how its driver lets go.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "causes.h"
#include "error.h"
#include "facts.h"
#include "sys.h"

#define RDMA_DEVICES "/sys/class/infiniband/"

void pb_rdma_name(const char *address, char name[PB_NAME_SIZE])
{
	struct dirent **entries;
	int i, n;

	name[0] = '\0';
	n = pb_scandir(&entries, "/sys/bus/pci/devices/%s/infiniband", address);
	if (n < 0)
		return;		/* no driver made one */
	for (i = 0; i < n; i++) {
		if (!i)
			snprintf(name, PB_NAME_SIZE, "%.63s", entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static int find_address(const char *name, char *address)
{
	char target[PB_NAME_SIZE];

	if (strchr(name, '/') || !pb_exists(RDMA_DEVICES "%s", name))
		return pb_fail(ENODEV, "there is no RDMA device %s: \"rdma link\" lists them; is "
			       "its driver loaded?", name);
	if (pb_link(target, sizeof(target), RDMA_DEVICES "%s/device", name) ||
	    pb_pci_parse(target, address))
		return pb_fail(EINVAL, "%s is not a PCI device, so it cannot reach the BAR of one: "
			       "use a NIC", name);
	return 0;
}

int pb_nic_facts(const char *text, struct pb_nic *nic)
{
	char address[PB_ADDRESS_SIZE];
	bool named = pb_pci_parse(text, address);
	int ret = 0;

	memset(nic, 0, sizeof(*nic));
	if (named)
		ret = find_address(text, address);
	if (!ret)
		ret = pb_pci_facts(address, &nic->pci);
	if (ret)
		return ret;
	if (named)
		snprintf(nic->name, sizeof(nic->name), "%s", text);
	else
		pb_rdma_name(address, nic->name);
	nic->revoke = pb_importer_revoke(nic->pci.driver);
	return 0;
}
