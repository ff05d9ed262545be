// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bugs on demand, one of each kind that the debug kernel has to find, so that a test can check
 * that it does. Write the name of a bug to /sys/module/peerbar_test_bug/parameters/make. None
 * of them does harm by itself.
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static DEFINE_SPINLOCK(spin);
static void __rcu *guarded;
static int width = 32;
static void *anything;

static void lock_order(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void sleep_in_atomic(void)
{
	spin_lock(&spin);
	anything = kmalloc(64, GFP_KERNEL);
	spin_unlock(&spin);
	kfree(anything);
}

static void rcu_without_lock(void)
{
	anything = rcu_dereference(guarded);
}

static void wide_shift(void)
{
	anything = (void *)(long)(1 << READ_ONCE(width));
}

static void use_after_free(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(p);
	kfree(p);
	if (p)
		anything = (void *)(long)READ_ONCE(p[3]);
}

static void out_of_bounds(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(p);
	if (p)
		anything = (void *)(long)READ_ONCE(p[64]);
	kfree(p);
}

/*
 * Leaks many objects, because old copies of their pointers, on stacks and in the allocator,
 * hide some of them from the detector.
 */
static void leak(void)
{
	unsigned int i;
	void *p;

	for (i = 0; i < 512; i++) {
		p = kmalloc(300, GFP_KERNEL);
		OPTIMIZER_HIDE_VAR(p);
	}
}

/* Unmaps a DMA mapping with another size than it was mapped with. */
static void unbalanced_dma(void)
{
	struct platform_device *pdev;
	dma_addr_t dma;
	void *p = kmalloc(64, GFP_KERNEL);

	pdev = platform_device_register_simple("peerbar_test_bug", PLATFORM_DEVID_NONE, NULL, 0);
	if (!p || IS_ERR(pdev))
		goto out;
	if (dma_coerce_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64)))
		goto unregister;
	dma = dma_map_single(&pdev->dev, p, 64, DMA_TO_DEVICE);
	if (!dma_mapping_error(&pdev->dev, dma))
		dma_unmap_single(&pdev->dev, dma, 32, DMA_TO_DEVICE);
unregister:
	platform_device_unregister(pdev);
out:
	kfree(p);
}

static const struct {
	const char *name;
	void (*make)(void);
} bugs[] = {
	{ "lock-order", lock_order },
	{ "sleep-in-atomic", sleep_in_atomic },
	{ "rcu-without-lock", rcu_without_lock },
	{ "wide-shift", wide_shift },
	{ "use-after-free", use_after_free },
	{ "out-of-bounds", out_of_bounds },
	{ "unbalanced-dma", unbalanced_dma },
	{ "leak", leak },
};

static int make_bug(const char *value, const struct kernel_param *kp)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bugs); i++) {
		if (!sysfs_streq(value, bugs[i].name))
			continue;
		bugs[i].make();
		return 0;
	}
	return -EINVAL;
}

static const struct kernel_param_ops make_ops = {
	.set = make_bug,
};
module_param_cb(make, &make_ops, NULL, 0200);
MODULE_PARM_DESC(make, "The bug to make, now");

MODULE_DESCRIPTION("Bugs that a debug kernel has to find, for tests");
MODULE_LICENSE("GPL");
