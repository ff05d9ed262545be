// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Why a device node cannot be opened: see node.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "node.h"
#include "pci.h"
#include "sys.h"

struct pb_node pb_node_group(int group)
{
	struct pb_node node;

	snprintf(node.path, sizeof(node.path), "/dev/vfio/%d", group);
	snprintf(node.sysfs, sizeof(node.sysfs), "/sys/class/vfio/%d", group);
	return node;
}

struct pb_node pb_node_container(void)
{
	return (struct pb_node){ "/dev/vfio/vfio", "/sys/class/misc/vfio" };
}

struct pb_node pb_node_iommufd(void)
{
	return (struct pb_node){ "/dev/iommu", "/sys/class/misc/iommu" };
}

/* vfio-dev contains one folder, which has the name of the node. */
bool pb_node_device(const char *address, struct pb_node *node)
{
	PB_NAMES nodes = pb_list("/sys/bus/pci/devices/%s/vfio-dev", address);
	int i;

	for (i = 0; i < nodes.nr; i++) {
		const char *name = pb_name(&nodes, i);

		if (strncmp(name, "vfio", strlen("vfio")))
			continue;
		snprintf(node->path, sizeof(node->path), "/dev/vfio/devices/%.32s", name);
		snprintf(node->sysfs, sizeof(node->sysfs), "/sys/class/vfio-dev/%.32s", name);
		return true;
	}
	return false;
}

bool pb_node_verbs(const char *nic, struct pb_node *node)
{
	PB_NAMES nodes = pb_list("/sys/class/infiniband_verbs");
	char name[PB_NAME_SIZE];
	int i;

	for (i = 0; i < nodes.nr; i++) {
		const char *uverbs = pb_name(&nodes, i);

		snprintf(node->path, sizeof(node->path), "/dev/infiniband/%.32s", uverbs);
		snprintf(node->sysfs, sizeof(node->sysfs), "/sys/class/infiniband_verbs/%.32s",
			 uverbs);
		if (!pb_read(name, sizeof(name), "%s/ibdev", node->sysfs) && !strcmp(name, nic))
			return true;
	}
	return false;
}

bool pb_node_known(const struct pb_node *node)
{
	return pb_exists("%s", node->sysfs);
}

int pb_node_check(const struct pb_node *node)
{
	if (!pb_exists("%s", node->path))
		return -ENOENT;
	return pb_may_open("%s", node->path);
}

static void explain_missing(const struct pb_node *node, struct pb_node_reason *reason)
{
	if (!pb_node_known(node)) {
		snprintf(reason->fact, sizeof(reason->fact), "there is no %s, and the kernel has "
			 "no such device", node->path);
		snprintf(reason->advice, sizeof(reason->advice), "load its driver");
		return;
	}
	snprintf(reason->fact, sizeof(reason->fact), "there is no %s here, although the kernel "
		 "has the device", node->path);
	snprintf(reason->advice, sizeof(reason->advice), "give it to this container (podman, "
		 "docker: --device %s; systemd: DeviceAllow= and BindPaths=), or have udev make it",
		 node->path);
}

static void explain_refused(const struct pb_node *node, struct pb_node_reason *reason)
{
	snprintf(reason->fact, sizeof(reason->fact), "a device control group, or a security "
		 "policy, keeps %s closed", node->path);
	snprintf(reason->advice, sizeof(reason->advice), "allow it to this container (podman, "
		 "docker: --device %s; systemd: DeviceAllow=%s rw)", node->path, node->path);
}

static void explain_mode(const struct pb_node *node, struct pb_node_reason *reason)
{
	int user = geteuid();

	if (user) {
		snprintf(reason->fact, sizeof(reason->fact), "user %d may not open %s", user,
			 node->path);
		snprintf(reason->advice, sizeof(reason->advice), "run as root, or give the node "
			 "to this user (for good: a udev rule)");
		return;
	}
	snprintf(reason->fact, sizeof(reason->fact), "root may not open %s here", node->path);
	snprintf(reason->advice, sizeof(reason->advice), "in a user namespace, the node's owner "
		 "or mode must admit the user outside; and its file system must not be mounted "
		 "nodev");
}

void pb_node_explain(const struct pb_node *node, int err, struct pb_node_reason *reason)
{
	switch (err) {
	case ENOENT:
		explain_missing(node, reason);
		break;
	case EPERM:
		explain_refused(node, reason);
		break;
	case EACCES:
		explain_mode(node, reason);
		break;
	default:
		snprintf(reason->fact, sizeof(reason->fact), "cannot open %s: %s", node->path,
			 strerror(err));
		snprintf(reason->advice, sizeof(reason->advice), "%s", pb_next_step(err));
	}
}

int pb_node_fail(const struct pb_node *node, int err)
{
	struct pb_node_reason reason;

	pb_node_explain(node, err, &reason);
	return pb_fail(err == EPERM ? EACCES : err, "%s: %s", reason.fact, reason.advice);
}
