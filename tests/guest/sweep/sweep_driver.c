// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The exporter's module and its driver: init, probe, remove; see sweep.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/kmod.h"
#include "lib/pci.h"
#include "lib/tap.h"
#include "lib/vfio.h"
#include "sweep.h"

#define MODULE	"peerbar_vfio_pci"
#define PROBE	"/sys/bus/pci/drivers_probe"

static bool is_bound(const struct sweep *s)
{
	char now[64];

	return !pci_driver(rig_gpu(), now, sizeof(now)) && !strcmp(now, s->driver);
}

static void need_unbound(struct sweep *s)
{
	if (is_bound(s) && pci_unbind(rig_gpu()))
		tap_die("sweep", "cannot unbind");
}

static void need_bound(struct sweep *s)
{
	if (!is_bound(s) && pci_bind(rig_gpu(), s->driver))
		tap_die("sweep", "cannot bind");
}

/* The kernel does not say whether the driver took the device. */
static int probe(struct sweep *s)
{
	int ret = sysfs_write(rig_gpu(), PROBE);

	return ret || is_bound(s) ? ret : -ENODEV;
}

static int unbind(struct sweep *s)
{
	(void)s;
	return pci_unbind(rig_gpu());
}

/*
 * It can be opened, or it can be bound and then opened. The kernel binds a device, too, if only
 * its node could not be made.
 */
static const char *opens(struct sweep *s)
{
	char node[VFIO_NODE_SIZE];

	need_bound(s);
	vfio_group_node(rig_gpu(), node);
	if (access(node, F_OK)) {
		need_unbound(s);
		need_bound(s);
	}
	need_device(s);
	need_no_device(s);
	return NULL;
}

/* This unbinds, too, also if the driver has no file for it: the kernel goes on without that. */
static void need_no_module(struct sweep *s)
{
	(void)s;
	if (kmod_unload(MODULE))
		tap_die("sweep", "cannot unload " MODULE);
}

static int load(struct sweep *s)
{
	(void)s;
	return kmod_load_exporter();
}

const struct subject sweep_driver[] = {
	{ "probe", PTI_DYNAMIC, need_unbound, probe, opens, 0 },
	{ "remove", PTI_DYNAMIC, need_bound, unbind, opens, 0 },
	/* when the last allocation of all has failed, the kernel loads no module of this name */
	{ "module init", PTI_DYNAMIC, need_no_module, load, opens, EINVAL },
	{ NULL, 0, NULL, NULL, NULL, 0 },
};
