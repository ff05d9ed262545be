// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the device decode its BARs? The owner decides that through configuration space and
 * through the low power features, and AER may take it away.
 */
#include <linux/uaccess.h>

#include "revoke.h"

/* The user's view, as the core keeps it: the hardware's differs while a reset runs. */
static bool memory_on(struct vfio_pci_core_device *core)
{
	return core->pdev->no_command_memory ||
	       le16_to_cpup((__le16 *)&core->vconfig[PCI_COMMAND]) & PCI_COMMAND_MEMORY;
}

bool peerbar_in_d3(const struct pci_dev *pdev)
{
	return (__force int)pdev->current_state >= (__force int)PCI_D3hot;
}

/* What a virtual function decodes is a matter of the function that it is a part of. */
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
 * After a fatal error AER resets the link, and with it the device, and restores nothing:
 * the BARs decode no more. The core writes them anew when the user writes PCI_COMMAND with
 * memory decode on; rbar is what it will write. A device that is gone answers with ones.
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
 * A device in low power may be suspended, and is not asked: PEERBAR_LOW_POWER keeps
 * importers away, and we are called again when it ends. AER cannot take decode_lock: if it
 * resets the link after we looked, what it says counts.
 */
void peerbar_update_decode(struct peerbar_device *pd)
{
	unsigned int events = peerbar_events(pd->context, PEERBAR_MEMORY_OFF);

	if (pd->core.pm_runtime_engaged)
		return;
	if (memory_on(&pd->core) && !bars_lost(&pd->core))
		peerbar_allow_after(pd->context, PEERBAR_MEMORY_OFF, events);
	else
		peerbar_revoke(pd->context, PEERBAR_MEMORY_OFF, PEERBAR_WAIT);
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
 * Can this write turn memory decode off, or the device? That of a virtual function cannot,
 * but it is how its owner has us look again after an error.
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
 * What will be written is not known: the core fetches the user's bytes itself, and another
 * thread may change them until then. So the BARs are taken away before every write that
 * could turn decode off, and given back after it if it did not.
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
		vfio_pci_core_ioctl_feature(&pd->core.vdev,
					    VFIO_DEVICE_FEATURE_LOW_POWER_EXIT |
					    VFIO_DEVICE_FEATURE_SET, NULL, 0);
	return ret;
}

/*
 * The core first: it refuses bad arguments, which must change nothing, and the device
 * cannot be suspended before the ioctl is left.
 */
int peerbar_low_power(struct peerbar_device *pd, u32 flags, void __user *arg, size_t argsz)
{
	int ret;

	if (mutex_lock_killable(&pd->decode_lock))
		return -EINTR;
	ret = vfio_pci_core_ioctl_feature(&pd->core.vdev, flags, arg, argsz);
	if (!ret && !(flags & VFIO_DEVICE_FEATURE_PROBE)) {
		if (pd->core.pm_runtime_engaged)
			ret = revoke_for_low_power(pd);
		else
			peerbar_allow(pd->context, PEERBAR_LOW_POWER);
		peerbar_update_decode(pd);
	}
	mutex_unlock(&pd->decode_lock);
	return ret;
}
