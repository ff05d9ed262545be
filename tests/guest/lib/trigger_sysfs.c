// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Triggers that come from outside: an administrator in sysfs, a signal. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "pci.h"
#include "tap.h"
#include "trigger_priv.h"
#include "vfio.h"

#define STILL_OPEN_US 100000u	/* time for the removal to begin while the device is open */

static char driver[64];		/* the driver that was taken away */

static const char *no_reset_file(struct rig *rig)
{
	char path[96];

	(void)rig;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", rig_gpu());
	if (access(path, W_OK))
		return "the device cannot be reset through sysfs";
	return rig_driver_is_ours() ? NULL :
	       "vfio-pci does not revoke here, see docs/differences.md";
}

static int sysfs_reset(struct rig *rig)
{
	(void)rig;
	return pci_poke(rig_gpu(), "reset");
}

const struct trigger_kind trigger_sysfs = {
	.name = "sysfs reset", .why_not = no_reset_file, .pull = sysfs_reset, .usable = true,
	.back = true,
};

static int kill_owner(struct rig *rig)
{
	owner_kill(&rig->owner);
	return 0;
}

const struct trigger_kind trigger_kill = {
	.name = "kill -9", .pull = kill_owner,
};

struct removal {
	const char *text, *path;
	int ret;
};

static void *write_removal(void *arg)
{
	struct removal *r = arg;

	r->ret = sysfs_write(r->text, r->path);
	return NULL;
}

/*
 * If the group has other devices, it must stay open until the removal is over: Linux 6.1 does
 * not serialize closing a group with removing one of its devices, and crashes
 * (docs/differences.md). If this device is alone in its group, the group must be closed,
 * because the removal waits for that. With iommufd, which 6.1 does not have for VFIO, no group is
 * open.
 */
static int keep_shared_group(void)
{
	int group = vfio_find_group(rig_gpu());
	char sibling[32];

	if (group < 0 || !pci_sibling(rig_gpu(), driver, sibling, sizeof(sibling)))
		return -1;
	group = dup(group);
	if (group < 0)
		tap_die("VFIO group", "cannot keep it: %s", strerror(errno));
	return group;
}

void trigger_take_driver(struct rig *rig, const char *text, const char *path,
			 void (*still_open)(void *arg), void *arg)
{
	struct removal r = { .text = text, .path = path };
	pthread_t thread;
	int ret = pci_driver(rig_gpu(), driver, sizeof(driver)), group;

	if (ret)
		tap_die(path, "no driver is bound: %s", strerror(-ret));
	group = keep_shared_group();
	if (pthread_create(&thread, NULL, write_removal, &r))
		tap_die(path, "cannot start a thread");
	sleep_us(STILL_OPEN_US);
	if (still_open)
		still_open(arg);
	peerbar_close(rig->dev);
	rig->dev = NULL;
	pthread_join(thread, NULL);
	if (group >= 0)
		close(group);
	if (r.ret)
		tap_die(path, "%s", strerror(-r.ret));
}

static int give_back(struct rig *rig)
{
	(void)rig;
	return pci_bind(rig_gpu(), driver);
}

static int unbind(struct rig *rig)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver/unbind", rig_gpu());
	trigger_take_driver(rig, rig_gpu(), path, NULL, NULL);
	return 0;
}

const struct trigger_kind trigger_unbind = {
	.name = "unbind", .pull = unbind, .recover = give_back,
};

static int remove_device(struct rig *rig)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/remove", rig_gpu());
	trigger_take_driver(rig, "1", path, NULL, NULL);
	return pci_exists(rig_gpu()) ? -EEXIST : 0;
}

static int find_again(struct rig *rig)
{
	int ret = pci_rescan();

	return ret ? ret : give_back(rig);
}

const struct trigger_kind trigger_remove = {
	.name = "remove", .pull = remove_device, .recover = find_again,
};
