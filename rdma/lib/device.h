/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An open device, and what the parts of the library offer one another.
 */
#ifndef PEERBAR_DEVICE_H
#define PEERBAR_DEVICE_H

#include "machine/pci.h"
#include "peerbar.h"

_Static_assert(PEERBAR_NR_BARS == PB_NR_BARS, "the header and the machine count the same BARs");

struct pb_area {		/* of a BAR: a part that the CPU may map */
	uint64_t offset;
	uint64_t size;
};

struct pb_bar {
	uint64_t size;		/* 0: none, or I/O ports */
	uint64_t file_offset;	/* of the region in the device's descriptor */
	struct pb_area *areas;	/* NULL if nr_areas is 0 */
	unsigned int nr_areas;
};

struct pb_group;

struct peerbar_device {
	char address[PB_ADDRESS_SIZE];
	const char *backend;
	struct pb_group *group;		/* group backend; else NULL */
	int iommufd;			/* iommufd backend; else -1 */
	int fd;
	uint64_t config_offset;		/* of configuration space in fd */
	struct pb_bar bars[PEERBAR_NR_BARS];
};

/* group.c. Sets dev->group and dev->fd. */
int pb_group_open(struct peerbar_device *dev, int group);
void pb_group_close(struct pb_group *group);

/* Sentences, with -EPERM, that both ways of opening need. */
int pb_not_viable(int group);
int pb_unsafe_interrupts(int group, const char *module);

/* Nobody has group @group open: 0. In use: -EBUSY, and a sentence that says by whom. */
int pb_group_idle(int group);

/*
 * iommufd.c. Sets dev->iommufd and dev->fd. -ENOENT, without a sentence: this
 * kernel or user has no device node or no iommufd, so try the group.
 */
int pb_iommufd_open(struct peerbar_device *dev);

/* bar.c */
int pb_bars_read(struct peerbar_device *dev);
void pb_bars_free(struct peerbar_device *dev);
/* NULL and a sentence: there is no memory BAR @bar. */
const struct pb_bar *pb_bar_get(struct peerbar_device *dev, unsigned int bar);
/* Is the range aligned, not empty and inside BAR @bar, which exists? -EINVAL and a sentence. */
int pb_bar_range(struct peerbar_device *dev, unsigned int bar, uint64_t offset,
		 uint64_t length);

/* map.c: undo every peerbar_map() of @dev. */
void pb_unmap_all(struct peerbar_device *dev);

#endif /* PEERBAR_DEVICE_H */
