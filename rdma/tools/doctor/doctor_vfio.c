// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Checks of VFIO: whether its modules are loaded, whether there is an exporter, and whether
 * this user can open the device.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "machine/sys.h"

bool driver_loaded(const char *driver)
{
	return pb_exists("/sys/bus/pci/drivers/%s", driver);
}

bool nic_pins(const struct doctor *d)
{
	return d->has_nic && d->nic.name[0] &&
	       (d->nic.revoke == PB_REVOKE_PINS || d->nic.revoke == PB_REVOKE_UNKNOWN);
}

/*
 * Recommend the kernel's own vfio-pci if it can export, but not for a NIC whose driver pins:
 * that needs peerbar-vfio-pci, which can fence it.
 */
static const char *best_exporter(const struct doctor *d)
{
	bool kernels = d->kernel.vfio_dmabuf == PB_YES && pb_has_vfio_pci();
	const char *ours = pb_our_driver();

	return ours && (!kernels || nic_pins(d)) ? ours : "vfio-pci";
}

void check_vfio(const struct doctor *d, struct finding *f)
{
	if (!pb_has_vfio_pci() && !pb_our_driver() && !(d->has_dev && d->dev.vfio)) {
		found_failure(f, "vfio-pci is not loaded");
		advise(f, "load it");
		command(f, "modprobe vfio-pci");
	} else if (!pb_exists("/dev/vfio/vfio") && !pb_exists("/dev/iommu")) {
		found_failure(f, "there is neither /dev/vfio/vfio nor /dev/iommu: the kernel has "
			      "no VFIO containers");
		advise(f, "boot a kernel with CONFIG_VFIO_CONTAINER or CONFIG_IOMMUFD");
	} else if (!pb_exists("/sys/module/vfio_iommu_type1") && !pb_exists("/dev/iommu")) {
		found_failure(f, "vfio_iommu_type1 is not loaded: VFIO has no IOMMU to put a "
			      "device behind");
		advise(f, "load it");
		command(f, "modprobe vfio_iommu_type1");
	} else {
		found_ok(f, "VFIO is loaded");
	}
}

/* Is this peerbar-vfio-pci by another name? */
static bool stands_in(const char *driver)
{
	return pb_driver_is_ours(driver) && strcmp(driver, PB_OUR_DRIVER);
}

void check_exporter(const struct doctor *d, struct finding *f)
{
	const char *ours = pb_our_driver();

	if (ours && stands_in(ours)) {
		found_ok(f, PB_OUR_DRIVER " is loaded, and stands in for %s", ours);
	} else if (ours) {
		found_ok(f, PB_OUR_DRIVER " is loaded%s",
			 d->kernel.vfio_dmabuf == PB_YES ? ", and vfio-pci can export, too" : "");
	} else if (d->kernel.vfio_dmabuf == PB_YES) {
		found_ok(f, "vfio-pci of Linux %s can export", d->kernel.release);
	} else if (d->kernel.vfio_dmabuf == PB_UNKNOWN) {
		found_warning(f, "it cannot be seen whether vfio-pci of Linux %s can export",
			      d->kernel.release);
		advise(f, "run as root: the kernel names no functions to this user");
	} else {
		found_failure(f, "vfio-pci of Linux %s cannot export, and " PB_OUR_DRIVER
			      " is not loaded", d->kernel.release);
		advise(f, "load " PB_OUR_DRIVER "; if it is not there, build and install kernel/ "
		       "of peerbar first");
		command(f, "modprobe " PB_OUR_DRIVER);
	}
}

void check_binding(const struct doctor *d, struct finding *f)
{
	const struct pb_pci *dev = &d->dev;
	enum pb_exporter exporter;
	const char *driver;

	if (!d->has_dev)
		return;
	exporter = pb_exporter_of(&d->kernel, dev);
	if (exporter == PB_EXPORTER_KERNEL || exporter == PB_EXPORTER_PEERBAR) {
		found_ok(f, "%s is bound to %s%s, which can export", dev->address, dev->driver,
			 stands_in(dev->driver) ? " (" PB_OUR_DRIVER ")" : "");
		return;
	}
	if (exporter == PB_EXPORTER_UNSEEN) {
		found_warning(f, "%s is bound to %s, and it cannot be seen whether that can export",
			      dev->address, dev->driver);
		advise(f, "%s", pb_cause_remedy(PB_CAUSE_EXPORTER_UNSEEN));
		return;
	}
	if (!dev->driver[0])
		found_failure(f, "%s is bound to no driver", dev->address);
	else
		found_failure(f, "%s is bound to %s, which %s", dev->address, dev->driver,
			      dev->vfio ? "cannot export" : "is not VFIO's");
	driver = best_exporter(d);
	advise(f, "give it to %s", driver);
	command(f, "peerbar dev bind %s driver %s", dev->address, driver);
}

/* The device would be of no use if the NIC, too, were given to VFIO. */
static void separate(const struct doctor *d, struct finding *f)
{
	advise(f, "keep the NIC's driver, and move %s or %s to a slot below another root port; or "
	       "use a switch whose ports have ACS (\"peerbar path show\" shows it)",
	       d->dev.address, d->nic.pci.address);
}

void check_group(const struct doctor *d, struct finding *f)
{
	char address[PB_ADDRESS_SIZE], driver[PB_NAME_SIZE];

	if (!d->has_dev)
		return;
	if (!pb_group_blocker(d->dev.group, address, driver)) {
		found_ok(f, "no other driver has a device of IOMMU group %d", d->dev.group);
		return;
	}
	found_failure(f, "%s is in IOMMU group %d, too, and bound to %s: VFIO opens a group "
		      "only as a whole", address, d->dev.group, driver);
	if (d->has_nic && !strcmp(address, d->nic.pci.address)) {
		separate(d, f);
		return;
	}
	advise(f, "give that one to VFIO, too, or take it from its driver");
	command(f, "peerbar dev bind %s driver %s", address, d->dev.driver);
}

void make_node(struct finding *f, const char *class, const char *name, const char *where)
{
	unsigned int major, minor;
	char number[32];

	if (!pb_read(number, sizeof(number), "%s/%s/dev", class, name) &&
	    sscanf(number, "%u:%u", &major, &minor) == 2)
		command(f, "mknod -m %s/%s c %u %u", where, name, major, minor);
}

/* libpeerbar tries iommufd first. */
static bool may_use_iommufd(const struct pb_pci *dev, char *node, size_t size)
{
	return !pb_iommufd_node(dev->address, node, size) && pb_may_open("/dev/iommu") &&
	       pb_may_open("%s", node);
}

static void explain_no_group_node(const struct doctor *d, struct finding *f)
{
	char node[PB_NAME_SIZE], number[16];

	if (!pb_iommufd_node(d->dev.address, node, sizeof(node)) && pb_exists("%s", node)) {
		found_failure(f, "user %d may not open %s and /dev/iommu", (int)geteuid(), node);
		advise(f, "run as root, or give the nodes to the user (for good: a udev rule)");
		command(f, "chown %d %s /dev/iommu", (int)geteuid(), node);
		return;
	}
	found_failure(f, "there is no /dev/vfio/%d, although %s is bound to %s", d->dev.group,
		      d->dev.address, d->dev.driver);
	advise(f, "have udev make it; a container has to be given the host's node");
	snprintf(number, sizeof(number), "%d", d->dev.group);
	make_node(f, "/sys/class/vfio", number, "0600 /dev/vfio");
}

/* Checks permissions only. Nothing is opened, because opening a device may reset it. */
void check_access(const struct doctor *d, struct finding *f)
{
	char node[PB_NAME_SIZE];
	int group = d->dev.group;

	if (!d->has_dev)
		return;
	if (may_use_iommufd(&d->dev, node, sizeof(node))) {
		found_ok(f, "user %d may open %s", (int)geteuid(), node);
	} else if (!pb_exists("/dev/vfio/%d", group)) {
		explain_no_group_node(d, f);
	} else if (!pb_may_open("/dev/vfio/vfio")) {
		found_failure(f, "user %d may not open /dev/vfio/vfio", (int)geteuid());
		advise(f, "let everybody use it, as udev does: it gives no device away");
		command(f, "chmod 0666 /dev/vfio/vfio");
	} else if (!pb_may_open("/dev/vfio/%d", group)) {
		found_failure(f, "user %d may not open /dev/vfio/%d", (int)geteuid(), group);
		advise(f, "run as root, or give the node to the user (for good: a udev rule)");
		command(f, "chown %d /dev/vfio/%d", (int)geteuid(), group);
	} else {
		found_ok(f, "user %d may open /dev/vfio/%d", (int)geteuid(), group);
	}
}

bool find_owner(const struct pb_pci *dev, char *text, size_t size)
{
	char node[PB_NAME_SIZE];

	if (!pb_iommufd_node(dev->address, node, sizeof(node)) && pb_holder(node, text, size))
		return true;
	snprintf(node, sizeof(node), "/dev/vfio/%d", dev->group);
	return pb_holder(node, text, size);
}

void check_owner(const struct doctor *d, struct finding *f)
{
	char owner[PB_NAME_SIZE * 2];

	if (!d->has_dev)
		return;
	if (!find_owner(&d->dev, owner, sizeof(owner))) {
		found_ok(f, "no process that can be seen has %s open", d->dev.address);
		return;
	}
	found_warning(f, "%s has %s open, and nobody else can", owner, d->dev.address);
	advise(f, "if that is not the program that is to export: end it");
}
