// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A dma-buf may outlive the open device, the process and the driver's binding. From then on
 * it gives -ENODEV for good, even when the same device is open again. It may also be exported
 * while the device is away, and then gives -ENODEV until the device is back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "lib/owner.h"
#include "lib/pci.h"
#include "lib/rig.h"
#include "lib/tap.h"
#include "lib/test_importer.h"
#include "uapi.h"

static int export_page(const struct vfio *vfio, const char *name)
{
	int dmabuf = vfio_export(vfio->fd, rig_bar(), 0, PAGE, O_RDWR | O_CLOEXEC);

	if (dmabuf < 0)
		tap_die(name, "export: %s", strerror(-dmabuf));
	return dmabuf;
}

/* An orphan still has its size and its name, but nothing can be mapped. */
static void check_orphan(int dmabuf, const char *name)
{
	char text[96];

	uapi_expect(uapi_import(dmabuf), -ENODEV, name, "importing");
	snprintf(text, sizeof(text), "%s: the size is still known", name);
	tap_check(lseek(dmabuf, 0, SEEK_END) == PAGE, text, "it is not");
}

static void check_life(const struct vfio *vfio, const char *name)
{
	int dmabuf = export_page(vfio, name);

	uapi_expect(uapi_import(dmabuf), 0, name, "a new export can be imported");
	close(dmabuf);
}

static void outlives_close(void)
{
	static const char name[] = "outlives the close";
	struct vfio vfio;
	int dmabuf;

	vfio_open(&vfio, rig_gpu());
	dmabuf = export_page(&vfio, name);
	uapi_expect(uapi_import(dmabuf), 0, name, "importing before");
	vfio_close(&vfio);
	check_orphan(dmabuf, name);
	vfio_open(&vfio, rig_gpu());
	check_orphan(dmabuf, "outlives the close, device open again");
	check_life(&vfio, name);
	vfio_close(&vfio);
	close(dmabuf);
}

/* An importer that is attached already gets -ENODEV when it maps the next time. */
static void outlives_attached(void)
{
	static const char name[] = "outlives the close, attached";
	int fd = importer_open(), dmabuf;
	struct vfio vfio;
	uint32_t handle;

	vfio_open(&vfio, rig_gpu());
	dmabuf = export_page(&vfio, name);
	if (importer_attach(fd, dmabuf, rig_nic(), PTI_DYNAMIC, PTI_UNMAP_AT_ONCE, &handle))
		tap_die(name, "cannot attach");
	uapi_expect(importer_map(fd, handle), 0, name, "mapping before");
	vfio_close(&vfio);
	uapi_expect(importer_map(fd, handle), -ENODEV, name, "mapping");
	vfio_open(&vfio, rig_gpu());
	uapi_expect(importer_map(fd, handle), -ENODEV, name, "mapping, device open again");
	uapi_expect(importer_detach(fd, handle), 0, name, "detaching");
	vfio_close(&vfio);
	close(dmabuf);
	close(fd);
}

static void outlives_process(void)
{
	static const char name[] = "outlives the process";
	struct owner owner;
	int dmabuf;

	owner_start(&owner, PAGE);
	dmabuf = owner_export(&owner);
	uapi_expect(uapi_import(dmabuf), 0, name, "importing while it lives");
	owner_kill(&owner);
	check_orphan(dmabuf, name);
	close(dmabuf);
}

static void outlives_binding(void)
{
	static const char name[] = "outlives the binding";
	char driver[64];
	struct vfio vfio;
	int dmabuf;

	vfio_open(&vfio, rig_gpu());
	dmabuf = export_page(&vfio, name);
	vfio_close(&vfio);
	uapi_expect(pci_driver(rig_gpu(), driver, sizeof(driver)), 0, name, "driver");
	uapi_expect(pci_unbind(rig_gpu()), 0, name, "unbind");
	check_orphan(dmabuf, name);
	uapi_expect(pci_bind(rig_gpu(), driver), 0, name, "bind again");
	vfio_open(&vfio, rig_gpu());
	check_orphan(dmabuf, "outlives the binding, bound again");
	check_life(&vfio, name);
	vfio_close(&vfio);
	close(dmabuf);
}

static void born_while_away(void)
{
	static const char name[] = "exported while memory decode is off";
	struct vfio vfio;
	int dmabuf;

	vfio_open(&vfio, rig_gpu());
	vfio_config_write(vfio.fd, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	dmabuf = export_page(&vfio, name);
	uapi_expect(uapi_import(dmabuf), -ENODEV, name, "importing");
	vfio_config_write(vfio.fd, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	uapi_expect(uapi_import(dmabuf), 0, name, "importing when it is on again");
	vfio_close(&vfio);
	close(dmabuf);
}

void uapi_lifetime(void)
{
	born_while_away();
	outlives_close();
	outlives_attached();
	outlives_process();
	outlives_binding();
}
