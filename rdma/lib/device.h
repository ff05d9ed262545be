/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The open device, and the functions that the files of the library share.
 */
#ifndef PEERBAR_DEVICE_H
#define PEERBAR_DEVICE_H

#include <pthread.h>

#include "machine/pci.h"
#include "peerbar.h"

_Static_assert(PEERBAR_NR_BARS == PB_NR_BARS, "the header and the machine count the same BARs");

/* A part of a BAR that the CPU may map. */
struct pb_area {
	uint64_t offset;
	uint64_t size;
};

struct pb_bar {
	uint64_t size;		/* 0 if there is no such BAR, or if it is an I/O port BAR */
	uint64_t file_offset;	/* where the region begins in the device's descriptor */
	struct pb_area *areas;	/* NULL if nr_areas is 0 */
	unsigned int nr_areas;
};

struct pb_group;
struct pb_type1;

#define PB_NR_EVENTS (PEERBAR_EVENT_ERROR + 1)

struct peerbar_device {
	struct peerbar_device *next;	/* fork.c */
	bool inherited;			/* this process is a child of the one that opened it */
	char address[PB_ADDRESS_SIZE];
	const char *backend;
	struct pb_group *group;		/* only with the group backend, otherwise NULL */
	int iommufd;			/* only with the iommufd backend, otherwise -1 */
	uint32_t ioas;			/* iommufd's address space; 0: none yet: see ioas.c */
	bool attached;			/* its DMA goes through that address space */
	int fd;
	uint64_t config_offset;		/* where config space begins in fd */
	int event[PB_NR_EVENTS];	/* eventfds; -1 until one is asked for */
	struct pb_bar bars[PEERBAR_NR_BARS];
};

/* group.c. Sets dev->group and dev->fd. */
int pb_group_open(struct peerbar_device *dev, int group);
void pb_group_close(struct pb_group *group);
/* The address space that the devices of the group share; it lives as long as the group is open. */
struct pb_type1 *pb_group_space(struct pb_group *group);

/* A group's descriptor, for as long as it is held. */
struct pb_group_hold {
	int number;		/* of the group; the caller sets it */
	int fd;
	bool opened;		/* for this, as no device of the group is open */
};

/*
 * Set the descriptors of @nr groups. On success no device is opened or closed through a group
 * until pb_groups_release(). @dev: whom it is for.
 */
int pb_groups_hold(const struct peerbar_device *dev, struct pb_group_hold *hold, unsigned int nr);
void pb_groups_release(struct pb_group_hold *hold, unsigned int nr);

/* Both backends need these. They keep a sentence that explains it and return -EPERM. */
int pb_not_viable(int group);
int pb_unsafe_interrupts(int group, const char *module);
/* The same for both, with -EBUSY. */
int pb_group_in_use(int group, const char *holder);

/*
 * Return 0 if nobody has IOMMU group @group open. If somebody has, return -EBUSY and keep a
 * sentence that says who.
 */
int pb_group_idle(int group);

/*
 * iommufd.c. Sets dev->iommufd and dev->fd. Returns -ENOENT, without a sentence, if this
 * process cannot open the device node or /dev/iommu: the caller then tries the group.
 */
int pb_iommufd_open(struct peerbar_device *dev);
/* After dev->fd is closed: gives up the device's address space. */
void pb_iommufd_close(struct peerbar_device *dev);

/* device.c. Set the bits @set and clear the bits @clear of the PCI command register. */
int pb_change_command(struct peerbar_device *dev, uint16_t set, uint16_t clear);

/* bar.c */
int pb_bars_read(struct peerbar_device *dev);
void pb_bars_free(struct peerbar_device *dev);
/* Return NULL and keep a sentence if there is no memory BAR @bar. */
const struct pb_bar *pb_bar_get(struct peerbar_device *dev, unsigned int bar);
/*
 * Return 0 if the range is aligned, not empty and inside BAR @bar, else -EINVAL with a
 * sentence. The BAR must exist: call pb_bar_get() first.
 */
int pb_bar_range(struct peerbar_device *dev, unsigned int bar, uint64_t offset,
		 uint64_t length);

/* map.c. Undoes every peerbar_map() of @dev. */
void pb_unmap_all(struct peerbar_device *dev);

/* event.c */
void pb_events_close(struct peerbar_device *dev);

/*
 * fork.c. A device must be watched before a descriptor of it exists, and forgotten after its last
 * one is closed.
 */
void pb_fork_watch(struct peerbar_device *dev);
void pb_fork_forget(struct peerbar_device *dev);

/* What fork() does at each file that has a lock and a list. */
enum pb_fork {
	PB_FORK_BEFORE,		/* take the lock */
	PB_FORK_PARENT,		/* release it */
	PB_FORK_CHILD,		/* forget what only the parent has, and make the lock anew */
};

void pb_group_fork(enum pb_fork stage);
void pb_iommufd_fork(enum pb_fork stage);
void pb_map_fork(enum pb_fork stage);
void pb_origin_fork(enum pb_fork stage);

/* hold.c. No fork() takes place between pb_fork_hold() and pb_fork_release(). */
void pb_fork_hold(void);
void pb_fork_release(void);

/* Only fork() itself calls these: they keep everybody out of such a section. */
void pb_fork_begin(void);
void pb_fork_end(enum pb_fork stage);

/* What @stage asks for of a lock. */
void pb_fork_lock(pthread_mutex_t *mutex, enum pb_fork stage);

/* Return 0, or -EBADF with a sentence if @dev was opened by the parent of this process. */
int pb_owned(const struct peerbar_device *dev);

/* Close *@fd unless it is -1, and set it to -1. */
void pb_close_fd(int *fd);

#endif /* PEERBAR_DEVICE_H */
