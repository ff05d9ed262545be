// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Wrong calls to the test importer, and objects that go away while others use them. They
 * must not crash the kernel: a test tool that does proves nothing about the exporter.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "importer.h"
#include "lib/tap.h"
#include "lib/trigger.h"
#include "lib/watchdog.h"

#define MAX_HANDLES 4096u
#define NO_HANDLE 77u

static void bad_attach(struct bench *b)
{
	const char *nic = importing_device();
	int file = open("/dev/null", O_RDWR | O_CLOEXEC);
	static const char name[] = "misuse: attach";
	const struct {
		const char *what;
		int dmabuf, error;
		const char *device;
		unsigned int mode, delay_ms;
	} cases[] = {
		{ "descriptor -1", -1, EBADF, nic, PTI_DYNAMIC, 0 },
		{ "closed descriptor", 4000, EBADF, nic, PTI_DYNAMIC, 0 },
		{ "no dma-buf", file, EINVAL, nic, PTI_DYNAMIC, 0 },
		{ "mode 3", b->dmabuf, EINVAL, nic, 3, 0 },
		{ "mode 2^32 - 1", b->dmabuf, EINVAL, nic, UINT32_MAX, 0 },
		{ "delay too long", b->dmabuf, EINVAL, nic, PTI_DYNAMIC, PTI_MAX_DELAY_MS + 1 },
		{ "no device", b->dmabuf, ENODEV, "", PTI_DYNAMIC, 0 },
		{ "device without domain", b->dmabuf, ENODEV, "00:00.0", PTI_DYNAMIC, 0 },
		{ "device with a tail", b->dmabuf, ENODEV, "0000:00:00.0x", PTI_DYNAMIC, 0 },
		{ "absent device", b->dmabuf, ENODEV, "0000:fe:1f.7", PTI_DYNAMIC, 0 },
		{ "device without driver", b->dmabuf, ENXIO, "0000:00:00.0", PTI_DYNAMIC, 0 },
	};
	struct pti_attach flags = { .dmabuf_fd = b->dmabuf, .flags = ~PTI_STAYS };
	struct pti_attach callback = {
		.dmabuf_fd = b->dmabuf, .callback_ms = PTI_MAX_DELAY_MS + 1,
	};
	uint32_t handle;

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect(importer_attach(b->fd, cases[i].dmabuf, cases[i].device, cases[i].mode,
				       cases[i].delay_ms, &handle),
		       -cases[i].error, name, cases[i].what);
	expect(importer_attach_as(b->fd, &flags, nic), -EINVAL, name, "flags of no meaning");
	expect(importer_attach_as(b->fd, &callback, nic), -EINVAL, name, "callback too long");
	close(file);
}

static int raw(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

static void bad_pointers(struct bench *b, uint32_t handle)
{
	static const char name[] = "misuse: pointers";
	struct pti_attach attach_args = { .dmabuf_fd = b->dmabuf, .mode = PTI_DYNAMIC };
	struct pti_query args = { .handle = handle, .room = UINT32_MAX, .entries = 8 };

	memset(attach_args.device, '0', sizeof(attach_args.device));
	expect(raw(b->fd, PTI_ATTACH, &attach_args), -EINVAL, name, "a name without end");
	expect(raw(b->fd, PTI_ATTACH, NULL), -EFAULT, name, "attach");
	expect(raw(b->fd, PTI_MAP, NULL), -EFAULT, name, "map");
	expect(raw(b->fd, PTI_QUERY, NULL), -EFAULT, name, "query");
	expect(raw(b->fd, PTI_QUERY, &args), -EFAULT, name, "entries");
	expect(raw(b->fd, _IO(PTI_IOC, 0x7f), &handle), -ENOTTY, name, "unknown call");
	expect(raw(b->fd, _IO('V', 0x7f), &handle), -ENOTTY, name, "a call of others");
}

static void bad_order(struct bench *b)
{
	static const char name[] = "misuse: order";
	uint32_t handle = attach(b, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE);
	int other = importer_open();
	struct pti_query q;

	expect(importer_unmap(b->fd, handle), -ENODATA, name, "unmap before map");
	expect(importer_map(b->fd, handle), 0, name, "map");
	expect(importer_map(b->fd, handle), -EBUSY, name, "map twice");
	expect(importer_map(other, handle), -ENOENT, name, "handle of another file");
	bad_pointers(b, handle);
	expect(importer_detach(b->fd, handle), 0, name, "detach while mapped");
	expect(importer_detach(b->fd, handle), -ENOENT, name, "detach twice");
	expect(importer_map(b->fd, handle), -ENOENT, name, "map after detach");
	expect(importer_unmap(b->fd, 0), -ENOENT, name, "handle 0");
	expect(importer_query(b->fd, NO_HANDLE, &q, NULL, 0), -ENOENT, name, "any number");
	close(other);
}

static void too_many(struct bench *b)
{
	static const char name[] = "misuse: 4096 handles and one more";
	uint32_t handle;
	int ret = 0;
	unsigned int n;

	for (n = 0; n <= MAX_HANDLES && !ret; n++)
		ret = importer_attach(b->fd, b->dmabuf, importing_device(), PTI_PINNED,
				      PTI_UNMAP_NEVER, &handle);
	tap_check(ret == -EBUSY && n == MAX_HANDLES + 1, name, "attach %u: %s", n,
		  strerror(-ret));
}

/* Also of an importer that has been told, and is closed before its worker unmaps. */
static void close_with_attachments(struct bench *b)
{
	static const char name[] = "misuse: close with live attachments";

	attach_and_map(b, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE);
	attach_and_map(b, PTI_PINNED, PTI_UNMAP_NEVER);
	attach_and_map(b, PTI_PINNED, PTI_MAX_DELAY_MS);
	expect(importer_unload(), -EAGAIN, name, "unload of the module in use");
	close(b->fd);
	expect(peerbar_reset(b->rig.dev), 0, name, "a reset that has nobody to wait for");
	expect(importer_unload(), 0, name, "unload");
	b->fd = importer_open();
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		tap_die(path, "%s", strerror(errno));
	close(fd);
}

/* The importing device loses its driver, and no DMA may be mapped for it any more. */
static void unbind_with_attachments(struct bench *b)
{
	static const char name[] = "misuse: unbind the importing device";
	uint32_t dynamic = attach_and_map(b, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE);
	uint32_t pinned = attach_and_map(b, PTI_PINNED, PTI_UNMAP_NEVER);

	write_file("/sys/bus/pci/drivers/efa/unbind", importing_device());
	expect(importer_map(b->fd, dynamic), -ENOENT, name, "dynamic");
	expect(importer_unmap(b->fd, pinned), -ENOENT, name, "pinned");
	expect(importer_attach(b->fd, b->dmabuf, importing_device(), PTI_DYNAMIC, 0, &dynamic),
	       -ENXIO, name, "attach without a driver");
	expect(peerbar_reset(b->rig.dev), 0, name, "reset");
	write_file("/sys/bus/pci/drivers/efa/bind", importing_device());
	importer_detach(b->fd, attach_and_map(b, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE));
}

void importer_misuse(void)
{
	struct bench b;

	bench_open(&b, "misuse");
	bad_attach(&b);
	bad_order(&b);
	close_with_attachments(&b);
	unbind_with_attachments(&b);
	too_many(&b);
	bench_close(&b);
}
