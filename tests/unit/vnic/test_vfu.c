// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The vfio-user server: what it passes on to the device, what it answers, and what it refuses
 * without passing anything on.
 */
#include "vfu_device.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/eventfd.h>
#include <linux/vfio.h>

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
	assert_int_equal(ask(s, VFU_RESET, NULL, 0), 0);	/* the session goes on */
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

/* Every command with every body that is too short for it, also with a descriptor. */
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

/* First without room for the capability, then with the size that the answer gave. */
static void test_region_mmap(void **state)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = 2 };
	struct vfio_region_info_cap_sparse_mmap cap;
	struct vfio_region_sparse_mmap_area area;
	struct server *s = *state;
	uint8_t full[64];

	assert_int_equal(ask(s, VFU_GET_REGION_INFO, &info, sizeof(info)), 0);
	reply(s, &info, sizeof(info));
	assert_int_equal(info.argsz, 64);
	assert_int_equal(info.cap_offset, 32);
	assert_int_equal(info.flags, VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
			 VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS);
	assert_int_equal(s->rsp.nr_fds, 0);

	assert_int_equal(ask(s, VFU_GET_REGION_INFO, &info, sizeof(info)), 0);
	reply(s, full, sizeof(full));
	memcpy(&info, full, sizeof(info));
	memcpy(&cap, full + 32, sizeof(cap));
	memcpy(&area, full + 48, sizeof(area));
	assert_int_equal(info.argsz, 64);
	assert_int_equal(info.cap_offset, 32);
	assert_int_equal(cap.header.id, VFIO_REGION_INFO_CAP_SPARSE_MMAP);
	assert_int_equal(cap.header.version, 1);
	assert_int_equal(cap.header.next, 0);
	assert_int_equal(cap.nr_areas, 1);
	assert_int_equal(area.offset, 0x1000);
	assert_int_equal(area.size, 0x2000);
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
	assert_int_equal(set_irqs(s, CONNECT, 2, 0, 2, 0), 0);	/* removes two eventfds */
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

/* A write whose count is @count, and which has @len bytes of data. */
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
	assert_int_equal(region_read(s, 0, 0, 3), EINVAL);	/* the device's own error */
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
	assert_int_equal(write_multi(s, 3, 3, 9, 0), EINVAL);	/* none of the three is done */
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

/* One that the device refuses keeps none of the others away: they are other CPUs'. */
static void test_refused_write(void **state)
{
	struct server *s = *state;

	s->dev.err = -EINVAL;
	assert_int_equal(write_multi(s, 3, 3, 4, 0), EINVAL);
	assert_int_equal(s->dev.calls, 3);
	assert_int_equal(s->dev.off, 0x102);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RAW_SERVER_TEST(test_version),
		RAW_SERVER_TEST(test_version_first),
		SERVER_TEST(test_unknown_commands),
		SERVER_TEST(test_frame),
		SERVER_TEST(test_short_bodies),
		SERVER_TEST(test_no_reply),
		SERVER_TEST(test_dma_map),
		SERVER_TEST(test_dma_unmap),
		SERVER_TEST(test_get_info),
		SERVER_TEST(test_region_info),
		SERVER_TEST(test_region_mmap),
		SERVER_TEST(test_irq_info),
		SERVER_TEST(test_irqs),
		SERVER_TEST(test_irqs_refused),
		SERVER_TEST(test_region_read),
		SERVER_TEST(test_region_write),
		SERVER_TEST(test_write_multi),
		SERVER_TEST(test_refused_write),
	};

	return cmocka_run_group_tests_name("vfu", tests, NULL, NULL);
}
