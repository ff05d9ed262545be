// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Checking whether a device is in use, before it is taken from its driver. The kernel
 * does not check: it would remove a mounted disk without asking.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binding.h"
#include "lib/device.h"
#include "machine/error.h"
#include "machine/facts.h"
#include "machine/sys.h"

#define INTERFACE_UP 1ul	/* IFF_UP, in sysfs */

static int check_interface(const char *address, const char *interface)
{
	char flags[32];

	if (pb_read(flags, sizeof(flags), "/sys/class/net/%s/flags", interface) ||
	    !(strtoul(flags, NULL, 16) & INTERFACE_UP))
		return 0;
	return pb_fail(EBUSY, "%s is in use: its network interface %s is up; take it down first, "
		       "or say \"force\"", address, interface);
}

static int check_interfaces(const char *address)
{
	/* the list is empty if this is not a network device */
	PB_NAMES interfaces = pb_list("/sys/bus/pci/devices/%s/net", address);
	int i, ret = 0;

	for (i = 0; i < interfaces.nr && !ret; i++)
		ret = check_interface(address, pb_name(&interfaces, i));
	return ret;
}

/*
 * With NVMe multipath, the entry below the PCI device is a hidden disk such as nvme0c1n1.
 * The device node belongs to the disk nvme0n1.
 */
static void disk_node(const char *disk, char *node, size_t size)
{
	unsigned int subsystem, controller, namespace;

	if (sscanf(disk, "nvme%uc%un%u", &subsystem, &controller, &namespace) == 3)
		snprintf(node, size, "nvme%un%u", subsystem, namespace);
	else
		snprintf(node, size, "%s", disk);
}

/*
 * An exclusive open fails with EBUSY if the disk is mounted, used for swap, or part of
 * another device.
 */
static int check_disk(const char *address, const char *disk)
{
	char target[PATH_MAX], below[PB_ADDRESS_SIZE + 2], node[NAME_MAX + 1];
	int fd;

	snprintf(below, sizeof(below), "/%s/", address);
	if (pb_target(target, sizeof(target), "/sys/class/block/%s", disk) ||
	    !strstr(target, below))
		return 0;
	disk_node(disk, node, sizeof(node));
	fd = pb_open(O_RDONLY | O_EXCL, "/dev/%s", node);
	if (fd == -EBUSY)
		return pb_fail(EBUSY, "%s is in use: its disk %s is mounted or part of another; "
			       "release it first", address, node);
	if (fd >= 0)
		close(fd);
	return 0;
}

static int check_disks(const char *address)
{
	/* the list is empty if the kernel has no block devices */
	PB_NAMES disks = pb_list("/sys/class/block");
	int i, ret = 0;

	for (i = 0; i < disks.nr && !ret; i++)
		ret = check_disk(address, pb_name(&disks, i));
	return ret;
}

/* An active port means that a cable is in it, and that kernel services may use it. */
static int check_ports(const char *address)
{
	char name[PB_NAME_SIZE], state[32];
	int i;

	pb_rdma_name(address, name);
	if (!name[0])
		return 0;

	PB_NAMES ports = pb_list("/sys/class/infiniband/%s/ports", name);

	for (i = 0; i < ports.nr; i++)
		if (!pb_read(state, sizeof(state), "/sys/class/infiniband/%s/ports/%s/state", name,
			     pb_name(&ports, i)) && strstr(state, "ACTIVE"))
			return pb_fail(EBUSY, "%s is the RDMA NIC %s, and its port %s is active: "
				       "name another device, or say \"force\"", address, name,
				       pb_name(&ports, i));
	return 0;
}

/* An unbind of some drivers, such as efa, waits until no program has the RDMA device open. */
static int check_verbs(const char *address)
{
	/* the list is empty if this is not an RDMA device */
	PB_NAMES nodes = pb_list("/sys/bus/pci/devices/%s/infiniband_verbs", address);
	char node[PB_NAME_SIZE], holder[PB_NAME_SIZE * 2];
	int i;

	for (i = 0; i < nodes.nr; i++) {
		snprintf(node, sizeof(node), "/dev/infiniband/%.32s", pb_name(&nodes, i));
		if (pb_holder(node, holder, sizeof(holder)))
			return pb_fail(EBUSY, "%s is in use: %s has %s open; end that first, or "
				       "say \"force\"", address, holder, node);
	}
	return 0;
}

int binding_users(const char *address, bool force)
{
	int ret = 0;

	if (pb_pci_is_vfio(address))
		ret = pb_group_idle(pb_pci_group(address));
	if (!ret)
		ret = check_disks(address);
	if (ret || force)
		return ret;
	ret = check_interfaces(address);
	if (!ret)
		ret = check_verbs(address);
	if (!ret)
		ret = check_ports(address);
	return ret;
}
