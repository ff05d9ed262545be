// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The vfio-user server in front of a device that only takes notes: what it
 * passes on, what it answers, and what it refuses without passing anything on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "bus/vfu.h"
#include "bus/vfu_proto.h"
#include "gate.h"

#define BAR0_SIZE	0x10000u
#define BAR2_SIZE	0x200000u
#define VECTORS		40u

struct device {			/* what the last call was */
	unsigned int calls;	/* of ops that change something */
	unsigned int region, start, count, index, resets;
	uint64_t off, iova, size, offset;
	uint32_t len, prot;
	uint8_t data[64];
	int fd, all, err, mmap_fd;
	int irq[VECTORS];
};

struct server {
	struct device dev;
	struct gate gate;
	struct vfu *vfu;
	struct vfu_msg rsp;
	unsigned int fds_at_start;
};

/* ---- the device ---- */

static void dev_region_info(void *priv, unsigned int region, struct vfu_region *info)
{
	struct device *dev = priv;

	*info = (struct vfu_region){ .mmap_fd = -1 };
	if (region == 0)
		info->size = BAR0_SIZE;
	if (region == 2)
		*info = (struct vfu_region){ BAR2_SIZE, 0x1000, 0x2000, dev->mmap_fd };
}

static int dev_read(void *priv, unsigned int region, uint64_t off, void *buf, uint32_t len)
{
	struct device *dev = priv;

	dev->region = region;
	dev->off = off;
	dev->len = len;
	memset(buf, 0x5a, len);
	return dev->err;
}

static int dev_write(void *priv, unsigned int region, uint64_t off, const void *buf,
		     uint32_t len)
{
	struct device *dev = priv;

	dev->calls++;
	dev->region = region;
	dev->off = off;
	dev->len = len;
	memcpy(dev->data, buf, len < sizeof(dev->data) ? len : sizeof(dev->data));
	return dev->err;
}

static int dev_map(void *priv, uint64_t iova, uint64_t size, uint32_t prot, int fd,
		   uint64_t offset)
{
	struct device *dev = priv;

	dev->calls++;
	dev->iova = iova;
	dev->size = size;
	dev->prot = prot;
	dev->fd = fd;
	dev->offset = offset;
	return dev->err;
}

static int dev_unmap(void *priv, uint64_t iova, uint64_t size, int all)
{
	struct device *dev = priv;

	dev->calls++;
	dev->iova = iova;
	dev->size = size;
	dev->all = all;
	return dev->err;
}

static unsigned int dev_irq_count(void *priv, unsigned int index)
{
	(void)priv;
	return index == VFIO_PCI_MSIX_IRQ_INDEX ? VECTORS : 0;
}

static int dev_irq_set(void *priv, unsigned int index, unsigned int start,
		       unsigned int count, const int *fds)
{
	struct device *dev = priv;
	bool all = !count;

	dev->calls++;
	dev->index = index;
	dev->start = start;
	dev->count = count;
	for (unsigned int i = 0; i < (all ? VECTORS : count); i++) {
		int *irq = &dev->irq[start + i];

		if (*irq >= 0)
			close(*irq);
		*irq = all ? -1 : fds[i];
	}
	return dev->err;
}

static void dev_reset(void *priv)
{
	struct device *dev = priv;

	dev->resets++;
}

static const struct vfu_ops ops = {
	dev_region_info, dev_read, dev_write, dev_map, dev_unmap, dev_irq_count,
	dev_irq_set, dev_reset,
};

/* ---- asking ---- */

static unsigned int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/*
 * Send @len bytes of @body as command @cmd, from memory of exactly that size.
 * Return: the error in the reply, 0, or -1 if there was no reply.
 */
static int ask_fds(struct server *s, uint16_t cmd, uint32_t flags, const void *body,
		   size_t len, const int *fds, unsigned int nr_fds)
{
	const struct vfu_header header = {
		.id = 0x1234, .command = cmd, .size = (uint32_t)(sizeof(header) + len),
		.flags = flags,
	};
	struct vfu_msg req = { .len = header.size, .nr_fds = nr_fds };
	struct vfu_header got;

	req.data = malloc(req.len);
	assert_non_null(req.data);
	memcpy(req.data, &header, sizeof(header));
	if (len)
		memcpy(req.data + sizeof(header), body, len);
	if (nr_fds)
		memcpy(req.fds, fds, nr_fds * sizeof(int));
	assert_int_equal(vfu_handle(s->vfu, &req, &s->rsp), 0);
	free(req.data);
	assert_int_equal(s->gate.hosts, 0);
	if (!s->rsp.len)
		return -1;
	memcpy(&got, s->rsp.data, sizeof(got));
	assert_int_equal(got.id, 0x1234);
	assert_int_equal(got.command, cmd);
	assert_int_equal(got.size, s->rsp.len);
	assert_int_equal(got.flags, VFU_F_REPLY | (got.error ? VFU_F_ERROR : 0));
	if (got.error)
		assert_int_equal(got.size, sizeof(got));
	return (int)got.error;
}

static int ask(struct server *s, uint16_t cmd, const void *body, size_t len)
{
	return ask_fds(s, cmd, 0, body, len, NULL, 0);
}

/* The body of the last reply, which must be @len bytes long. */
static void reply(struct server *s, void *body, size_t len)
{
	assert_int_equal(s->rsp.len, sizeof(struct vfu_header) + len);
	memcpy(body, s->rsp.data + sizeof(struct vfu_header), len);
}

static int setup_raw(void **state)
{
	struct server *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->fds_at_start = open_fds();
	gate_init(&s->gate);
	s->vfu = vfu_new(&ops, &s->dev, &s->gate);
	s->rsp.data = malloc(VFU_MAX_MSG);
	assert_non_null(s->vfu);
	assert_non_null(s->rsp.data);
	s->dev.mmap_fd = memfd_create("bar2", MFD_CLOEXEC);
	for (unsigned int i = 0; i < VECTORS; i++)
		s->dev.irq[i] = -1;
	*state = s;
	return 0;
}

static int setup(void **state)
{
	const struct vfu_version version = { 0, 0 };

	setup_raw(state);
	assert_int_equal(ask(*state, VFU_VERSION, &version, sizeof(version)), 0);
	return 0;
}

/* Whatever a test did: nothing but the device's own descriptors may remain. */
static int teardown(void **state)
{
	struct server *s = *state;

	close(s->dev.mmap_fd);
	for (unsigned int i = 0; i < VECTORS; i++)
		if (s->dev.irq[i] >= 0)
			close(s->dev.irq[i]);
	assert_int_equal(open_fds(), s->fds_at_start);
	vfu_free(s->vfu);
	gate_destroy(&s->gate);
	free(s->rsp.data);
	free(s);
	return 0;
}

/* ---- session ---- */

static void test_version(void **state)
{
	static const char caps[] = "\0\0\0\0{\"capabilities\":{\"max_msg_fds\":8}}";
	struct json_object *json, *got, *value;
	struct server *s = *state;
	struct vfu_version version;
	const char *text;

	assert_int_equal(ask(s, VFU_VERSION, caps, sizeof(caps)), 0);
	memcpy(&version, s->rsp.data + sizeof(struct vfu_header), sizeof(version));
	assert_int_equal(version.major, 0);
	assert_int_equal(version.minor, 0);
	assert_int_equal(s->rsp.data[s->rsp.len - 1], 0);
	text = (char *)s->rsp.data + sizeof(struct vfu_header) + sizeof(version);
	assert_int_equal(strlen(text) + 1, s->rsp.len - (size_t)(text - (char *)s->rsp.data));
	json = json_tokener_parse(text);
	assert_true(json_object_object_get_ex(json, "capabilities", &got));
	assert_true(json_object_object_get_ex(got, "max_dma_maps", &value));
	assert_int_equal(json_object_get_int(value), 65535);
	assert_true(json_object_object_get_ex(got, "max_data_xfer_size", &value));
	assert_int_equal(json_object_get_int(value), VFU_MAX_DATA);
	assert_true(json_object_object_get_ex(got, "write_multiple", &value));
	assert_true(json_object_get_boolean(value));
	json_object_put(json);
	assert_int_equal(ask(s, VFU_VERSION, caps, sizeof(caps)), EINVAL);	/* again */
}

static void test_version_first(void **state)
{
	static const char unterminated[] = { 0, 0, 0, 0, '{', '}' };
	const struct vfu_version future = { 1, 0 }, minor = { 0, 3 };
	struct server *s = *state;

	assert_int_equal(ask(s, VFU_RESET, NULL, 0), EINVAL);
	assert_int_equal(s->dev.resets, 0);
	assert_int_equal(ask(s, VFU_VERSION, &future, sizeof(future)), EINVAL);
	assert_int_equal(ask(s, VFU_VERSION, &future, 3), EINVAL);
	assert_int_equal(ask(s, VFU_VERSION, unterminated, sizeof(unterminated)), EINVAL);
	assert_int_equal(ask(s, VFU_VERSION, &minor, sizeof(minor)), 0);
	assert_int_equal(ask(s, VFU_RESET, NULL, 0), 0);
	assert_int_equal(s->dev.resets, 1);
}

static void test_unknown_commands(void **state)
{
	static const uint16_t unspoken[] = {
		VFU_GET_REGION_IO_FDS, VFU_DMA_READ, VFU_DMA_WRITE, VFU_DIRTY_PAGES,
	};
	struct server *s = *state;
	uint8_t body[64] = { 0 };

	assert_int_equal(ask(s, 0, body, sizeof(body)), EINVAL);
	assert_int_equal(ask(s, VFU_COMMANDS, body, sizeof(body)), EINVAL);
	assert_int_equal(ask(s, 0xffff, NULL, 0), EINVAL);
	for (size_t i = 0; i < sizeof(unspoken) / sizeof(unspoken[0]); i++)
		assert_int_equal(ask(s, unspoken[i], body, sizeof(body)), ENOTSUP);
	assert_int_equal(ask(s, VFU_RESET, NULL, 0), 0);	/* and life goes on */
}

static void test_frame(void **state)
{
	struct vfu_header header = { .command = VFU_RESET, .size = sizeof(header) };
	struct server *s = *state;
	struct vfu_msg req = { .data = (uint8_t *)&header };

	for (req.len = 0; req.len < sizeof(header); req.len++)
		assert_int_equal(vfu_handle(s->vfu, &req, &s->rsp), -EPROTO);
	header.size = sizeof(header) + 1;
	assert_int_equal(vfu_handle(s->vfu, &req, &s->rsp), -EPROTO);
	header.size = sizeof(header);
	header.flags = VFU_F_REPLY;
	req.fds[0] = eventfd(0, 0);
	req.nr_fds = 1;
	assert_int_equal(vfu_handle(s->vfu, &req, &s->rsp), -EPROTO);
	assert_int_equal(s->rsp.len, 0);
	assert_int_equal(s->dev.resets, 0);
}

/* Every command, with every body too short for it, with a descriptor too. */
static void test_short_bodies(void **state)
{
	static const struct {
		uint16_t cmd;
		size_t size;
	} fixed[] = {
		{ VFU_DMA_MAP, 32 }, { VFU_DMA_UNMAP, 24 }, { VFU_GET_INFO, 16 },
		{ VFU_GET_REGION_INFO, 32 }, { VFU_GET_IRQ_INFO, 16 }, { VFU_SET_IRQS, 20 },
		{ VFU_REGION_READ, 16 }, { VFU_REGION_WRITE, 16 }, { VFU_WRITE_MULTI, 8 },
	};
	struct server *s = *state;
	uint8_t body[32];

	memset(body, 0xff, sizeof(body));
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		for (size_t len = 0; len < fixed[i].size; len++) {
			int fd = eventfd(0, 0);

			assert_int_equal(ask_fds(s, fixed[i].cmd, 0, body, len, &fd, 1),
					 EINVAL);
		}
	}
	assert_int_equal(s->dev.calls, 0);
}

static void test_no_reply(void **state)
{
	const struct vfu_dma_unmap unmap = { sizeof(unmap), 0, 0x1000, 0x1000 };
	struct server *s = *state;

	assert_int_equal(ask_fds(s, VFU_DMA_UNMAP, VFU_F_NO_REPLY, &unmap, sizeof(unmap),
				 NULL, 0), -1);
	assert_int_equal(s->dev.calls, 1);
	assert_int_equal(ask_fds(s, 0xffff, VFU_F_NO_REPLY, NULL, 0, NULL, 0), -1);
}

/* ---- DMA ---- */

static void test_dma_map(void **state)
{
	struct vfu_dma_map map = {
		sizeof(map), VFIO_DMA_MAP_FLAG_READ, 0x7000, 0x123000, 0x4000,
	};
	struct server *s = *state;
	int fd = eventfd(0, 0), two[2] = { eventfd(0, 0), eventfd(0, 0) };

	assert_int_equal(ask_fds(s, VFU_DMA_MAP, 0, &map, sizeof(map), &fd, 1), 0);
	assert_int_equal(s->dev.iova, 0x123000);
	assert_int_equal(s->dev.size, 0x4000);
	assert_int_equal(s->dev.offset, 0x7000);
	assert_int_equal(s->dev.prot, 1);
	assert_int_equal(s->dev.fd, fd);
	assert_int_equal(s->rsp.len, sizeof(struct vfu_header));
	map.flags |= VFIO_DMA_MAP_FLAG_WRITE;
	assert_int_equal(ask(s, VFU_DMA_MAP, &map, sizeof(map)), 0);
	assert_int_equal(s->dev.prot, 3);
	assert_int_equal(s->dev.fd, -1);
	s->dev.err = -EEXIST;
	assert_int_equal(ask(s, VFU_DMA_MAP, &map, sizeof(map)), EEXIST);

	s->dev.calls = 0;
	assert_int_equal(ask_fds(s, VFU_DMA_MAP, 0, &map, sizeof(map), two, 2), EINVAL);
	map.flags = 4;
	assert_int_equal(ask(s, VFU_DMA_MAP, &map, sizeof(map)), EINVAL);
	map.flags = 1;
	map.argsz = 31;
	assert_int_equal(ask(s, VFU_DMA_MAP, &map, sizeof(map)), EINVAL);
	assert_int_equal(s->dev.calls, 0);
}

static void test_dma_unmap(void **state)
{
	struct vfu_dma_unmap unmap = { sizeof(unmap), 0, 0x5000, 0x2000 }, echo;
	struct server *s = *state;

	assert_int_equal(ask(s, VFU_DMA_UNMAP, &unmap, sizeof(unmap)), 0);
	reply(s, &echo, sizeof(echo));
	assert_memory_equal(&echo, &unmap, sizeof(echo));
	assert_int_equal(s->dev.iova, 0x5000);
	assert_int_equal(s->dev.size, 0x2000);
	assert_false(s->dev.all);
	unmap.flags = VFIO_DMA_UNMAP_FLAG_ALL;
	assert_int_equal(ask(s, VFU_DMA_UNMAP, &unmap, sizeof(unmap)), 0);
	assert_true(s->dev.all);
	s->dev.calls = 0;
	unmap.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
	assert_int_equal(ask(s, VFU_DMA_UNMAP, &unmap, sizeof(unmap)), ENOTSUP);
	unmap.flags = 0;
	unmap.argsz = 23;
	assert_int_equal(ask(s, VFU_DMA_UNMAP, &unmap, sizeof(unmap)), EINVAL);
	assert_int_equal(s->dev.calls, 0);
}

/* ---- information ---- */

static void test_get_info(void **state)
{
	struct vfu_device_info info = { .argsz = sizeof(info) };
	struct server *s = *state;

	assert_int_equal(ask(s, VFU_GET_INFO, &info, sizeof(info)), 0);
	reply(s, &info, sizeof(info));
	assert_int_equal(info.num_regions, VFIO_PCI_NUM_REGIONS);
	assert_int_equal(info.num_irqs, VFIO_PCI_NUM_IRQS);
	assert_int_equal(info.flags, VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET);
	info.argsz = 15;
	assert_int_equal(ask(s, VFU_GET_INFO, &info, sizeof(info)), EINVAL);
}

struct mmap_info {
	struct vfio_region_info info;
	struct vfio_region_info_cap_sparse_mmap cap;
	struct vfio_region_sparse_mmap_area area;
};

static void test_region_info(void **state)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = 0 };
	struct server *s = *state;

	assert_int_equal(ask(s, VFU_GET_REGION_INFO, &info, sizeof(info)), 0);
	reply(s, &info, sizeof(info));
	assert_int_equal(info.size, BAR0_SIZE);
	assert_int_equal(info.flags, VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE);
	assert_int_equal(info.argsz, 32);
	assert_int_equal(info.cap_offset, 0);
	assert_int_equal(s->rsp.nr_fds, 0);
	info.index = 1;
	assert_int_equal(ask(s, VFU_GET_REGION_INFO, &info, sizeof(info)), 0);
	reply(s, &info, sizeof(info));
	assert_int_equal(info.size, 0);
	assert_int_equal(info.flags, 0);
	info.index = VFIO_PCI_NUM_REGIONS;
	assert_int_equal(ask(s, VFU_GET_REGION_INFO, &info, sizeof(info)), EINVAL);
	info.index = 0;
	info.argsz = 31;
	assert_int_equal(ask(s, VFU_GET_REGION_INFO, &info, sizeof(info)), EINVAL);
}

/* First without room for the capability, then with what the answer asked for. */
static void test_region_mmap(void **state)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = 2 };
	struct mmap_info full;
	struct server *s = *state;

	assert_int_equal(sizeof(full), 64);
	assert_int_equal(ask(s, VFU_GET_REGION_INFO, &info, sizeof(info)), 0);
	reply(s, &info, sizeof(info));
	assert_int_equal(info.argsz, 64);
	assert_int_equal(info.cap_offset, 32);
	assert_int_equal(info.flags, VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
			 VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS);
	assert_int_equal(s->rsp.nr_fds, 0);

	assert_int_equal(ask(s, VFU_GET_REGION_INFO, &info, sizeof(info)), 0);
	reply(s, &full, sizeof(full));
	assert_int_equal(full.info.argsz, 64);
	assert_int_equal(full.info.cap_offset, 32);
	assert_int_equal(full.cap.header.id, VFIO_REGION_INFO_CAP_SPARSE_MMAP);
	assert_int_equal(full.cap.header.version, 1);
	assert_int_equal(full.cap.header.next, 0);
	assert_int_equal(full.cap.nr_areas, 1);
	assert_int_equal(full.area.offset, 0x1000);
	assert_int_equal(full.area.size, 0x2000);
	assert_int_equal(s->rsp.nr_fds, 1);
	assert_int_equal(s->rsp.fds[0], s->dev.mmap_fd);
}

static void test_irq_info(void **state)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = 2 };
	struct server *s = *state;

	assert_int_equal(ask(s, VFU_GET_IRQ_INFO, &info, sizeof(info)), 0);
	reply(s, &info, sizeof(info));
	assert_int_equal(info.count, VECTORS);
	assert_int_equal(info.flags, VFIO_IRQ_INFO_EVENTFD);
	info.index = 0;
	assert_int_equal(ask(s, VFU_GET_IRQ_INFO, &info, sizeof(info)), 0);
	reply(s, &info, sizeof(info));
	assert_int_equal(info.count, 0);
	info.index = VFIO_PCI_NUM_IRQS;
	assert_int_equal(ask(s, VFU_GET_IRQ_INFO, &info, sizeof(info)), EINVAL);
	info.index = 0;
	info.argsz = 15;
	assert_int_equal(ask(s, VFU_GET_IRQ_INFO, &info, sizeof(info)), EINVAL);
}

/* ---- interrupts ---- */

#define CONNECT (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)

static int set_irqs(struct server *s, uint32_t flags, uint32_t index, uint32_t start,
		    uint32_t count, unsigned int nr_fds)
{
	const struct vfio_irq_set set = {
		.argsz = sizeof(set), .flags = flags, .index = index, .start = start,
		.count = count,
	};
	int fds[VFU_MAX_FDS];

	for (unsigned int i = 0; i < nr_fds; i++)
		fds[i] = eventfd(0, 0);
	s->dev.calls = 0;
	return ask_fds(s, VFU_SET_IRQS, 0, &set, sizeof(set), fds, nr_fds);
}

static unsigned int connected(const struct server *s)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < VECTORS; i++)
		count += s->dev.irq[i] >= 0;
	return count;
}

static void test_irqs(void **state)
{
	struct server *s = *state;

	assert_int_equal(set_irqs(s, CONNECT, 2, 0, 4, 4), 0);
	assert_int_equal(connected(s), 4);
	assert_int_equal(set_irqs(s, CONNECT, 2, 3, 2, 2), 0);
	assert_int_equal(s->dev.start, 3);
	assert_int_equal(connected(s), 5);
	assert_int_equal(set_irqs(s, CONNECT, 2, VECTORS - 16, 16, 16), 0);
	assert_int_equal(connected(s), 21);
	assert_int_equal(set_irqs(s, CONNECT, 2, 0, 2, 0), 0);	/* taken away */
	assert_int_equal(connected(s), 19);
	assert_int_equal(s->dev.irq[1], -1);
	assert_int_equal(set_irqs(s, CONNECT, 2, 0, VECTORS, 0), 0);
	assert_int_equal(connected(s), 0);
	assert_int_equal(set_irqs(s, CONNECT, 2, 5, 1, 1), 0);
	assert_int_equal(set_irqs(s, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
				  2, 0, 0, 0), 0);
	assert_int_equal(connected(s), 0);
}

static void test_irqs_refused(void **state)
{
	struct server *s = *state;

	assert_int_equal(set_irqs(s, CONNECT, 2, VECTORS, 1, 1), EINVAL);
	assert_int_equal(set_irqs(s, CONNECT, 2, VECTORS - 1, 2, 2), EINVAL);
	assert_int_equal(set_irqs(s, CONNECT, 2, UINT32_MAX, 2, 2), EINVAL);
	assert_int_equal(set_irqs(s, CONNECT, 2, 1, UINT32_MAX, 0), EINVAL);
	assert_int_equal(set_irqs(s, CONNECT, 2, 0, 3, 2), EINVAL);
	assert_int_equal(set_irqs(s, CONNECT, 2, 0, 2, 3), EINVAL);
	assert_int_equal(set_irqs(s, CONNECT, 2, 0, 0, 1), EINVAL);
	assert_int_equal(set_irqs(s, CONNECT, 0, 0, 1, 1), EINVAL);	/* no INTx */
	assert_int_equal(set_irqs(s, CONNECT, VFIO_PCI_NUM_IRQS, 0, 1, 1), EINVAL);
	assert_int_equal(set_irqs(s, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK,
				  2, 0, 1, 0), ENOTSUP);
	assert_int_equal(set_irqs(s, VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER,
				  2, 0, 1, 0), ENOTSUP);
	assert_int_equal(set_irqs(s, 0xffffffff, 2, 0, 1, 1), ENOTSUP);
	assert_int_equal(s->dev.calls, 0);
}

/* ---- regions ---- */

static int region_read(struct server *s, uint32_t region, uint64_t off, uint32_t count)
{
	const struct vfu_region_access access = { off, region, count };

	return ask(s, VFU_REGION_READ, &access, sizeof(access));
}

/* A write that says @count and brings @len bytes. */
static int region_write(struct server *s, uint32_t region, uint64_t off, uint32_t count,
			uint32_t len)
{
	struct {
		struct vfu_region_access access;
		uint8_t data[64];
	} body = { .access = { off, region, count } };

	memset(body.data, 0x77, sizeof(body.data));
	return ask(s, VFU_REGION_WRITE, &body, sizeof(body.access) + len);
}

static void test_region_read(void **state)
{
	struct server *s = *state;
	struct {
		struct vfu_region_access access;
		uint8_t data[8];
	} got;

	assert_int_equal(region_read(s, 0, 0x58, 8), 0);
	reply(s, &got, sizeof(got));
	assert_int_equal(got.access.offset, 0x58);
	assert_int_equal(got.access.count, 8);
	assert_int_equal(got.data[7], 0x5a);
	assert_int_equal(s->dev.off, 0x58);
	assert_int_equal(region_read(s, 2, 0, VFU_MAX_DATA), 0);
	assert_int_equal(s->rsp.len, 32 + VFU_MAX_DATA);
	assert_int_equal(region_read(s, 0, BAR0_SIZE - 4, 4), 0);
	s->dev.err = -EINVAL;
	assert_int_equal(region_read(s, 0, 0, 3), EINVAL);	/* the device's own word */
	assert_int_equal(s->dev.len, 3);

	s->dev = (struct device){ .mmap_fd = s->dev.mmap_fd };
	memset(s->dev.irq, 0xff, sizeof(s->dev.irq));
	assert_int_equal(region_read(s, 0, BAR0_SIZE - 4, 5), EINVAL);
	assert_int_equal(region_read(s, 0, BAR0_SIZE, 1), EINVAL);
	assert_int_equal(region_read(s, 0, UINT64_MAX, 4), EINVAL);
	assert_int_equal(region_read(s, 0, UINT64_MAX - 3, 8), EINVAL);
	assert_int_equal(region_read(s, 0, 0, 0), EINVAL);
	assert_int_equal(region_read(s, 2, 0, VFU_MAX_DATA + 1), EINVAL);
	assert_int_equal(region_read(s, 0, 0, UINT32_MAX), EINVAL);
	assert_int_equal(region_read(s, 1, 0, 4), EINVAL);
	assert_int_equal(region_read(s, UINT32_MAX, 0, 4), EINVAL);
	assert_int_equal(s->dev.len, 0);
}

static void test_region_write(void **state)
{
	struct vfu_region_access echo;
	struct server *s = *state;

	assert_int_equal(region_write(s, 0, 0x2c, 4, 4), 0);
	reply(s, &echo, sizeof(echo));
	assert_int_equal(echo.count, 4);
	assert_int_equal(s->dev.off, 0x2c);
	assert_int_equal(s->dev.len, 4);
	assert_int_equal(s->dev.data[3], 0x77);
	s->dev.calls = 0;
	assert_int_equal(region_write(s, 0, 0, 4, 3), EINVAL);
	assert_int_equal(region_write(s, 0, 0, 4, 5), EINVAL);
	assert_int_equal(region_write(s, 0, 0, 0, 0), EINVAL);
	assert_int_equal(region_write(s, 0, BAR0_SIZE - 2, 4, 4), EINVAL);
	assert_int_equal(region_write(s, 3, 0, 4, 4), EINVAL);
	assert_int_equal(s->dev.calls, 0);
}

static int write_multi(struct server *s, uint64_t count, unsigned int entries,
		       uint32_t last_len, size_t extra)
{
	struct {
		uint64_t count;
		struct vfu_multi_write write[4];
	} body = { .count = count };

	for (unsigned int i = 0; i < entries; i++)
		body.write[i] = (struct vfu_multi_write){
			.access = { 0x100 + i, 0, i + 1 < entries ? 4 : last_len },
			.data = { (uint8_t)i },
		};
	s->dev.calls = 0;
	return ask(s, VFU_WRITE_MULTI, &body,
		   sizeof(body.count) + entries * sizeof(body.write[0]) + extra);
}

static void test_write_multi(void **state)
{
	struct server *s = *state;
	uint64_t count;

	assert_int_equal(write_multi(s, 3, 3, 8, 0), 0);
	reply(s, &count, sizeof(count));
	assert_int_equal(count, 3);
	assert_int_equal(s->dev.calls, 3);
	assert_int_equal(s->dev.off, 0x102);
	assert_int_equal(s->dev.data[0], 2);
	assert_int_equal(write_multi(s, 0, 0, 0, 0), 0);
	assert_int_equal(write_multi(s, 3, 3, 9, 0), EINVAL);	/* none of the three */
	assert_int_equal(s->dev.calls, 0);
	assert_int_equal(write_multi(s, 3, 3, 0, 0), EINVAL);
	assert_int_equal(write_multi(s, 4, 3, 4, 0), EINVAL);
	assert_int_equal(write_multi(s, 2, 3, 4, 0), EINVAL);
	assert_int_equal(write_multi(s, 2, 2, 4, 7), EINVAL);
	assert_int_equal(write_multi(s, UINT64_MAX, 1, 4, 0), EINVAL);
	/* 2^61 entries of 24 bytes are 0 bytes modulo 2^64 */
	assert_int_equal(write_multi(s, 1ull << 61, 0, 4, 0), EINVAL);
	assert_int_equal(s->dev.calls, 0);
}

/* ---- over a socket ---- */

struct session {
	struct server *server;
	int sock, result;
};

static void *serve(void *arg)
{
	struct session *session = arg;

	session->result = vfu_serve(session->server->vfu, session->sock);
	close(session->sock);
	return NULL;
}

/* Serve what @bytes hold, sent in pieces of @piece, and return the verdict. */
static int serve_bytes(struct server *s, const void *bytes, size_t len, size_t piece,
		       void *answer, size_t answer_len)
{
	struct session session = { .server = s };
	pthread_t thread;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	session.sock = pair[1];
	assert_int_equal(pthread_create(&thread, NULL, serve, &session), 0);
	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;

		assert_int_equal(send(pair[0], (const uint8_t *)bytes + at, n, MSG_NOSIGNAL), n);
	}
	shutdown(pair[0], SHUT_WR);
	if (answer_len)
		assert_int_equal(recv(pair[0], answer, answer_len, MSG_WAITALL), answer_len);
	pthread_join(thread, NULL);
	close(pair[0]);
	return session.result;
}

static void test_serve(void **state)
{
	struct {
		struct vfu_header h1;
		struct vfu_version version;
		struct vfu_header h2, h3;
	} __attribute__((packed)) in = {
		.h1 = { 1, VFU_VERSION, sizeof(in.h1) + sizeof(in.version), 0, 0 },
		.h2 = { 2, VFU_RESET, sizeof(in.h2), VFU_F_NO_REPLY, 0 },
		.h3 = { 3, 77, sizeof(in.h3), 0, 0 },
	};
	struct server *s = *state;
	struct vfu_header got;

	for (size_t piece = 1; piece <= sizeof(in); piece += 11) {
		/* a fresh session each time: VERSION is asked for once */
		vfu_free(s->vfu);
		s->vfu = vfu_new(&ops, &s->dev, &s->gate);
		s->dev.resets = 0;
		assert_int_equal(serve_bytes(s, &in, sizeof(in), piece, &got, sizeof(got)), 0);
		assert_int_equal(got.id, 1);
		assert_int_equal(s->dev.resets, 1);
	}
}

static void test_serve_bad_streams(void **state)
{
	struct vfu_header header = { 1, VFU_RESET, sizeof(header), 0, 0 };
	struct server *s = *state;

	assert_int_equal(serve_bytes(s, NULL, 0, 1, NULL, 0), 0);
	assert_int_equal(serve_bytes(s, &header, 15, 15, NULL, 0), -ECONNRESET);
	header.size = 17;
	assert_int_equal(serve_bytes(s, &header, 16, 16, NULL, 0), -ECONNRESET);
	header.size = 15;
	assert_int_equal(serve_bytes(s, &header, 16, 16, NULL, 0), -EPROTO);
	header.size = VFU_MAX_MSG + 1;
	assert_int_equal(serve_bytes(s, &header, 16, 16, NULL, 0), -EPROTO);
	header.size = UINT32_MAX;
	assert_int_equal(serve_bytes(s, &header, 16, 16, NULL, 0), -EPROTO);
	header.size = sizeof(header);
	header.flags = VFU_F_REPLY;
	assert_int_equal(serve_bytes(s, &header, 16, 16, NULL, 0), -EPROTO);
	assert_int_equal(s->dev.resets, 0);
}

static void send_with_fds(int sock, const void *data, size_t len, unsigned int count)
{
	union {
		struct cmsghdr header;
		uint8_t room[CMSG_SPACE(32 * sizeof(int))];
	} control = { .header = {
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(count * sizeof(int)),
	} };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	int *fds = (int *)CMSG_DATA(&control.header);

	for (unsigned int i = 0; i < count; i++)
		fds[i] = eventfd(0, 0);
	assert_int_equal(sendmsg(sock, &mh, MSG_NOSIGNAL), len);
	for (unsigned int i = 0; i < count; i++)
		close(fds[i]);
}

/* @before fds with the header, @after with the body of a DMA_MAP. */
static int serve_fds(struct server *s, unsigned int before, unsigned int after)
{
	const struct vfu_header header = {
		9, VFU_DMA_MAP, sizeof(header) + sizeof(struct vfu_dma_map), 0, 0,
	};
	const struct vfu_dma_map map = { sizeof(map), 3, 0, 0, 0x1000 };
	struct session session = { .server = s };
	pthread_t thread;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	session.sock = pair[1];
	if (before)
		send_with_fds(pair[0], &header, sizeof(header), before);
	else
		assert_int_equal(send(pair[0], &header, sizeof(header), 0), sizeof(header));
	if (after)
		send_with_fds(pair[0], &map, sizeof(map), after);
	else
		assert_int_equal(send(pair[0], &map, sizeof(map), 0), sizeof(map));
	shutdown(pair[0], SHUT_WR);
	assert_int_equal(pthread_create(&thread, NULL, serve, &session), 0);
	pthread_join(thread, NULL);
	close(pair[0]);
	return session.result;
}

/* teardown() then finds every descriptor closed. */
static void test_serve_fds(void **state)
{
	struct server *s = *state;

	assert_int_equal(serve_fds(s, 1, 0), 0);
	assert_int_equal(s->dev.calls, 1);
	assert_true(s->dev.fd >= 0);
	assert_int_equal(serve_fds(s, 2, 0), 0);	/* refused in the reply */
	assert_int_equal(s->dev.calls, 1);
	assert_int_equal(serve_fds(s, VFU_MAX_FDS, 0), 0);
	assert_int_equal(serve_fds(s, VFU_MAX_FDS + 9, 0), -EPROTO);
	assert_int_equal(serve_fds(s, 1, 1), -EPROTO);
	assert_int_equal(serve_fds(s, 0, 1), -EPROTO);
	assert_int_equal(s->dev.calls, 1);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
#define RAW_TEST(t) cmocka_unit_test_setup_teardown(t, setup_raw, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RAW_TEST(test_version),
		RAW_TEST(test_version_first),
		TEST(test_unknown_commands),
		TEST(test_frame),
		TEST(test_short_bodies),
		TEST(test_no_reply),
		TEST(test_dma_map),
		TEST(test_dma_unmap),
		TEST(test_get_info),
		TEST(test_region_info),
		TEST(test_region_mmap),
		TEST(test_irq_info),
		TEST(test_irqs),
		TEST(test_irqs_refused),
		TEST(test_region_read),
		TEST(test_region_write),
		TEST(test_write_multi),
		RAW_TEST(test_serve),
		TEST(test_serve_bad_streams),
		TEST(test_serve_fds),
	};

	return cmocka_run_group_tests_name("vfu", tests, NULL, NULL);
}
