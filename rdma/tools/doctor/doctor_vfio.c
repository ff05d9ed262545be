// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Checks of VFIO: whether its modules are loaded, whether there is an exporter, and whether
 * this user can open the device.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "machine/sys.h"

#define OWNER_ONLY "0600"	/* the mode of a node that opens a device */

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
	struct pb_node container = pb_node_container(), iommufd = pb_node_iommufd();

	if (!pb_has_vfio_pci() && !pb_our_driver() && !(d->has_dev && d->dev.vfio)) {
		found_failure(f, "vfio-pci is not loaded");
		advise(f, "load it");
		command(f, "modprobe vfio-pci");
	} else if (!pb_node_known(&container) && !pb_node_known(&iommufd)) {
		found_failure(f, "the kernel has neither %s nor %s: it offers no VFIO containers",
			      container.path, iommufd.path);
		advise(f, "boot a kernel with CONFIG_VFIO_CONTAINER or CONFIG_IOMMUFD");
	} else if (!pb_exists("/sys/module/vfio_iommu_type1") && !pb_node_known(&iommufd)) {
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
		found_ok(f, "%s is bound to %s%s, which can export%s", dev->address, dev->driver,
			 stands_in(dev->driver) ? " (" PB_OUR_DRIVER ")" : "",
			 dev->by_core ? ", by the kernel's exporter" : "");
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

/* Add the command that mends a node that cannot be opened, where there is one. */
static void mend_node(struct finding *f, const struct pb_node *node, int err, const char *mode)
{
	unsigned int major, minor;
	char number[32];

	if (err == ENOENT && !pb_read(number, sizeof(number), "%s/dev", node->sysfs) &&
	    sscanf(number, "%u:%u", &major, &minor) == 2)
		command(f, "mknod -m %s %s c %u %u", mode, node->path, major, minor);
	else if (err == EACCES && geteuid() && !strcmp(mode, OWNER_ONLY))
		command(f, "chown %d %s", (int)geteuid(), node->path);
	else if (err == EACCES && geteuid())
		command(f, "chmod %s %s", mode, node->path);
}

bool found_node(struct finding *f, const struct pb_node *node, const char *mode)
{
	int err = -pb_node_check(node);
	struct pb_node_reason reason;

	if (!err) {
		found_ok(f, "user %d may open %s", (int)geteuid(), node->path);
		return true;
	}
	pb_node_explain(node, err, &reason);
	found_failure(f, "%s", reason.fact);
	advise(f, "%s", reason.advice);
	mend_node(f, node, err, mode);
	return false;
}

/* libpeerbar uses iommufd if it can open both nodes, and the group otherwise. */
static bool uses_iommufd(const struct pb_node *device, const struct pb_node *iommufd,
			 const struct pb_node *group)
{
	if (!pb_node_check(device) && !pb_node_check(iommufd))
		return true;
	return pb_exists("%s", device->path) && !pb_exists("%s", group->path);
}

/* Checks permissions only. Nothing is opened, because opening a device may reset it. */
void check_access(const struct doctor *d, struct finding *f)
{
	struct pb_node container = pb_node_container(), iommufd = pb_node_iommufd();
	struct pb_node group = pb_node_group(d->dev.group), device;

	if (!d->has_dev)
		return;
	if (pb_node_device(d->dev.address, &device) && uses_iommufd(&device, &iommufd, &group)) {
		if (found_node(f, &iommufd, "0666"))
			found_node(f, &device, OWNER_ONLY);
	} else if (found_node(f, &container, "0666")) {
		found_node(f, &group, OWNER_ONLY);
	}
}

bool find_owner(const struct pb_pci *dev, char *text, size_t size)
{
	struct pb_node device, group = pb_node_group(dev->group);

	if (pb_node_device(dev->address, &device) && pb_holder(device.path, text, size))
		return true;
	return pb_holder(group.path, text, size);
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
