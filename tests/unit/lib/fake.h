/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A fake machine for the library: /sys, /proc and /dev in a folder, and a VFIO driver that
 * answers ioctls. The descriptor of a device is a memfd with its BARs and its config space,
 * so reading, writing and mapping are real.
 */
#ifndef FAKE_H
#define FAKE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <linux/vfio.h>

#define FAKE_IOAS 5u			/* the ID of each address space */
#define FAKE_IOVA 0x7f0000u		/* where each mapping of iommufd is */

#define FAKE_BAR0_SIZE 256u		/* less than a page, and still mappable */
#define FAKE_BAR2_SIZE (8u << 20)
#define FAKE_BAR4_SIZE (64u << 10)	/* sparse: its second page cannot be mapped */

struct fake {
	char root[64];

	/* The answers of the driver. An errno of 0 means success. */
	bool viable;
	bool type1;
	int set_container_errno;
	int set_iommu_errno;
	int get_device_errno;
	int reset_errno;
	struct vfio_pci_dependent_device affected[4];	/* by a hot reset */
	unsigned int nr_affected;
	uint32_t affected_flags;
	int affected_errno;	/* when they are asked for */
	int hot_reset_errno;
	int probe_errno;	/* when the dma-buf feature is probed */
	int export_errno;
	int bind_errno;		/* when the device is bound to iommufd */
	int irq_errno;		/* when an eventfd is given to it */
	int ioas_errno;		/* when an address space is made */
	int attach_errno;	/* when the device is given it */
	int map_errno;		/* when something is put there, or taken away */
	uint64_t reserved, last;	/* group: this address and the last one of the space */
	bool no_error_event;	/* as of a device that is not PCI Express */
	const char *open_path;	/* opening this path fails, with open_errno */
	int open_errno;

	/* A record of what the library did. */
	unsigned int containers_set;
	unsigned int devices_opened;
	unsigned int resets;
	unsigned int hot_resets;
	int hot_group[4];	/* numbers of the groups whose descriptors the last one gave */
	unsigned int nr_hot_groups;
	char device_asked[32];
	unsigned char feature[4096];	/* the last VFIO_DEVICE_FEATURE argument */
	uint32_t feature_size;
	bool one_iommufd;	/* the last device was bound to that of an earlier one */
	unsigned int spaces_destroyed;
	unsigned int spaces, attached;	/* address spaces made, and given to the device */
	struct {
		unsigned long request;
		uint64_t from, length, iova;
		uint32_t flags, ioas;
		int fd;
	} mapped;			/* the last mapping, or the end of one */
	int event[VFIO_PCI_NUM_IRQS];	/* the eventfds that the device was given */
	int memfd;			/* duplicate of the last device's descriptor; -1: none */
};

extern struct fake *fake;

/* cmocka's setup and teardown of each test. */
int fake_setup(void **state);
int fake_teardown(void **state);

/* @driver NULL: none; @group negative: none; @vfio: the driver is a VFIO one. */
void fake_device(const char *address, const char *driver, int group, bool vfio);
/* /dev/vfio/vfio and /dev/vfio/@group, and that the kernel has them. */
void fake_vfio_nodes(int group);
/* A process that has @node open. */
void fake_process(int pid, const char *command, const char *node);
/* A file below the root, and the folders that it is in. */
void fake_file(const char *path, const char *content);
void fake_bytes(const char *path, const void *content, size_t size);
void fake_link(const char *path, const char *target);
/* Remove a file, or an empty folder. */
void fake_remove(const char *path);

/* The usual machine: 0000:01:00.0 in group 7, bound to vfio-pci, ready to open. */
void fake_usual(void);

/* Signal the eventfd of the interrupt @index. */
void fake_event(unsigned int index);

uint16_t fake_command_register(void);
unsigned int fake_open_descriptors(void);

/* peerbar_errmsg() contains all of these words; the list ends with NULL. */
void assert_sentence(const char *word, ...) __attribute__((sentinel));

#endif /* FAKE_H */
