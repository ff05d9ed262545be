// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The vfio-user commands. Each decodes the body, checks that the sizes and counts in it
 * agree with what arrived, and calls the device. Bodies are copied out of the message
 * because they are not aligned in it. All of this runs with the gate held.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/vfio.h>

#include "vfu_call.h"

#define MAX_MAPS 65535		/* told to QEMU as its limit; not enforced here */

static void answer(struct vfu_call *call, const void *data, size_t len)
{
	memcpy(call->out + call->out_len, data, len);
	call->out_len += len;
}

/* ---- session ---- */

/*
 * The client's capabilities are not parsed: they limit only messages that a server sends
 * on its own, and this one sends none.
 */
int vfu_cmd_version(struct vfu *vfu, struct vfu_call *call)
{
	const struct vfu_version ours = { .major = 0, .minor = 0 };
	struct vfu_version theirs;
	char json[256];
	int len;

	memcpy(&theirs, call->body, sizeof(theirs));
	if (theirs.major != ours.major || vfu->negotiated)
		return -EINVAL;
	if (call->len > sizeof(theirs) && call->body[call->len - 1] != '\0')
		return -EINVAL;
	len = snprintf(json, sizeof(json),
		       "{\"capabilities\":{\"max_msg_fds\":%d,\"max_data_xfer_size\":%u,"
		       "\"pgsizes\":%u,\"max_dma_maps\":%d,\"write_multiple\":true}}",
		       VFU_MAX_FDS, VFU_MAX_DATA, 4096u, MAX_MAPS);
	answer(call, &ours, sizeof(ours));
	answer(call, json, (size_t)len + 1);
	vfu->negotiated = true;
	return 0;
}

int vfu_cmd_reset(struct vfu *vfu, struct vfu_call *call)
{
	if (call->len)
		return -EINVAL;
	vfu->ops->reset(vfu->priv);
	return 0;
}

/* ---- DMA ---- */

int vfu_cmd_dma_map(struct vfu *vfu, struct vfu_call *call)
{
	const uint32_t known = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	struct vfu_dma_map map;

	memcpy(&map, call->body, sizeof(map));
	if (call->len != sizeof(map) || map.argsz < sizeof(map) || map.flags & ~known)
		return -EINVAL;
	return vfu->ops->dma_map(vfu->priv, map.addr, map.size, map.flags,
				 call->nr_fds ? call->fds[0] : -1, map.offset);
}

int vfu_cmd_dma_unmap(struct vfu *vfu, struct vfu_call *call)
{
	struct vfu_dma_unmap unmap;
	int err;

	memcpy(&unmap, call->body, sizeof(unmap));
	if (call->len != sizeof(unmap) || unmap.argsz < sizeof(unmap))
		return -EINVAL;
	if (unmap.flags & ~VFIO_DMA_UNMAP_FLAG_ALL)
		return -ENOTSUP;	/* it asks for a bitmap of dirty pages */
	err = vfu->ops->dma_unmap(vfu->priv, unmap.addr, unmap.size, unmap.flags != 0);
	if (!err)
		answer(call, &unmap, sizeof(unmap));
	return err;
}

/* ---- information ---- */

int vfu_cmd_get_info(struct vfu *vfu, struct vfu_call *call)
{
	struct vfu_device_info info;

	(void)vfu;
	memcpy(&info, call->body, sizeof(info));
	if (info.argsz < sizeof(info))
		return -EINVAL;
	info = (struct vfu_device_info){
		.argsz = sizeof(info),
		.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
		.num_regions = VFIO_PCI_NUM_REGIONS, .num_irqs = VFIO_PCI_NUM_IRQS,
	};
	answer(call, &info, sizeof(info));
	return 0;
}

static void answer_mmap(struct vfu_call *call, const struct vfu_region *region)
{
	const struct vfio_region_info_cap_sparse_mmap cap = {
		.header = { .id = VFIO_REGION_INFO_CAP_SPARSE_MMAP, .version = 1 },
		.nr_areas = 1,
	};
	const struct vfio_region_sparse_mmap_area area = {
		.offset = region->mmap_offset, .size = region->mmap_size,
	};

	answer(call, &cap, sizeof(cap));
	answer(call, &area, sizeof(area));
	call->out_fd = region->mmap_fd;
}

/*
 * A client whose buffer is too small for the mmap capability gets the information without
 * it, and in argsz the size that it needs; it then asks again. The descriptor is sent only
 * together with the capability.
 */
int vfu_cmd_get_region_info(struct vfu *vfu, struct vfu_call *call)
{
	const uint32_t full = sizeof(struct vfio_region_info) +
			      sizeof(struct vfio_region_info_cap_sparse_mmap) +
			      sizeof(struct vfio_region_sparse_mmap_area);
	struct vfio_region_info asked, info = { .argsz = sizeof(info) };
	struct vfu_region region;

	memcpy(&asked, call->body, sizeof(asked));
	if (asked.argsz < sizeof(asked) || asked.index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	vfu->ops->region_info(vfu->priv, asked.index, &region);
	info.index = asked.index;
	info.size = region.size;
	if (region.size)
		info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	if (region.mmap_fd >= 0) {
		info.flags |= VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
		info.argsz = full;
		info.cap_offset = sizeof(info);
	}
	answer(call, &info, sizeof(info));
	if (region.mmap_fd >= 0 && asked.argsz >= full)
		answer_mmap(call, &region);
	return 0;
}

int vfu_cmd_get_irq_info(struct vfu *vfu, struct vfu_call *call)
{
	struct vfio_irq_info info;

	memcpy(&info, call->body, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	info.argsz = sizeof(info);
	info.flags = VFIO_IRQ_INFO_EVENTFD;
	info.count = vfu->ops->irq_count(vfu->priv, info.index);
	answer(call, &info, sizeof(info));
	return 0;
}

/* ---- interrupts ---- */

static int connect_irqs(struct vfu *vfu, struct vfu_call *call,
			const struct vfio_irq_set *set)
{
	int fds[VFU_MAX_FDS];

	for (unsigned int i = 0; i < call->nr_fds; i++) {
		fds[i] = call->fds[i];
		call->fds[i] = -1;
	}
	return vfu->ops->irq_set(vfu->priv, set->index, set->start, set->count, fds);
}

/* A message without descriptors removes the eventfds of all vectors that it names. */
static int disconnect_irqs(struct vfu *vfu, const struct vfio_irq_set *set)
{
	const int none = -1;
	int err = 0;

	for (uint32_t i = 0; !err && i < set->count; i++)
		err = vfu->ops->irq_set(vfu->priv, set->index, set->start + i, 1, &none);
	return err;
}

int vfu_cmd_set_irqs(struct vfu *vfu, struct vfu_call *call)
{
	const uint32_t connect = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	const uint32_t take_all = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER;
	struct vfio_irq_set set;
	unsigned int irqs;

	memcpy(&set, call->body, sizeof(set));
	if (set.argsz < sizeof(set) || set.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	irqs = vfu->ops->irq_count(vfu->priv, set.index);
	if (set.start > irqs || set.count > irqs - set.start)
		return -EINVAL;
	if (set.flags == take_all && !set.count)
		return vfu->ops->irq_set(vfu->priv, set.index, 0, 0, NULL);
	if (set.flags != connect)
		return -ENOTSUP;	/* masking, or a trigger by the client */
	if (call->nr_fds == set.count && set.count)
		return connect_irqs(vfu, call, &set);
	return call->nr_fds ? -EINVAL : disconnect_irqs(vfu, &set);
}

/* ---- region accesses ---- */

static int check_access(struct vfu *vfu, const struct vfu_region_access *access)
{
	struct vfu_region region;

	if (access->region >= VFIO_PCI_NUM_REGIONS || !access->count ||
	    access->count > VFU_MAX_DATA)
		return -EINVAL;
	vfu->ops->region_info(vfu->priv, access->region, &region);
	if (access->offset > region.size || access->count > region.size - access->offset)
		return -EINVAL;
	return 0;
}

int vfu_cmd_region_read(struct vfu *vfu, struct vfu_call *call)
{
	struct vfu_region_access access;
	int err;

	memcpy(&access, call->body, sizeof(access));
	err = call->len == sizeof(access) ? check_access(vfu, &access) : -EINVAL;
	if (err)
		return err;
	err = vfu->ops->region_read(vfu->priv, access.region, access.offset,
				    call->out + sizeof(access), access.count);
	if (err)
		return err;
	answer(call, &access, sizeof(access));
	call->out_len += access.count;
	return 0;
}

int vfu_cmd_region_write(struct vfu *vfu, struct vfu_call *call)
{
	struct vfu_region_access access;
	int err;

	memcpy(&access, call->body, sizeof(access));
	err = check_access(vfu, &access);
	if (!err && call->len - sizeof(access) != access.count)
		err = -EINVAL;
	if (!err)
		err = vfu->ops->region_write(vfu->priv, access.region, access.offset,
					     call->body + sizeof(access), access.count);
	if (!err)
		answer(call, &access, sizeof(access));
	return err;
}

static int check_writes(struct vfu *vfu, const uint8_t *at, uint64_t count)
{
	struct vfu_multi_write write;
	int err = 0;

	for (; count > 0 && !err; count--, at += sizeof(write)) {
		memcpy(&write, at, sizeof(write));
		err = write.access.count > sizeof(write.data) ? -EINVAL :
		      check_access(vfu, &write.access);
	}
	return err;
}

/* They come from different CPUs: one that the device refuses does not keep the others away. */
static int do_writes(struct vfu *vfu, const uint8_t *at, uint64_t count)
{
	struct vfu_multi_write write;
	int first = 0;

	for (; count > 0; count--, at += sizeof(write)) {
		int err;

		memcpy(&write, at, sizeof(write));
		err = vfu->ops->region_write(vfu->priv, write.access.region,
					     write.access.offset, write.data,
					     write.access.count);
		if (!first)
			first = err;
	}
	return first;
}

/* All writes are checked before the first one is done. */
int vfu_cmd_write_multi(struct vfu *vfu, struct vfu_call *call)
{
	const uint8_t *writes = call->body + sizeof(uint64_t);
	size_t room = call->len - sizeof(uint64_t);
	uint64_t count;
	int err;

	memcpy(&count, call->body, sizeof(count));
	if (room % sizeof(struct vfu_multi_write) ||
	    count != room / sizeof(struct vfu_multi_write))
		return -EINVAL;
	err = check_writes(vfu, writes, count);
	if (!err)
		err = do_writes(vfu, writes, count);
	if (!err)
		answer(call, &count, sizeof(count));
	return err;
}
