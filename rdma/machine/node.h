/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Why a device node cannot be opened. In a container this is seldom for want of a device: sysfs
 * shows the host's devices, and the container was not given their nodes.
 */
#ifndef PEERBAR_NODE_H
#define PEERBAR_NODE_H

#include <stdbool.h>

#define PB_NODE_SIZE 80

/* A node, and the entry of sysfs by which the kernel says that it has the device. */
struct pb_node {
	char path[PB_NODE_SIZE];	/* "/dev/vfio/7" */
	char sysfs[PB_NODE_SIZE];	/* "/sys/class/vfio/7" */
};

struct pb_node pb_node_group(int group);	/* a VFIO group */
struct pb_node pb_node_container(void);		/* /dev/vfio/vfio */
struct pb_node pb_node_iommufd(void);		/* /dev/iommu */
/* The node by which iommufd opens the device. False: the device has none. */
bool pb_node_device(const char *address, struct pb_node *node);
/* The node of RDMA device @nic. False: ib_uverbs made none of it. */
bool pb_node_verbs(const char *nic, struct pb_node *node);

/* Does the kernel have the device, whether or not its node is here? */
bool pb_node_known(const struct pb_node *node);

/*
 * Ask whether this process may open the node for reading and writing, without opening it, as
 * that may reset a device. Returns 0 or -errno: -ENOENT (it is not here), -EACCES (its mode,
 * its owner, or the file system forbid it), -EPERM (a device control group does).
 */
int pb_node_check(const struct pb_node *node);

/* Such an errno as a clause that states the fact, and one that says what to do. */
struct pb_node_reason {
	char fact[256];
	char advice[256];
};

void pb_node_explain(const struct pb_node *node, int err, struct pb_node_reason *reason);

/* Keep both as one sentence. Returns -@err, with -EACCES for EPERM. */
int pb_node_fail(const struct pb_node *node, int err);

#endif /* PEERBAR_NODE_H */
