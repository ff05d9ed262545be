/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * VFIO without libpeerbar, by <linux/vfio.h> alone: the calls that the library does not
 * make, and the ones that are to go wrong.
 */
#ifndef GUEST_VFIO_H
#define GUEST_VFIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/vfio.h>

/*
 * VFIO_DEVICE_FEATURE_DMA_BUF as it lies in memory: struct vfio_device_feature, struct
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
 * In two steps: the group, with no device yet, and a device of it, whose name is its
 * address and may have " vf_token=UUID" after it. 0 or a negative errno.
 */
void vfio_open_group(struct vfio *vfio, const char *address);
int vfio_open_device(struct vfio *vfio, const char *name);

/* Bytes of a region, 0: not there. */
uint64_t vfio_region_size(int fd, unsigned int index);

/* "/dev/vfio/12": the node of the device's group. Ends the test on failure. */
#define VFIO_NODE_SIZE 64u
void vfio_group_node(const char *address, char *node);

/* Registers of any region; @size is 1, 2 or 4. Ends the test on failure. */
uint32_t vfio_read(int fd, unsigned int index, unsigned int pos, unsigned int size);
void vfio_write(int fd, unsigned int index, unsigned int pos, unsigned int size,
		uint32_t value);

/* The same with bytes that another thread may change while the kernel fetches them. */
void vfio_write_from(int fd, unsigned int index, unsigned int pos, unsigned int size,
		     const void *bytes);

/* Those of configuration space. */
uint32_t vfio_config_read(int fd, unsigned int pos, unsigned int size);
void vfio_config_write(int fd, unsigned int pos, unsigned int size, uint32_t value);

/* Where the capability of this id is, 0: the device has none. */
unsigned int vfio_capability(int fd, uint8_t id);

/* A feature without payload, set: 0 or a negative errno. */
int vfio_feature_set(int fd, uint32_t feature);

/*
 * An eventfd that VFIO signals for the device: @index is VFIO_PCI_REQ_IRQ_INDEX, it is to be
 * closed, or VFIO_PCI_ERR_IRQ_INDEX, it had an error. The caller closes it.
 */
int vfio_eventfd(int fd, uint32_t index);

/* Has it been signalled, or is it within @timeout_ms? */
bool vfio_signalled(int eventfd, unsigned int timeout_ms);

/* What who opens a virtual function of the device must know: 0 or a negative errno. */
#define VFIO_TOKEN_SIZE 16u
int vfio_set_token(int fd, const uint8_t *uuid);

/*
 * Reset all that hangs on the device's bus, with @group as the proof that it is ours: 0 or
 * a negative errno.
 */
int vfio_hot_reset(int fd, int group);

/* One dma-buf, of ranges or of one: a descriptor or a negative errno. */
int vfio_export_ranges(int fd, uint32_t bar, const struct vfio_region_dma_range *range,
		       uint32_t nr, uint32_t open_flags);
int vfio_export(int fd, uint32_t bar, uint64_t offset, uint64_t length, uint32_t open_flags);

/* Memory of this process at @iova for the devices of the container: 0 or a negative errno. */
int vfio_map_dma(int container, void *mem, uint64_t iova, size_t length);

/* Every second page of a BAR, @nr of them, from the last to the first. */
void vfio_scatter(struct vfio_region_dma_range *range, unsigned int nr);

/* A descriptor of this process that is open on the group of the device, or -1. */
int vfio_find_group(const char *address);

#endif /* GUEST_VFIO_H */
