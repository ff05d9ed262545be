// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Who would lose something if a device were taken from its driver. The kernel
 * itself would unplug a mounted disk without a question.
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
#include "machine/sys.h"

#define INTERFACE_UP 1ul	/* IFF_UP, in sysfs */

static int check_interface(const char *address, const char *interface)
{
	char flags[32];

	if (pb_read(flags, sizeof(flags), "/sys/class/net/%s/flags", interface) ||
	    !(strtoul(flags, NULL, 16) & INTERFACE_UP))
		return 0;
	return pb_fail(EBUSY, "%s is in use: its network interface %s is up; take it down first",
		       address, interface);
}

static int check_interfaces(const char *address)
{
	/* none: not a network device */
	PB_NAMES interfaces = pb_list("/sys/bus/pci/devices/%s/net", address);
	int i, ret = 0;

	for (i = 0; i < interfaces.nr && !ret; i++)
		ret = check_interface(address, pb_name(&interfaces, i));
	return ret;
}

/*
 * The path of an NVMe namespace below its controller is the hidden nvme0c1n1 of
 * the disk nvme0n1, which has the device node.
 */
static void disk_node(const char *disk, char *node, size_t size)
{
	unsigned int subsystem, controller, namespace;

	if (sscanf(disk, "nvme%uc%un%u", &subsystem, &controller, &namespace) == 3)
		snprintf(node, size, "nvme%un%u", subsystem, namespace);
	else
		snprintf(node, size, "%s", disk);
}

/* Mounted, swapped to, or part of another disk: then an exclusive open fails. */
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
	/* none: a kernel without block devices */
	PB_NAMES disks = pb_list("/sys/class/block");
	int i, ret = 0;

	for (i = 0; i < disks.nr && !ret; i++)
		ret = check_disk(address, pb_name(&disks, i));
	return ret;
}

/* Programs that hold an RDMA device: efa, for one, waits for them to leave. */
static int check_verbs(const char *address)
{
	/* none: not an RDMA device */
	PB_NAMES nodes = pb_list("/sys/bus/pci/devices/%s/infiniband_verbs", address);
	char node[PB_NAME_SIZE], holder[PB_NAME_SIZE * 2];
	int i;

	for (i = 0; i < nodes.nr; i++) {
		snprintf(node, sizeof(node), "/dev/infiniband/%.32s", pb_name(&nodes, i));
		if (pb_holder(node, holder, sizeof(holder)))
			return pb_fail(EBUSY, "%s is in use: %s has %s open; end that first",
				       address, holder, node);
	}
	return 0;
}

int binding_users(const char *address)
{
	int ret = 0;

	if (pb_pci_is_vfio(address))
		ret = pb_group_idle(pb_pci_group(address));
	if (!ret)
		ret = check_interfaces(address);
	if (!ret)
		ret = check_disks(address);
	if (!ret)
		ret = check_verbs(address);
	return ret;
}
