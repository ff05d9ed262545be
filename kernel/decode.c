// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the device decode its BARs? Its owner controls that through configuration space and
 * through the low power features, and a link reset by AER may end it.
 */
#include <linux/uaccess.h>

#include "revoke.h"

/* Uses the user's view, which the core keeps, because the hardware differs during a reset. */
static bool memory_on(struct vfio_pci_core_device *core)
{
	return core->pdev->no_command_memory ||
	       le16_to_cpup((__le16 *)&core->vconfig[PCI_COMMAND]) & PCI_COMMAND_MEMORY;
}

bool peerbar_in_d3(const struct pci_dev *pdev)
{
	return (__force int)pdev->current_state >= (__force int)PCI_D3hot;
}

/* Whether a VF decodes its BARs is decided in the SR-IOV capability of its PF. */
static bool vf_memory_off(struct pci_dev *pdev)
{
	struct pci_dev *pf = pci_physfn(pdev);
	int pos = pci_find_ext_capability(pf, PCI_EXT_CAP_ID_SRIOV);
	u16 control;

	if (!pos)
		return true;
	pci_read_config_word(pf, pos + PCI_SRIOV_CTRL, &control);
	return PCI_POSSIBLE_ERROR(control) || !(control & PCI_SRIOV_CTRL_MSE);
}

static bool bars_differ(struct vfio_pci_core_device *core)
{
	u32 value;
	int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		pci_read_config_dword(core->pdev, PCI_BASE_ADDRESS_0 + 4 * bar, &value);
		if (core->rbar[bar] && core->rbar[bar] != value)
			return true;
	}
	return false;
}

/*
 * After a fatal error AER resets the link, and with it the device, and restores nothing: the
 * device does not decode its BARs any more. When the user writes PCI_COMMAND with memory decode
 * on, the core restores the BARs from rbar. Reads from a device that is gone return all ones.
 */
static bool bars_lost(struct vfio_pci_core_device *core)
{
	struct pci_dev *pdev = core->pdev;
	u16 command;

	if (pdev->is_virtfn)
		return vf_memory_off(pdev);
	if (pdev->no_command_memory)
		return false;
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	return PCI_POSSIBLE_ERROR(command) || !(command & PCI_COMMAND_MEMORY) ||
	       bars_differ(core);
}

/*
 * A device in low power may be suspended, so its registers are not read: PEERBAR_LOW_POWER
 * keeps importers away, and this is called again when low power ends.
 *
 * AER cannot take decode_lock, so the link may be reset while this runs. The count of events,
 * read first, makes sure that PEERBAR_MEMORY_OFF stays set then, whatever was read here.
 */
void peerbar_update_decode(struct peerbar_device *pd)
{
	unsigned int events = peerbar_events(pd->context, PEERBAR_MEMORY_OFF);

	if (peerbar_core_sleeps(pd))
		return;
	if (memory_on(&pd->core) && !bars_lost(&pd->core)) {
		peerbar_allow_after(pd->context, PEERBAR_MEMORY_OFF, events);
		peerbar_core_decodes(pd);
	} else {
		peerbar_revoke(pd->context, PEERBAR_MEMORY_OFF, PEERBAR_WAIT);
	}
	if (peerbar_in_d3(pd->core.pdev))
		peerbar_revoke(pd->context, PEERBAR_D3HOT, PEERBAR_WAIT);
	else
		peerbar_allow(pd->context, PEERBAR_D3HOT);
}

static bool covers(u64 pos, size_t count, unsigned int reg)
{
	return pos <= reg && reg - pos < count;
}

/*
 * Can this write turn memory decode off, or power the device down? A write to PCI_COMMAND of a
 * VF cannot, but it is how its owner makes us look again after an error.
 */
static bool matters(const struct peerbar_device *pd, size_t count, loff_t ppos)
{
	const struct pci_dev *pdev = pd->core.pdev;
	u64 pos = ppos & VFIO_PCI_OFFSET_MASK;

	if (VFIO_PCI_OFFSET_TO_INDEX(ppos) != VFIO_PCI_CONFIG_REGION_INDEX)
		return false;
	return covers(pos, count, PCI_COMMAND) ||
	       (pdev->pm_cap && covers(pos, count, pdev->pm_cap + PCI_PM_CTRL));
}

/*
 * We cannot know what will be written: the core copies the user's bytes itself, and another
 * thread may change them until then. So the BARs are revoked before every write that could
 * turn decode off, and given back afterwards if it did not.
 */
ssize_t peerbar_write(struct vfio_device *vdev, const char __user *buf, size_t count,
		      loff_t *ppos)
{
	struct peerbar_device *pd = container_of(vdev, struct peerbar_device, core.vdev);
	ssize_t ret;

	if (!matters(pd, count, *ppos))
		return vfio_pci_core_write(vdev, buf, count, ppos);

	if (mutex_lock_killable(&pd->decode_lock))
		return -EINTR;
	ret = peerbar_revoke(pd->context, PEERBAR_CONFIG_WRITE, PEERBAR_WAIT_KILLABLE);
	if (!ret) {
		ret = vfio_pci_core_write(vdev, buf, count, ppos);
		peerbar_update_decode(pd);
		peerbar_allow(pd->context, PEERBAR_CONFIG_WRITE);
	}
	mutex_unlock(&pd->decode_lock);
	return ret;
}

static int revoke_for_low_power(struct peerbar_device *pd)
{
	int ret = peerbar_revoke(pd->context, PEERBAR_LOW_POWER, PEERBAR_WAIT_KILLABLE);

	if (ret)
		peerbar_core_feature(pd, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT |
				     VFIO_DEVICE_FEATURE_SET, NULL, 0);
	return ret;
}

/*
 * The core is called first, because it refuses bad arguments, which must not revoke anything.
 * This is not too late for the revoke: the device cannot be suspended before the ioctl returns.
 */
int peerbar_low_power(struct peerbar_device *pd, u32 flags, void __user *arg, size_t argsz)
{
	int ret;

	if (mutex_lock_killable(&pd->decode_lock))
		return -EINTR;
	ret = peerbar_core_feature(pd, flags, arg, argsz);
	if (!ret && !(flags & VFIO_DEVICE_FEATURE_PROBE)) {
		if (peerbar_core_sleeps(pd))
			ret = revoke_for_low_power(pd);
		else
			peerbar_allow(pd->context, PEERBAR_LOW_POWER);
		peerbar_update_decode(pd);
	}
	mutex_unlock(&pd->decode_lock);
	return ret;
}
