// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Unloading the exporter's module must be refused while a device is open, and while a buffer
 * exists, even if the device is closed and has no driver any more.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/exporter.h"
#include "lib/importer_bench.h"
#include "lib/kmod.h"
#include "lib/pci.h"
#include "lib/tap.h"
#include "revoke_paths.h"

static const char name[] = "unload";

static void load_driver(const char *driver)
{
	char command[160];

	/* our module is not installed with those of the kernel */
	snprintf(command, sizeof(command), strcmp(driver, "vfio-pci") ?
		 "insmod /src/build/kernel/$(uname -r)/%s.ko" : "modprobe %s", driver);
	if (system(command))
		tap_die(name, "failed: %s", command);
}

static const char *driver_module(void)
{
	return rig_driver_is_ours() ? "peerbar_vfio_pci" : "vfio_pci";
}

/* The code of the kernel's exporter is in a library that its driver uses. */
static const char *exporting_module(void)
{
	return rig_exporter_is_ours() ? "peerbar_vfio_pci" : "vfio_pci_core";
}

void revoke_unload(void)
{
	const char *exporter = exporting_module(), *above = driver_module();
	bool ours = rig_exporter_is_ours(), by_core = pci_exports_by_core(rig_gpu());
	char fence[EXPORTER_FENCE];
	uint32_t handle;
	char driver[64];
	struct bench b;

	if (ours)
		exporter_get_fence(fence);
	bench_open(&b, name);
	expect(pci_driver(rig_gpu(), driver, sizeof(driver)), 0, name, "the driver");
	handle = attach_and_map(&b, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE);
	expect(kmod_unload(above), -EAGAIN, name, "device open");
	trigger_pull(&b.rig, TRIGGER_CLOSE);
	expect(kmod_unload(exporter), -EAGAIN, name, "device closed, buffer attached");
	expect(importer_detach(b.fd, handle), 0, name, "detach");
	expect(pci_unbind(rig_gpu()), 0, name, "unbind");
	if (!ours)
		expect(kmod_unload(above), 0, name, "the driver above the exporter");
	if (by_core)
		expect(kmod_unload("vfio_pci"), 0, name, "the other driver above it");
	expect(kmod_unload(exporter), -EAGAIN, name, "device without driver, buffer alive");
	expect(importer_attach(b.fd, b.dmabuf, rig_nic(), PTI_DYNAMIC, PTI_UNMAP_AT_ONCE,
			       &handle), -ENODEV, name, "attaching to that buffer");
	close(b.dmabuf);
	b.dmabuf = -1;
	expect(kmod_unload(exporter), 0, name, "buffer closed");
	if (by_core)
		load_driver("vfio-pci");	/* and what both stand on */
	load_driver(driver);
	if (ours)
		exporter_set_fence(fence);
	expect(pci_bind(rig_gpu(), driver), 0, name, "loaded and bound again");
	if (by_core)
		expect(pci_choose_exporter(rig_gpu(), "core"), 0, name,
		       "with the core's exporter again");
	bench_close(&b);
}
