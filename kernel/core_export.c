// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exports by vfio-pci-core's own exporter, which Linux has since 6.19. Each device has one of the
 * two exporters, by its attribute dmabuf_exporter. The core's has what iommufd takes, and ours has
 * the fence, bounded waits, and dma-bufs of several ranges that an IOMMU can map.
 *
 * The core revokes its dma-bufs when the owner resets the device, turns memory decode off, powers
 * the device down, or closes it. It does not when others reset the device, and not in an error.
 * What it offers a variant driver for that is the low power feature: on entry it revokes all
 * dma-bufs, and until the exit, whatever the owner writes to the device, it does not give them
 * back. So we enter it, and exit when the reset is over. Its other effects are these:
 *
 *   - the device could be suspended: a reference on its usage count prevents that;
 *   - the CPU's mappings of the BARs go, and an access to one is a SIGBUS meanwhile;
 *   - an owner who has entered it already has it: entering again revokes and fails, and there is
 *     nothing to exit. The owner's own exit is refused meanwhile.
 *
 * Locks, outermost first:
 *
 *   device lock, or peerbar_device.decode_lock
 *     peerbar_core_export.lock
 *       vfio_pci_core_device.memory_lock      taken by the core for the low power feature
 *         the PCI core's lock of configuration space, for users: pci_cfg_access_lock()
 *
 * Where the core resets the device itself, it calls us with memory_lock held, and has revoked. It
 * is told from others by the lock's owner. To try the lock would not do: the owner of the device
 * holds it for reading in each access to a BAR, and could so prevent the revoke.
 *
 * Where others do, the PCI core has locked configuration space before it calls us, and the owner
 * may be in a write to PCI_COMMAND, which waits for that with memory_lock held. So the lock is
 * opened while we wait for memory_lock: the reset has not begun then, or is over.
 */
#include <linux/module.h>
#include <linux/pm_runtime.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "revoke.h"

static bool core_exporter;
module_param(core_exporter, bool, 0644);
MODULE_PARM_DESC(core_exporter, "Devices that are bound from now on export by the kernel's own exporter, where there is one; each has an attribute dmabuf_exporter (default off)");

static int low_power(struct vfio_pci_core_device *core, u32 feature)
{
	return vfio_pci_core_ioctl_feature(&core->vdev, feature | VFIO_DEVICE_FEATURE_SET, NULL,
					   0);
}

static void hold(struct peerbar_core_export *ce)
{
	pm_runtime_get_noresume(&ce->core->pdev->dev);
	ce->entered = !low_power(ce->core, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY);
	ce->held = true;
}

static void let_go(struct peerbar_core_export *ce)
{
	if (ce->entered)
		low_power(ce->core, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT);
	ce->entered = false;
	ce->held = false;
	pm_runtime_put_noidle(&ce->core->pdev->dev);
}

/* Hold the core, or let it go, as the reasons have it. The lock is held. */
static void update(struct peerbar_core_export *ce)
{
	bool want = ce->core && ce->used && READ_ONCE(ce->reasons);

	if (want == ce->held)
		return;
	if (want)
		hold(ce);
	else
		let_go(ce);
}

static void update_locked(struct peerbar_core_export *ce)
{
	mutex_lock(&ce->lock);
	update(ce);
	mutex_unlock(&ce->lock);
}

static void update_later(struct work_struct *work)
{
	update_locked(container_of(work, struct peerbar_core_export, update));
}

void peerbar_core_init(struct peerbar_device *pd)
{
	struct peerbar_core_export *ce = &pd->context->core_export;

	mutex_init(&ce->lock);
	INIT_WORK(&ce->update, update_later);
	ce->offered = peerbar_offer_core_export(&pd->core);
	ce->chosen = ce->offered && READ_ONCE(core_exporter);
}

void peerbar_core_open(struct peerbar_device *pd)
{
	struct peerbar_core_export *ce = &pd->context->core_export;

	mutex_lock(&ce->lock);
	ce->core = &pd->core;
	mutex_unlock(&ce->lock);
}

/*
 * If the core is held, it stays so: it exits low power by itself, after it has revoked all
 * dma-bufs for good.
 */
void peerbar_core_close(struct peerbar_device *pd)
{
	struct peerbar_core_export *ce = &pd->context->core_export;
	bool held;

	mutex_lock(&ce->lock);
	held = ce->held;
	ce->core = NULL;
	ce->used = false;
	ce->held = false;
	ce->entered = false;
	mutex_unlock(&ce->lock);
	vfio_pci_core_close_device(&pd->core.vdev);
	if (held)
		pm_runtime_put_noidle(&pd->core.pdev->dev);
}

static bool exports(u32 flags)
{
	return (flags & VFIO_DEVICE_FEATURE_MASK) == VFIO_DEVICE_FEATURE_DMA_BUF;
}

int peerbar_core_feature(struct peerbar_device *pd, u32 flags, void __user *arg, size_t argsz)
{
	struct peerbar_core_export *ce = &pd->context->core_export;
	int ret;

	if (mutex_lock_killable(&ce->lock))
		return -EINTR;
	if (exports(flags)) {
		/* used is set before the reasons are read; pairs with others_reset() */
		smp_store_mb(ce->used, true);
		update(ce);	/* what is exported while a reason is set is revoked */
	} else if (ce->held && !(flags & VFIO_DEVICE_FEATURE_PROBE)) {
		mutex_unlock(&ce->lock);
		return -EBUSY;
	}
	ret = vfio_pci_core_ioctl_feature(&pd->core.vdev, flags, arg, argsz);
	mutex_unlock(&ce->lock);
	return ret;
}

/* Does this task hold memory_lock? Where everything is preemptible, an rwsem is an rtmutex. */
static bool core_resets(struct peerbar_device *pd)
{
	struct rw_semaphore *sem = &pd->core.memory_lock;

#ifdef CONFIG_PREEMPT_RT
	return rw_base_is_write_locked(&sem->rwbase) &&
	       ((unsigned long)READ_ONCE(sem->rwbase.rtmutex.owner) & ~1ul) ==
	       (unsigned long)current;
#else
	return atomic_long_read(&sem->owner) == (long)current;
#endif
}

/*
 * Others are about to reset the device, or have done so. A device that has exported nothing is not
 * held: then the export does it.
 */
static void others_reset(struct peerbar_device *pd, bool begins)
{
	struct peerbar_core_export *ce = &pd->context->core_export;
	struct pci_dev *pdev = pd->core.pdev;
	bool locked = pdev->block_cfg_access;

	if (core_resets(pd))
		return;
	assign_bit(PEERBAR_RESET, &ce->reasons, begins);
	/* the reasons are set before used is read; pairs with peerbar_core_feature() */
	smp_mb__after_atomic();
	if (!READ_ONCE(ce->used))
		return;
	if (locked)
		pci_cfg_access_unlock(pdev);
	update_locked(ce);
	if (locked)
		pci_cfg_access_lock(pdev);
}

void peerbar_core_revoke(struct peerbar_device *pd)
{
	others_reset(pd, true);
}

void peerbar_core_allow(struct peerbar_device *pd)
{
	others_reset(pd, false);
}

void peerbar_core_error(struct peerbar_device *pd)
{
	struct peerbar_core_export *ce = &pd->context->core_export;

	set_bit(PEERBAR_MEMORY_OFF, &ce->reasons);
	schedule_work(&ce->update);
}

void peerbar_core_decodes(struct peerbar_device *pd)
{
	struct peerbar_core_export *ce = &pd->context->core_export;

	if (test_and_clear_bit(PEERBAR_MEMORY_OFF, &ce->reasons))
		update_locked(ce);
}

bool peerbar_core_sleeps(struct peerbar_device *pd)
{
	return pd->core.pm_runtime_engaged && !READ_ONCE(pd->context->core_export.entered);
}

static const char * const exporter_names[] = { "peerbar", "core" };

static struct peerbar_core_export *core_export_of(struct device *dev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(dev);

	return &container_of(core, struct peerbar_device, core)->context->core_export;
}

static ssize_t dmabuf_exporter_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", exporter_names[READ_ONCE(core_export_of(dev)->chosen)]);
}

/* Dma-bufs that exist stay what they are. */
static ssize_t dmabuf_exporter_store(struct device *dev, struct device_attribute *attr,
				     const char *buf, size_t count)
{
	struct peerbar_core_export *ce = core_export_of(dev);
	int choice = sysfs_match_string(exporter_names, buf);

	if (choice < 0)
		return choice;
	if (choice && !ce->offered)
		return -EOPNOTSUPP;
	WRITE_ONCE(ce->chosen, choice);
	return count;
}
static DEVICE_ATTR_RW(dmabuf_exporter);

static struct attribute *peerbar_attrs[] = {
	&dev_attr_dmabuf_exporter.attr,
	NULL
};

static const struct attribute_group peerbar_group = {
	.attrs = peerbar_attrs,
};

const struct attribute_group *peerbar_groups[] = {
	&peerbar_group,
	NULL
};
