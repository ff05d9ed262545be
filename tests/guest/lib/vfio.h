/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * VFIO without libpeerbar, by <linux/vfio.h> alone: calls that the library does not make,
 * and calls that are meant to fail.
 */
#ifndef GUEST_VFIO_H
#define GUEST_VFIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/vfio.h>

/*
 * The argument of VFIO_DEVICE_FEATURE_DMA_BUF in memory: struct vfio_device_feature, struct
 * vfio_device_feature_dma_buf, and room for some ranges.
 */
#define VFIO_RANGES 4u
struct vfio_dma_buf_call {
	uint32_t argsz, flags;
	uint32_t region_index, open_flags, buf_flags, nr_ranges;
	struct vfio_region_dma_range range[VFIO_RANGES];
};

#define VFIO_SAME_PLACE(field, header, member)					\
	_Static_assert(offsetof(struct vfio_dma_buf_call, field) ==		\
		       (header) + (member), "the UAPI's layout of " #field)
#define VFIO_FEATURE_AT(member) offsetof(struct vfio_device_feature, member)
#define VFIO_DMA_BUF_AT(member) offsetof(struct vfio_device_feature_dma_buf, member)
VFIO_SAME_PLACE(argsz, 0, VFIO_FEATURE_AT(argsz));
VFIO_SAME_PLACE(flags, 0, VFIO_FEATURE_AT(flags));
VFIO_SAME_PLACE(region_index, VFIO_FEATURE_AT(data), VFIO_DMA_BUF_AT(region_index));
VFIO_SAME_PLACE(open_flags, VFIO_FEATURE_AT(data), VFIO_DMA_BUF_AT(open_flags));
VFIO_SAME_PLACE(buf_flags, VFIO_FEATURE_AT(data), VFIO_DMA_BUF_AT(flags));
VFIO_SAME_PLACE(nr_ranges, VFIO_FEATURE_AT(data), VFIO_DMA_BUF_AT(nr_ranges));
VFIO_SAME_PLACE(range, VFIO_FEATURE_AT(data), VFIO_DMA_BUF_AT(dma_ranges));

struct vfio {
	int container, group, fd;	/* fd: the device */
};

/* Ends the test on failure. */
void vfio_open(struct vfio *vfio, const char *address);
void vfio_close(struct vfio *vfio);

/*
 * The same in two steps: open the group without a device, then a device of it. @name is its
 * address, to which " vf_token=UUID" may be added. Return: 0 or a negative errno.
 */
void vfio_open_group(struct vfio *vfio, const char *address);
int vfio_open_device(struct vfio *vfio, const char *name);

/* The size of a region in bytes; 0: the device does not have it. */
uint64_t vfio_region_size(int fd, unsigned int index);

/* The node of the device's group, such as "/dev/vfio/12". Ends the test on failure. */
#define VFIO_NODE_SIZE 64u
void vfio_group_node(const char *address, char *node);

/* Access a register in any region; @size is 1, 2 or 4. Ends the test on failure. */
uint32_t vfio_read(int fd, unsigned int index, unsigned int pos, unsigned int size);
void vfio_write(int fd, unsigned int index, unsigned int pos, unsigned int size,
		uint32_t value);

/* The same from memory that another thread may change while the kernel fetches it. */
void vfio_write_from(int fd, unsigned int index, unsigned int pos, unsigned int size,
		     const void *bytes);

/* The same for configuration space. */
uint32_t vfio_config_read(int fd, unsigned int pos, unsigned int size);
void vfio_config_write(int fd, unsigned int pos, unsigned int size, uint32_t value);

/* The position of the capability with this id; 0: the device does not have it. */
unsigned int vfio_capability(int fd, uint8_t id);

/* Set a feature that has no payload. Return: 0 or a negative errno. */
int vfio_feature_set(int fd, uint32_t feature);

/*
 * An eventfd that VFIO signals when the owner is to close the device (@index is
 * VFIO_PCI_REQ_IRQ_INDEX) or when the device has had an error (VFIO_PCI_ERR_IRQ_INDEX). The
 * caller closes the eventfd.
 */
int vfio_eventfd(int fd, uint32_t index);

/* Has it been signalled, or is it within @timeout_ms? */
bool vfio_signalled(int eventfd, unsigned int timeout_ms);

/* Set the VF token, which an open of a virtual function must give. 0 or a negative errno. */
#define VFIO_TOKEN_SIZE 16u
int vfio_set_token(int fd, const uint8_t *uuid);

/*
 * Hot reset of all devices on the device's bus; @group proves to VFIO that they are ours. Return:
 * 0 or a negative errno.
 */
int vfio_hot_reset(int fd, int group);

/* Export a dma-buf of several ranges, or of one. Return: its descriptor or a negative errno. */
int vfio_export_ranges(int fd, uint32_t bar, const struct vfio_region_dma_range *range,
		       uint32_t nr, uint32_t open_flags);
int vfio_export(int fd, uint32_t bar, uint64_t offset, uint64_t length, uint32_t open_flags);

/* Map memory at @iova for the devices of the container. Return: 0 or a negative errno. */
int vfio_map_dma(int container, void *mem, uint64_t iova, size_t length);

/* Every second page of a BAR, @nr of them, from the last to the first. */
void vfio_scatter(struct vfio_region_dma_range *range, unsigned int nr);

/* A descriptor of this process that is open on the group of the device, or -1. */
int vfio_find_group(const char *address);

#endif /* GUEST_VFIO_H */
