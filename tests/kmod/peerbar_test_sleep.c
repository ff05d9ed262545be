// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a test of system sleep needs in the lab's guest.
 *
 * It keeps the guest's virtio devices awake, as if they were a part of the system's core,
 * because two kinds of them do not wake up again:
 *
 *   9p shares, among them the root file system: 9pnet_virtio has neither freeze nor restore.
 *   virtio_pci resets the device on resume, nobody sets its queue up again, and each request
 *   waits for ever.
 *
 *   ports, on Linux 7.3: virtio_console asks which of them the host has open before there is
 *   a buffer for the answer. QEMU drops it, and whoever writes to a port waits for ever.
 *
 * That is good for all that leaves these devices alone: every level of pm_test.
 *
 * And it notes when devices slept, in CLOCK_MONOTONIC, as parameters in
 * /sys/module/peerbar_test_sleep/parameters:
 *
 *	down_ns		before the first was suspended, the last time
 *	up_ns		after the last had resumed
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/timekeeping.h>

#define NAME "peerbar_test_sleep"

static unsigned long long down_ns, up_ns;
module_param(down_ns, ullong, 0400);
MODULE_PARM_DESC(down_ns, "When devices were last about to be suspended");
module_param(up_ns, ullong, 0400);
MODULE_PARM_DESC(up_ns, "When all were last resumed");

static struct platform_device *witness;

/* All devices are prepared before one is suspended. */
static int note_prepare(struct device *dev)
{
	down_ns = ktime_get_ns();
	return 0;
}

/* All devices are resumed before one is completed. */
static void note_complete(struct device *dev)
{
	up_ns = ktime_get_ns();
}

static const struct dev_pm_ops witness_pm = {
	.prepare = note_prepare,
	.complete = note_complete,
};

static int witness_probe(struct platform_device *pdev)
{
	return 0;
}

static struct platform_driver witness_driver = {
	.driver = { .name = NAME, .pm = &witness_pm },
};

static int mark(struct device *dev, void *awake)
{
	dev_pm_syscore_device(dev, awake);
	return 0;
}

/* The functions, whose ids virtio has reserved, and the virtio device on each. */
static void keep_virtio_awake(bool awake)
{
	struct pci_dev *pdev = NULL;

	while ((pdev = pci_get_device(PCI_VENDOR_ID_REDHAT_QUMRANET, PCI_ANY_ID, pdev))) {
		if (pdev->device < 0x1000 || pdev->device > 0x107f)
			continue;
		mark(&pdev->dev, (void *)awake);
		device_for_each_child(&pdev->dev, (void *)awake, mark);
	}
}

static int __init sleep_init(void)
{
	witness = platform_create_bundle(&witness_driver, witness_probe, NULL, 0, NULL, 0);
	if (IS_ERR(witness))
		return PTR_ERR(witness);
	keep_virtio_awake(true);
	return 0;
}
module_init(sleep_init);

static void __exit sleep_exit(void)
{
	keep_virtio_awake(false);
	platform_device_unregister(witness);
	platform_driver_unregister(&witness_driver);
}
module_exit(sleep_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Keeps the guest's virtio devices awake while the system sleeps, for tests");
