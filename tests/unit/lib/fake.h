/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A machine for the library: /sys, /proc and /dev in a folder, and a VFIO driver
 * that answers ioctls. A device's descriptor is a memfd with its BARs and its
 * configuration space, so reading, writing and mapping are real.
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

#define FAKE_BAR0_SIZE 256u		/* less than a page, which the kernel offers */
#define FAKE_BAR2_SIZE (8u << 20)
#define FAKE_BAR4_SIZE (64u << 10)	/* sparse: its second page is closed */

struct fake {
	char root[64];

	/* Answers. 0 in an errno: success. */
	bool viable;
	bool type1;
	int set_container_errno;
	int set_iommu_errno;
	int get_device_errno;
	int reset_errno;
	int probe_errno;	/* of the dma-buf feature */
	int export_errno;
	int bind_errno;		/* to iommufd */
	const char *open_path;	/* opening this path fails */
	int open_errno;

	/* What was asked. */
	unsigned int containers_set;
	unsigned int devices_opened;
	unsigned int resets;
	char device_asked[32];
	unsigned char feature[4096];	/* the last VFIO_DEVICE_FEATURE argument */
	uint32_t feature_size;
	int memfd;			/* of the device opened last, a duplicate; -1 */
};

extern struct fake *fake;

/* For cmocka's setup and teardown of each test. */
int fake_setup(void **state);
int fake_teardown(void **state);

/* @driver NULL: none; @group negative: none; @vfio: the driver is a VFIO one. */
void fake_device(const char *address, const char *driver, int group, bool vfio);
/* /dev/vfio/vfio and /dev/vfio/@group. */
void fake_vfio_nodes(int group);
/* A process that has @node open. */
void fake_process(int pid, const char *command, const char *node);
/* A file below the root, with its folders. */
void fake_file(const char *path, const char *content);
void fake_bytes(const char *path, const void *content, size_t size);
void fake_link(const char *path, const char *target);

/* The usual machine: 0000:01:00.0 in group 7, bound to vfio-pci, ready to open. */
void fake_usual(void);

uint16_t fake_command_register(void);
unsigned int fake_open_descriptors(void);

/* The last sentence has all of these words, up to a NULL. */
void assert_sentence(const char *word, ...) __attribute__((sentinel));

#endif /* FAKE_H */
