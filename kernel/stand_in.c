// SPDX-License-Identifier: GPL-2.0-only
/*
 * What users of vfio-pci expect of this driver: vfio-pci's parameters and, with stand_in, its
 * name.
 *
 * DPDK, SPDK, driverctl and others do not ask whether a device has a VFIO driver, but look for a
 * PCI driver called vfio-pci, and for its module in /sys/module. With stand_in they find this one
 * in both places. Both can belong to one module only, so vfio-pci itself cannot be loaded
 * meanwhile: its registration would fail, after it had overwritten parameters in the core.
 */
#define pr_fmt(fmt) "peerbar: " fmt

#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "exporter.h"

#define VFIO_PCI_MODULE "vfio_pci"

static bool stand_in;
module_param(stand_in, bool, 0444);
MODULE_PARM_DESC(stand_in, "Take the name and the place of vfio-pci, which must not be loaded (default off)");

static char ids[1024] __initdata;
module_param_string(ids, ids, sizeof(ids), 0);
MODULE_PARM_DESC(ids, "Devices to bind, as vendor:device[:subvendor[:subdevice[:class[:class_mask]]]] in hexadecimal, separated by commas");

static bool nointxmask;
module_param(nointxmask, bool, PEERBAR_PARAM_MODE);
MODULE_PARM_DESC(nointxmask, "Do not mask INTx by PCI_COMMAND (default off)");

static bool disable_vga;
#ifdef CONFIG_VFIO_PCI_VGA
module_param(disable_vga, bool, 0444);
MODULE_PARM_DESC(disable_vga, "Give no access to legacy VGA resources (default off)");
#endif

static bool disable_idle_d3;
module_param(disable_idle_d3, bool, PEERBAR_PARAM_MODE);
MODULE_PARM_DESC(disable_idle_d3, "Leave devices that nobody uses in D0 (default off)");

char *peerbar_name(void)
{
	return stand_in ? "vfio-pci" : "peerbar-vfio-pci";
}

void peerbar_set_params(struct vfio_pci_core_device *core)
{
	peerbar_set_device_params(core, nointxmask, disable_vga, disable_idle_d3);
}

/* Parameters that the devices of all drivers share are vfio-pci's, or its stand-in's, to set. */
static void share_params(void)
{
	if (!PEERBAR_PARAMS_ARE_SHARED)
		return;
	if (stand_in)
		peerbar_set_shared_params(nointxmask, disable_vga, disable_idle_d3);
	else if (nointxmask || disable_vga || disable_idle_d3)
		pr_warn("nointxmask, disable_vga and disable_idle_d3 have no effect without stand_in: on this kernel vfio-pci sets them for all VFIO drivers, so give them to vfio-pci\n");
}

static int __init add_id(struct pci_driver *driver, const char *id)
{
	unsigned int vendor, device, subvendor = PCI_ANY_ID, subdevice = PCI_ANY_ID;
	unsigned int class = 0, class_mask = 0;

	if (sscanf(id, "%x:%x:%x:%x:%x:%x", &vendor, &device, &subvendor, &subdevice, &class,
		   &class_mask) < 2)
		return -EINVAL;
	return pci_add_dynid(driver, vendor, device, subvendor, subdevice, class, class_mask, 0);
}

/* As in vfio-pci, an ID that is wrong prevents neither the others nor the driver. */
void __init peerbar_add_ids(struct pci_driver *driver)
{
	char *rest = ids, *id;
	int ret;

	while ((id = strsep(&rest, ","))) {
		if (!*id)
			continue;
		ret = add_id(driver, id);
		if (ret)
			pr_warn("cannot bind devices %s, which ids= names: error %d\n", id, ret);
		else
			pr_info("binds devices %s, as ids= says\n", id);
	}
}

static int module_changes(struct notifier_block *nb, unsigned long state, void *data)
{
	const struct module *mod = data;

	if (state != MODULE_STATE_COMING || strcmp(mod->name, VFIO_PCI_MODULE))
		return NOTIFY_DONE;
	pr_err("vfio-pci is not loaded, because this module stands in for it (stand_in)\n");
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block module_notifier = {
	.notifier_call = module_changes,
};

/* /sys/module, where all modules are */
static struct kobject *modules(void)
{
	return &THIS_MODULE->mkobj.kobj.kset->kobj;
}

/*
 * The notifier comes first, so that vfio-pci cannot be loaded between the two. If it is there
 * already, whether built in or loaded, then so is its folder.
 */
static int take_place(void)
{
	int ret = register_module_notifier(&module_notifier);

	if (ret)
		return ret;
	ret = sysfs_create_link_nowarn(modules(), &THIS_MODULE->mkobj.kobj,
				       VFIO_PCI_MODULE);
	if (!ret)
		return 0;
	unregister_module_notifier(&module_notifier);
	if (ret != -EEXIST)
		return ret;
	pr_err("cannot stand in for vfio-pci, because that is loaded: unload it first (rmmod vfio_pci), or load this module without stand_in\n");
	return -EBUSY;
}

int peerbar_stand_in_init(void)
{
	int ret = stand_in ? take_place() : 0;

	if (!ret)
		share_params();
	return ret;
}

void peerbar_stand_in_exit(void)
{
	if (!stand_in)
		return;
	sysfs_remove_link(modules(), VFIO_PCI_MODULE);
	unregister_module_notifier(&module_notifier);
}
