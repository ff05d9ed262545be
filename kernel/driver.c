// SPDX-License-Identifier: GPL-2.0-only
/*
 * peerbar-vfio-pci: a vfio-pci that exports BARs as dma-bufs, for Linux 6.1 and newer.
 *
 * This is a variant driver on top of vfio-pci-core. What stock vfio-pci does for a device, the
 * core does here, too. This file only hooks into the events that take the BARs away:
 *
 *   event                                  where it is caught
 *   every reset, by our ioctl or not       reset_prepare, reset_done; VFs along with their PF
 *   close                                  before the core's close, whose reset calls neither
 *   PCI_COMMAND.MEM cleared, D3hot         writes to configuration space: decode.c
 *   low power entered                      the feature ioctls: decode.c
 *   the system sleeps                      power.c
 *   AER, unbind, unplug                    error_detected, remove, which do not wait
 *   AER reset the link; BARs are lost      resume, until the user turns memory on again
 *
 * Differences from stock vfio-pci:
 *
 *   - Up to 6.12 the parameters nointxmask, disable_vga and disable_idle_d3 are vfio-pci's, for
 *     this driver, too, unless it stands in for vfio-pci: see stand_in.c.
 *   - There are no extra regions for Intel's integrated graphics, because the core does not
 *     export the code for them.
 *   - iommufd of 7.x maps only the dma-bufs of the kernel's own exporter, and not ours: see
 *     core_export.c for how a device can have that one.
 *
 * ids, enable_sriov, disable_denylist and the denylist itself are the same.
 */
#include <linux/module.h>

#include "revoke.h"

static bool enable_sriov;
#ifdef CONFIG_PCI_IOV
module_param(enable_sriov, bool, 0644);
MODULE_PARM_DESC(enable_sriov, "Allow SR-IOV to be configured through sysfs (default off)");
#endif

static bool disable_denylist;
module_param(disable_denylist, bool, 0444);
MODULE_PARM_DESC(disable_denylist,
		 "Also bind devices that an untrusted user can break (default off)");

/* Intel accelerators with errata, which stock vfio-pci refuses as well. */
static const struct pci_device_id denylist[] = {
	{ PCI_VDEVICE(INTEL, 0x19e2) },		/* QAT C3xxx */
	{ PCI_VDEVICE(INTEL, 0x19e3) },		/* and its VF */
	{ PCI_VDEVICE(INTEL, 0x37c8) },		/* QAT C62x */
	{ PCI_VDEVICE(INTEL, 0x37c9) },		/* and its VF */
	{ PCI_VDEVICE(INTEL, 0x0435) },		/* QAT DH895xCC */
	{ PCI_VDEVICE(INTEL, 0x0443) },		/* and its VF */
	{ PCI_VDEVICE(INTEL, 0x0b25) },		/* DSA of Sapphire Rapids */
	{ PCI_VDEVICE(INTEL, 0x0cfe) },		/* IAX of Sapphire Rapids */
	{}
};

static struct peerbar_device *to_peerbar(struct vfio_device *vdev)
{
	return container_of(vdev, struct peerbar_device, core.vdev);
}

static struct peerbar_device *pci_to_peerbar(struct pci_dev *pdev)
{
	return container_of((struct vfio_pci_core_device *)pci_get_drvdata(pdev),
			    struct peerbar_device, core);
}

/*
 * Claim and map the BARs before the user gets the device. The core of 7.x does so by itself,
 * older ones do it when a BAR is first used. Because it is done here, an export can tell on
 * every kernel whether a BAR is ours, and does not race with the core's first use of it. The
 * core releases the BARs at close.
 */
static void claim_bars(struct vfio_pci_core_device *core)
{
	struct pci_dev *pdev = core->pdev;
	int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		if (core->barmap[bar] || !pci_resource_len(pdev, bar) ||
		    pci_request_selected_regions(pdev, BIT(bar), "vfio"))
			continue;
		core->barmap[bar] = pci_iomap(pdev, bar, 0);
		if (!core->barmap[bar])
			pci_release_selected_regions(pdev, BIT(bar));
	}
}

/*
 * Open has just enabled the device, and reset it if it can be reset. So an AER error from
 * before is over, unless recovery is still under way or has given the device up.
 */
static void allow_after_error(struct peerbar_device *pd)
{
	unsigned int events = peerbar_events(pd->context, PEERBAR_ERROR);

	if (!pci_channel_offline(pd->core.pdev))
		peerbar_allow_after(pd->context, PEERBAR_ERROR, events);
}

static int peerbar_open_device(struct vfio_device *vdev)
{
	struct peerbar_device *pd = to_peerbar(vdev);
	int ret = vfio_pci_core_enable(&pd->core);

	if (ret)
		return ret;
	claim_bars(&pd->core);
	vfio_pci_core_finish_enable(&pd->core);

	mutex_lock(&pd->decode_lock);
	peerbar_update_decode(pd);
	peerbar_allow(pd->context, PEERBAR_LOW_POWER);
	allow_after_error(pd);
	peerbar_allow(pd->context, PEERBAR_CLOSED);
	mutex_unlock(&pd->decode_lock);
	peerbar_core_open(pd);
	return 0;
}

static void peerbar_close_device(struct vfio_device *vdev)
{
	struct peerbar_device *pd = to_peerbar(vdev);

	peerbar_revoke(pd->context, PEERBAR_CLOSED, PEERBAR_WAIT);
	peerbar_core_close(pd);
}

static int peerbar_device_feature(struct vfio_device *vdev, u32 flags, void __user *arg,
				  size_t argsz)
{
	struct peerbar_device *pd = to_peerbar(vdev);

	switch (flags & VFIO_DEVICE_FEATURE_MASK) {
	case VFIO_DEVICE_FEATURE_DMA_BUF:
		if (READ_ONCE(pd->context->core_export.chosen))
			return peerbar_core_feature(pd, flags, arg, argsz);
		return peerbar_export(pd, flags, arg, argsz);
	case VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY:
	case VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP:
	case VFIO_DEVICE_FEATURE_LOW_POWER_EXIT:
		return peerbar_low_power(pd, flags, arg, argsz);
	default:
		return vfio_pci_core_ioctl_feature(vdev, flags, arg, argsz);
	}
}

/*
 * The reset revokes by itself, in reset_prepare, but there locks are held and the wait cannot
 * be killed. So the BARs are revoked here first, where it can.
 *
 * Even if the reset fails, decode has to be checked again: the core wakes a device from D3hot
 * before it tries the reset, and may then fail before reset_prepare and reset_done.
 */
static long reset_ioctl(struct peerbar_device *pd, unsigned long arg)
{
	long ret;

	if (mutex_lock_killable(&pd->decode_lock))
		return -EINTR;
	ret = peerbar_revoke(pd->context, PEERBAR_RESET_IOCTL, PEERBAR_WAIT_KILLABLE);
	if (!ret) {
		ret = vfio_pci_core_ioctl(&pd->core.vdev, VFIO_DEVICE_RESET, arg);
		peerbar_update_decode(pd);
		peerbar_allow(pd->context, PEERBAR_RESET_IOCTL);
	}
	mutex_unlock(&pd->decode_lock);
	return ret;
}

static long peerbar_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	struct peerbar_device *pd = to_peerbar(vdev);

	if (cmd == VFIO_DEVICE_RESET && pd->core.reset_works)
		return reset_ioctl(pd, arg);
	return vfio_pci_core_ioctl(vdev, cmd, arg);
}

static int peerbar_init_dev(struct vfio_device *vdev)
{
	struct peerbar_device *pd = to_peerbar(vdev);
	int ret;

	pd->context = peerbar_context_create(to_pci_dev(vdev->dev));
	if (!pd->context)
		return -ENOMEM;
	mutex_init(&pd->decode_lock);
	peerbar_core_init(pd);
	peerbar_set_params(&pd->core);
	ret = vfio_pci_core_init_dev(vdev);
	if (ret)
		peerbar_context_put(pd->context);
	return ret;
}

static void peerbar_release_dev(struct vfio_device *vdev)
{
	struct peerbar_device *pd = to_peerbar(vdev);

	peerbar_context_put(pd->context);
	mutex_destroy(&pd->decode_lock);
	vfio_pci_core_release_dev(vdev);
}

/* The name is set by peerbar_init(). The core gives new VFs to the driver of that name. */
static struct vfio_device_ops peerbar_ops __ro_after_init = {
	.init = peerbar_init_dev,
	.release = peerbar_release_dev,
	.open_device = peerbar_open_device,
	.close_device = peerbar_close_device,
	.ioctl = peerbar_ioctl,
	.device_feature = peerbar_device_feature,
	.read = vfio_pci_core_read,
	.write = peerbar_write,
	.mmap = vfio_pci_core_mmap,
	.request = vfio_pci_core_request,
	.match = vfio_pci_core_match,
	PEERBAR_VFIO_OPS_IOMMUFD
	PEERBAR_VFIO_OPS_DETACH
	PEERBAR_VFIO_OPS_PASID
	PEERBAR_VFIO_OPS_REGION_INFO
	PEERBAR_VFIO_OPS_TOKEN
};

static bool is_vf_of(struct pci_dev *pdev, struct pci_dev *pf)
{
	return pdev->is_virtfn && pci_physfn(pdev) == pf;
}

/*
 * The reset of a PF resets its VFs, too, and nobody tells their drivers. The importers of all
 * VFs are told before any of them is waited for.
 */
static void revoke_vfs(struct pci_dev *pf)
{
	struct peerbar_context *ctx = NULL;

	while ((ctx = peerbar_next_context(ctx)))
		if (is_vf_of(ctx->pdev, pf))
			peerbar_revoke(ctx, PEERBAR_PF_RESET, PEERBAR_NO_WAIT);
	while ((ctx = peerbar_next_context(ctx)))
		if (is_vf_of(ctx->pdev, pf))
			peerbar_revoke(ctx, PEERBAR_PF_RESET, PEERBAR_WAIT);
}

static void allow_vfs(struct pci_dev *pf)
{
	struct peerbar_context *ctx = NULL;

	while ((ctx = peerbar_next_context(ctx)))
		if (is_vf_of(ctx->pdev, pf))
			peerbar_allow(ctx, PEERBAR_PF_RESET);
}

static void peerbar_reset_prepare(struct pci_dev *pdev)
{
	struct peerbar_device *pd = pci_to_peerbar(pdev);

	peerbar_revoke(pd->context, PEERBAR_RESET, PEERBAR_WAIT);
	peerbar_core_revoke(pd);
	revoke_vfs(pdev);
}

/*
 * A reset wakes the device, but does not change the user's view of PCI_COMMAND, so there is no
 * need to check that. It could not be read here anyway: if the device is closed, it is freed.
 */
static void peerbar_reset_done(struct pci_dev *pdev)
{
	struct peerbar_device *pd = pci_to_peerbar(pdev);

	allow_vfs(pdev);
	if (!peerbar_in_d3(pdev))
		peerbar_allow(pd->context, PEERBAR_D3HOT);
	peerbar_core_allow(pd);
	peerbar_allow(pd->context, PEERBAR_RESET);
}

static pci_ers_result_t peerbar_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	struct peerbar_device *pd = pci_to_peerbar(pdev);

	if (state != pci_channel_io_normal) {
		pd->frozen = true;
		peerbar_revoke(pd->context, PEERBAR_ERROR, PEERBAR_NO_WAIT);
		peerbar_core_error(pd);
	}
	return vfio_pci_core_aer_err_detected(pdev, state);
}

/*
 * The link was reset, so the BARs are lost and memory decode is off: see bars_lost() in
 * decode.c. If the device is closed, the next open enables it again.
 */
static void peerbar_resume(struct pci_dev *pdev)
{
	struct peerbar_device *pd = pci_to_peerbar(pdev);

	if (!pd->frozen)
		return;
	pd->frozen = false;
	peerbar_revoke(pd->context, PEERBAR_MEMORY_OFF, PEERBAR_NO_WAIT);
	peerbar_allow(pd->context, PEERBAR_ERROR);
}

static const struct pci_error_handlers peerbar_err_handlers = {
	.error_detected = peerbar_error_detected,
	.resume = peerbar_resume,
	.reset_prepare = peerbar_reset_prepare,
	.reset_done = peerbar_reset_done,
};

static int peerbar_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct peerbar_device *pd;
	int ret;

	if (pci_match_id(denylist, pdev)) {
		pci_warn(pdev, "in vfio-pci's denylist; %s\n",
			 disable_denylist ? "bound, because disable_denylist is set" :
					    "not bound");
		if (!disable_denylist)
			return -EINVAL;
	}

	pd = vfio_alloc_device(peerbar_device, core.vdev, &pdev->dev, &peerbar_ops);
	if (IS_ERR(pd))
		return PTR_ERR(pd);
	pci_set_drvdata(pdev, &pd->core);
	ret = vfio_pci_core_register_device(&pd->core);
	if (ret) {
		vfio_put_device(&pd->core.vdev);
		return ret;
	}
	peerbar_debugfs_add(pd->context);
	return 0;
}

static void peerbar_remove(struct pci_dev *pdev)
{
	struct peerbar_device *pd = pci_to_peerbar(pdev);

	peerbar_revoke(pd->context, PEERBAR_REMOVED, PEERBAR_NO_WAIT);
	vfio_pci_core_unregister_device(&pd->core);
	/* the device is closed by now and nothing is mapped, so the work has nothing to wait for */
	cancel_work_sync(&pd->context->settle);
	cancel_work_sync(&pd->context->core_export.update);
	peerbar_debugfs_remove(pd->context);
	vfio_put_device(&pd->core.vdev);
}

static int peerbar_sriov_configure(struct pci_dev *pdev, int nr_vfs)
{
	if (!enable_sriov)
		return -ENOENT;
	return vfio_pci_core_sriov_configure(&pci_to_peerbar(pdev)->core, nr_vfs);
}

static const struct pci_device_id peerbar_ids[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_ANY_ID, PCI_ANY_ID) },
	{}
};
MODULE_DEVICE_TABLE(pci, peerbar_ids);

static struct pci_driver peerbar_driver = {
	.id_table = peerbar_ids,
	.probe = peerbar_probe,
	.remove = peerbar_remove,
	.sriov_configure = peerbar_sriov_configure,
	.err_handler = &peerbar_err_handlers,
	.dev_groups = peerbar_groups,
	.driver_managed_dma = true,
};

/* What has to be set up before a device is bound, in this order; torn down in reverse. */
static const struct {
	int (*init)(void);
	void (*exit)(void);
} parts[] = {
	{ peerbar_stand_in_init, peerbar_stand_in_exit },
	{ peerbar_iova_init, peerbar_iova_exit },
	{ peerbar_revoke_init, peerbar_revoke_exit },
	{ peerbar_clients_init, peerbar_clients_exit },
	{ peerbar_power_init, peerbar_power_exit },
	{ peerbar_debugfs_init, peerbar_debugfs_exit },
	{ peerbar_watch_init, peerbar_watch_exit },
};

static void exit_parts(size_t nr)
{
	while (nr--)
		parts[nr].exit();
}

static int __init peerbar_init(void)
{
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		ret = parts[i].init();
		if (ret)
			goto err;
	}
	peerbar_ops.name = peerbar_name();
	peerbar_driver.name = peerbar_name();
	ret = pci_register_driver(&peerbar_driver);
	if (ret)
		goto err;
	peerbar_add_ids(&peerbar_driver);
	return 0;

err:
	exit_parts(i);
	return ret;
}
module_init(peerbar_init);

static void __exit peerbar_exit(void)
{
	pci_unregister_driver(&peerbar_driver);
	exit_parts(ARRAY_SIZE(parts));
}
module_exit(peerbar_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(PEERBAR_VERSION);
MODULE_DESCRIPTION("vfio-pci with BARs exported as dma-bufs, for peer-to-peer RDMA");
