// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A child that fork() makes holds no device of its parent. It would share the descriptors and
 * the mappings, and the kernel releases a device, and revokes its dma-bufs for good, only when
 * the last of them is gone: peerbar_close() could not keep its promise while a child lives.
 *
 * Mappings are not copied to children (map.c). The descriptors are, so the child closes its
 * copies before fork() returns there. The devices, groups and mappings themselves stay in the
 * child's memory, and can only be closed.
 */
#include <pthread.h>

#include "device.h"

static struct peerbar_device *devices;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void before(void)
{
	pb_fork_begin();
	pb_fork_lock(&lock, PB_FORK_BEFORE);
	pb_group_fork(PB_FORK_BEFORE);
	pb_iommufd_fork(PB_FORK_BEFORE);
	pb_map_fork(PB_FORK_BEFORE);
	pb_origin_fork(PB_FORK_BEFORE);
}

static void in_parent(void)
{
	pb_origin_fork(PB_FORK_PARENT);
	pb_map_fork(PB_FORK_PARENT);
	pb_iommufd_fork(PB_FORK_PARENT);
	pb_group_fork(PB_FORK_PARENT);
	pb_fork_lock(&lock, PB_FORK_PARENT);
	pb_fork_end(PB_FORK_PARENT);
}

static void in_child(void)
{
	struct peerbar_device *dev;

	pb_origin_fork(PB_FORK_CHILD);
	pb_map_fork(PB_FORK_CHILD);
	for (dev = devices; dev; dev = dev->next) {
		pb_close_fd(&dev->fd);
		pb_close_fd(&dev->iommufd);
		pb_events_close(dev);
		dev->inherited = true;
	}
	pb_iommufd_fork(PB_FORK_CHILD);
	pb_group_fork(PB_FORK_CHILD);
	devices = NULL;
	pb_fork_lock(&lock, PB_FORK_CHILD);
	pb_fork_end(PB_FORK_CHILD);
}

static void register_handlers(void)
{
	pthread_atfork(before, in_parent, in_child);
}

void pb_fork_watch(struct peerbar_device *dev)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, register_handlers);
	pthread_mutex_lock(&lock);
	dev->next = devices;
	devices = dev;
	pthread_mutex_unlock(&lock);
}

void pb_fork_forget(struct peerbar_device *dev)
{
	struct peerbar_device **link;

	pthread_mutex_lock(&lock);
	for (link = &devices; *link; link = &(*link)->next)
		if (*link == dev) {
			*link = dev->next;
			break;
		}
	pthread_mutex_unlock(&lock);
}
