// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a test of system sleep needs in the lab's guest.
 *
 * It keeps the guest's virtio devices awake, as if they were a part of the system's core,
 * because two kinds of them do not work again after a resume:
 *
 *   9p shares, among them the root file system: 9pnet_virtio has neither freeze nor restore.
 *   virtio_pci resets the device on resume, nobody sets up its queue again, and every request
 *   waits for ever.
 *
 *   Ports, on Linux 7.3: virtio_console asks the host which of them are open before it has
 *   given it a buffer for the answer. QEMU drops the answer, and whoever writes to a port waits
 *   for ever.
 *
 * This is sufficient for every kind of sleep that does not touch these devices, which is every
 * level of pm_test.
 *
 * It also records when devices were last asleep, in CLOCK_MONOTONIC, in the parameters of
 * /sys/module/peerbar_test_sleep/parameters:
 *
 *	down_ns		before the first device was suspended
 *	up_ns		after the last device had resumed
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

/* The PM core prepares all devices before it suspends the first. */
static int note_prepare(struct device *dev)
{
	down_ns = ktime_get_ns();
	return 0;
}

/* The PM core resumes all devices before it completes the first. */
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

/* The PCI functions with the device IDs reserved for virtio, and the virtio device of each. */
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
