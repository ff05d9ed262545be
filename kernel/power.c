// SPDX-License-Identifier: GPL-2.0-only
/*
 * System sleep: while devices lose power, and their BARs with it, no importer may reach them.
 *
 * The BARs are revoked before tasks are frozen, because importers may need running tasks to let
 * go, and they are given back when tasks run again. If an importer holds on and no IOMMU can
 * close its mapping, the system does not go to sleep. A kexec is not a sleep, and revokes
 * nothing: see docs/architecture.md.
 */
#include <linux/suspend.h>

#include "revoke.h"

static void wake_up_all_devices(void)
{
	struct peerbar_context *ctx = NULL;

	while ((ctx = peerbar_next_context(ctx)))
		peerbar_allow(ctx, PEERBAR_SLEEP);
}

/* The importers of all devices are told before any of them is waited for. */
static int put_all_to_sleep(void)
{
	struct peerbar_context *ctx = NULL;
	int ret = 0;

	while ((ctx = peerbar_next_context(ctx)))
		peerbar_revoke(ctx, PEERBAR_SLEEP, PEERBAR_NO_WAIT);
	while (!ret && (ctx = peerbar_next_context(ctx)))
		ret = peerbar_revoke(ctx, PEERBAR_SLEEP, PEERBAR_WAIT_OR_FAIL);
	if (!ret)
		return 0;
	pci_warn(ctx->pdev, "peerbar: the system does not sleep, because an importer holds on to this device\n");
	peerbar_context_put(ctx);
	wake_up_all_devices();
	return ret;
}

static int system_sleeps(struct notifier_block *nb, unsigned long action, void *unused)
{
	switch (action) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		return notifier_from_errno(put_all_to_sleep());
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		wake_up_all_devices();
		return NOTIFY_OK;
	default:
		return NOTIFY_DONE;
	}
}

static struct notifier_block sleep_notifier = {
	.notifier_call = system_sleeps,
};

int peerbar_power_init(void)
{
	return register_pm_notifier(&sleep_notifier);
}

void peerbar_power_exit(void)
{
	unregister_pm_notifier(&sleep_notifier);
}
