// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The recording device of the server's tests: see vfu_device.h. */
#include "vfu_device.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/vfio.h>

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

int ask_fds(struct server *s, uint16_t cmd, uint32_t flags, const void *body,
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

int ask(struct server *s, uint16_t cmd, const void *body, size_t len)
{
	return ask_fds(s, cmd, 0, body, len, NULL, 0);
}

void reply(struct server *s, void *body, size_t len)
{
	assert_int_equal(s->rsp.len, sizeof(struct vfu_header) + len);
	memcpy(body, s->rsp.data + sizeof(struct vfu_header), len);
}

int server_setup_raw(void **state)
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

int server_setup(void **state)
{
	const struct vfu_version version = { 0, 0 };

	server_setup_raw(state);
	assert_int_equal(ask(*state, VFU_VERSION, &version, sizeof(version)), 0);
	return 0;
}

int server_teardown(void **state)
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

void server_renew(struct server *s)
{
	vfu_free(s->vfu);
	s->vfu = vfu_new(&ops, &s->dev, &s->gate);
	assert_non_null(s->vfu);
}
