// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * sriov: a card whose virtual functions are created through sysfs while its owner has it open,
 * as stock vfio-pci allows. A virtual function exports its BAR like any device. Importers lose
 * that BAR when the card is reset, when an error takes the card's link down, and when the
 * virtual function is removed. Needs --gpu igb, and --qmp for the error.
 *
 * There is no traffic, because the BARs of QEMU's virtual functions have registers and no
 * memory, and QEMU lets no other device reach these.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "lib/exporter.h"
#include "lib/importer_bench.h"
#include "lib/kmsg.h"
#include "lib/pci.h"
#include "lib/tap.h"
#include "lib/vfio.h"
#include "lib/watchdog.h"

#define LIMIT_S 60u
#define TIMEOUT_MS 20000u
#define VFS "2"
#define TOKEN "11111111-1111-1111-1111-111111111111"

static const char name[] = "SR-IOV";
static const char *pf;		/* the physical function */
static char vf[32];		/* the first virtual one */
static char driver[64];		/* the driver of both */

static int set_vfs(const char *number)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/sriov_numvfs", pf);
	return sysfs_write(number, path);
}

/* Write the driver's parameter enable_sriov. In sysfs a module's name has underscores. */
static int allow(const char *value)
{
	char path[160], module[64];

	snprintf(module, sizeof(module), "%s", driver);
	for (char *c = module; *c; c++)
		if (*c == '-')
			*c = '_';
	snprintf(path, sizeof(path), "/sys/module/%s/parameters/enable_sriov", module);
	return sysfs_write(value, path);
}

static void find_vf(void)
{
	char path[96], target[128];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/virtfn0", pf);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		tap_die(name, "no virtual function: %s", strerror(errno));
	target[n] = '\0';
	snprintf(vf, sizeof(vf), "%s", strrchr(target, '/') + 1);
}

static void make_vfs(struct vfio *owner)
{
	static const uint8_t uuid[VFIO_TOKEN_SIZE] = {
		0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
		0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
	};
	char bound[64] = "none";

	vfio_open(owner, pf);
	expect(vfio_set_token(owner->fd, uuid), 0, name, "the owner sets a token");
	expect(allow("N"), 0, name, "enable_sriov=N");
	expect(set_vfs(VFS), -ENOENT, name, "no virtual functions then");
	expect(allow("Y"), 0, name, "enable_sriov=Y");
	expect(set_vfs(VFS), 0, name, "virtual functions are made");
	find_vf();
	pci_driver(vf, bound, sizeof(bound));
	tap_check(!strcmp(bound, driver), "SR-IOV: they get the driver of the card",
		  "%s has %s", vf, bound);
}

static void open_vf(struct vfio *vfio)
{
	char title[96];

	vfio_open_group(vfio, vf);
	expect(vfio_open_device(vfio, vf), -EACCES, name, "not opened without the token");
	snprintf(title, sizeof(title), "%s vf_token=%s", vf, TOKEN);
	expect(vfio_open_device(vfio, title), 0, name, "opened with it");
}

/* A buffer of the virtual function's BAR 0, which a dynamic and a pinned importer have mapped. */
struct import {
	int fd, dmabuf;
	uint32_t handle[2];
};

static const enum pti_mode modes[] = { PTI_DYNAMIC, PTI_PINNED };

static void import(struct import *im, struct vfio *vfio)
{
	uint64_t size = vfio_region_size(vfio->fd, 0);

	im->fd = importer_open();
	im->dmabuf = vfio_export(vfio->fd, 0, 0, size, O_RDWR | O_CLOEXEC);
	expect(im->dmabuf < 0 ? im->dmabuf : 0, 0, name, "a BAR is exported");
	for (int i = 0; i < 2; i++) {
		struct pti_entry entry = { 0 };
		struct pti_query q;

		if (importer_attach(im->fd, im->dmabuf, rig_nic(), modes[i],
				    PTI_UNMAP_AT_ONCE, &im->handle[i]) ||
		    importer_map(im->fd, im->handle[i]) ||
		    importer_query(im->fd, im->handle[i], &q, &entry, 1))
			tap_die(name, "%s does not map", mode_name(modes[i]));
		tap_check(q.nr_entries == 1 && entry.length == size,
			  "SR-IOV: the whole BAR is mapped", "%u entries, the first of %llu bytes",
			  q.nr_entries, (unsigned long long)entry.length);
	}
}

static void drop(struct import *im)
{
	close(im->fd);
	close(im->dmabuf);
}

static void check_revoked(struct import *im, const char *when)
{
	for (int i = 0; i < 2; i++) {
		char text[IMPORTER_TITLE], what[64];
		struct pti_query q;
		int ret = importer_query_soon(im->fd, im->handle[i], &q);

		snprintf(what, sizeof(what), "%s has lost it %s", mode_name(modes[i]), when);
		tap_check(!ret && q.revokes == 1 && !(q.state & PTI_MAPPED),
			  importer_title(text, name, what), "query %d, %u revokes, state %#x",
			  ret, q.revokes, q.state);
	}
}

static const char not_revoked[] = "the kernel's exporter does not revoke, see docs/differences.md";

/* A reset of the card resets its virtual functions, too. */
static void reset_card(struct vfio *owner, struct vfio *vfio)
{
	struct import im;
	uint64_t before;

	if (!pci_is_ours(pf)) {
		tap_skip("SR-IOV: reset of the card", "%s", not_revoked);
		return;
	}
	import(&im, vfio);
	before = exporter_revokes(vf, "pf-reset");
	expect(ioctl(owner->fd, VFIO_DEVICE_RESET) ? -errno : 0, 0, name, "the card is reset");
	check_revoked(&im, "by that");
	tap_check(exporter_revokes(vf, "pf-reset") > before, "SR-IOV: debugfs says why",
		  "it counts no such reason");
	expect(importer_map(im.fd, im.handle[0]), 0, name, "dynamic maps again");
	expect(importer_map(im.fd, im.handle[1]), -ESTALE, name, "pinned does not");
	drop(&im);
}

static bool vf_memory_enabled(void)
{
	unsigned int pos = pci_extended_capability(pf, PCI_EXT_CAP_ID_SRIOV) + PCI_SRIOV_CTRL;

	return pci_config_read(pf, pos, 2) & PCI_SRIOV_CTRL_MSE;
}

static void memory_on(struct vfio *vfio)
{
	vfio_config_write(vfio->fd, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/*
 * A fatal error resets the link and with it the card, which forgets that it has virtual
 * functions. The kernel restores that only when it resets the card itself. Until then their BARs
 * are gone, whatever the owner of a virtual function writes to its PCI_COMMAND.
 */
static void lose_link(struct vfio *owner, struct vfio *vfio)
{
	const char *reason = pci_is_ours(pf) ? trigger_no_recovery() : not_revoked;
	struct import im;

	if (reason) {
		tap_skip("SR-IOV: fatal error", "%s", reason);
		return;
	}
	import(&im, vfio);
	expect(trigger_inject_at("netport1", owner->fd, "DLP"), 0, name, "a fatal error");
	check_revoked(&im, "by that");
	tap_check(!vf_memory_enabled(), "SR-IOV: the card has no virtual memory then", "it has");
	memory_on(vfio);
	expect(importer_map(im.fd, im.handle[0]), -ENODEV, name, "nor can any be mapped");
	memory_on(owner);
	expect(ioctl(owner->fd, VFIO_DEVICE_RESET) ? -errno : 0, 0, name,
	       "the card is reset after the error");
	tap_check(vf_memory_enabled(), "SR-IOV: it has again", "it has not");
	memory_on(vfio);
	expect(importer_map(im.fd, im.handle[0]), 0, name, "dynamic maps again after the error");
	drop(&im);
}

static void *remove_vfs(void *ret)
{
	*(int *)ret = set_vfs("0");
	return NULL;
}

/* Removing virtual functions waits until their owner has closed them. VFIO asks it to. */
static void lose(struct import *im, struct vfio *vfio)
{
	int asked = vfio_eventfd(vfio->fd, VFIO_PCI_REQ_IRQ_INDEX), ret = 0;
	pthread_t thread;

	if (pthread_create(&thread, NULL, remove_vfs, &ret))
		tap_die(name, "cannot start a thread");
	tap_check(vfio_signalled(asked, TIMEOUT_MS), "SR-IOV: the owner is asked to close it",
		  "it is not");
	if (pci_is_ours(pf))
		check_revoked(im, "before that");
	vfio_close(vfio);
	close(asked);
	pthread_join(thread, NULL);
	expect(ret, 0, name, "virtual functions are removed");
	tap_check(!pci_exists(vf), "SR-IOV: they are gone", "%s is there", vf);
	check_revoked(im, "for good");
	expect(importer_map(im->fd, im->handle[0]), -ENODEV, name, "mapping again");
	drop(im);
}

int main(void)
{
	uint64_t log = kmsg_position();
	struct vfio owner, vfio;
	struct import im;

	pf = getenv("PB_IGB");
	if (!pf || !*pf)
		tap_die(name, "PB_IGB is empty: boot with --gpu igb");
	if (pci_driver(pf, driver, sizeof(driver)))
		tap_die(name, "%s has no driver", pf);
	watchdog_set(LIMIT_S, name);
	make_vfs(&owner);
	open_vf(&vfio);
	reset_card(&owner, &vfio);
	lose_link(&owner, &vfio);
	import(&im, &vfio);
	lose(&im, &vfio);
	vfio_close(&owner);
	watchdog_clear();
	kmsg_check(log);
	return tap_exit_status();
}
