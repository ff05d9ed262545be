// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/peerbar_test_importer: handles, ioctls, and the driver of the importing device.
 *
 * DMA may only be mapped for a device that has a driver. So attaching checks for one with the
 * device lock held, and a bus notifier, which is called with that lock held, detaches before
 * the driver goes, unless the attachment has PTI_STAYS.
 *
 * Lock order: device lock, files_lock, lock of a file, reservation lock. The device lock
 * is only taken interruptibly, because its holder may be waiting for a process to end.
 */
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "attachment.h"
#include "compat.h"
#include "sit.h"

#define MAX_HANDLES 4096
#define MAX_ENTRIES 65536u

struct importer_file {
	struct list_head node;		/* in files */
	struct mutex lock;		/* one call at a time */
	struct xarray attachments;	/* by handle */
};

static LIST_HEAD(files);
static DEFINE_MUTEX(files_lock);

/* Called with the device lock held, so that the driver stays until the handle is stored. */
static int attach_locked(struct importer_file *file, const struct pti_attach *how,
			 u32 handle, struct device *dev)
{
	struct importer_attachment *a;

	if (!dev->driver)
		return -ENXIO;

	a = importer_attach(how, dev);
	if (IS_ERR(a))
		return PTR_ERR(a);

	/* The entry was reserved, so this does not allocate, and cannot fail. */
	xa_store(&file->attachments, handle, a, GFP_KERNEL);
	return 0;
}

static int attach_for_device(struct importer_file *file, const struct pti_attach *how,
			     u32 handle, struct device *dev)
{
	int ret;

	ret = device_lock_interruptible(dev);
	if (ret)
		return ret;
	ret = mutex_lock_interruptible(&file->lock);
	if (!ret) {
		ret = attach_locked(file, how, handle, dev);
		mutex_unlock(&file->lock);
	}
	device_unlock(dev);
	return ret;
}

static int ioctl_attach(struct importer_file *file, struct pti_attach __user *arg)
{
	struct pti_attach how;
	struct device *dev;
	u32 handle;
	int ret;

	if (copy_from_user(&how, arg, sizeof(how)))
		return -EFAULT;
	if (strnlen(how.device, sizeof(how.device)) == sizeof(how.device))
		return -EINVAL;
	dev = bus_find_device_by_name(&pci_bus_type, NULL, how.device);
	if (!dev)
		return -ENODEV;

	/* Reserve a handle without an attachment, so that nothing can fail after the attach. */
	ret = xa_alloc(&file->attachments, &handle, NULL, XA_LIMIT(1, MAX_HANDLES),
		       GFP_KERNEL);
	if (ret)
		goto out_put;
	ret = put_user(handle, &arg->handle);
	if (!ret)
		ret = attach_for_device(file, &how, handle, dev);
	if (ret)
		xa_erase(&file->attachments, handle);
out_put:
	put_device(dev);
	return ret;
}

static int ioctl_query(struct importer_attachment *a, struct pti_query __user *arg)
{
	struct pti_entry *entries;
	struct pti_query query;
	u32 n;
	int ret;

	if (copy_from_user(&query, arg, sizeof(query)))
		return -EFAULT;
	query.room = min(query.room, MAX_ENTRIES);
	entries = kvcalloc(query.room, sizeof(*entries), GFP_KERNEL);
	if (!entries)
		return -ENOMEM;

	ret = importer_query(a, &query, entries);
	n = min(query.nr_entries, query.room);
	if (!ret && (copy_to_user(u64_to_user_ptr(query.entries), entries,
				  n * sizeof(*entries)) ||
		     copy_to_user(arg, &query, sizeof(query))))
		ret = -EFAULT;
	kvfree(entries);
	return ret;
}

static int call_locked(struct importer_file *file, unsigned int cmd, u32 handle,
		       void __user *arg)
{
	struct importer_attachment *a = xa_load(&file->attachments, handle);

	if (!a)
		return -ENOENT;

	switch (cmd) {
	case PTI_MAP:
		return importer_map(a);
	case PTI_UNMAP:
		return importer_unmap(a);
	case PTI_QUERY:
		return ioctl_query(a, arg);
	case PTI_DETACH:
		xa_erase(&file->attachments, handle);
		importer_detach(a);
		return 0;
	}
	return -ENOTTY;
}

static long importer_ioctl(struct file *filp, unsigned int cmd, unsigned long uarg)
{
	struct importer_file *file = filp->private_data;
	void __user *arg = (void __user *)uarg;
	u32 handle;
	int ret;

	switch (cmd) {
	case PTI_ATTACH:
		return ioctl_attach(file, arg);
	case PTI_WAKE:
		importer_wake();
		return 0;
	case PTI_SITTING:
		return importer_sitting();
	}
	if (_IOC_TYPE(cmd) != PTI_IOC)
		return -ENOTTY;

	/* the handle is the first member of every argument, which is how it is read here */
	BUILD_BUG_ON(offsetof(struct pti_query, handle));
	if (get_user(handle, (__u32 __user *)arg))
		return -EFAULT;

	ret = mutex_lock_interruptible(&file->lock);
	if (ret)
		return ret;
	ret = call_locked(file, cmd, handle, arg);
	mutex_unlock(&file->lock);
	return ret;
}

/* Detach what goes with the driver of @dev, or everything if @dev is NULL. */
static void detach_all(struct importer_file *file, const struct device *dev)
{
	struct importer_attachment *a;
	unsigned long handle;

	mutex_lock(&file->lock);
	xa_for_each(&file->attachments, handle, a) {
		if (dev && !importer_goes_with(a, dev))
			continue;
		xa_erase(&file->attachments, handle);
		importer_detach(a);
	}
	mutex_unlock(&file->lock);
}

static int importer_open(struct inode *inode, struct file *filp)
{
	struct importer_file *file = kzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return -ENOMEM;
	mutex_init(&file->lock);
	xa_init_flags(&file->attachments, XA_FLAGS_ALLOC1);
	filp->private_data = file;

	mutex_lock(&files_lock);
	list_add(&file->node, &files);
	mutex_unlock(&files_lock);
	return 0;
}

static int importer_release(struct inode *inode, struct file *filp)
{
	struct importer_file *file = filp->private_data;

	/* The file is still listed, so that an unbind waits until everything is detached here. */
	detach_all(file, NULL);

	mutex_lock(&files_lock);
	list_del(&file->node);
	mutex_unlock(&files_lock);
	xa_destroy(&file->attachments);
	kfree(file);
	return 0;
}

static int driver_goes(struct notifier_block *nb, unsigned long action, void *dev)
{
	struct importer_file *file;

	if (action != BUS_NOTIFY_UNBIND_DRIVER)
		return NOTIFY_DONE;

	mutex_lock(&files_lock);
	list_for_each_entry(file, &files, node)
		detach_all(file, dev);
	mutex_unlock(&files_lock);
	return NOTIFY_OK;
}

static struct notifier_block pci_notifier = {
	.notifier_call = driver_goes,
};

static const struct file_operations importer_fops = {
	.owner = THIS_MODULE,
	.open = importer_open,
	.release = importer_release,
	.unlocked_ioctl = importer_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice importer_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "peerbar_test_importer",
	.fops = &importer_fops,
};

static int __init importer_init(void)
{
	int ret;

	ret = bus_register_notifier(&pci_bus_type, &pci_notifier);
	if (ret)
		return ret;
	ret = misc_register(&importer_misc);
	if (ret)
		bus_unregister_notifier(&pci_bus_type, &pci_notifier);
	return ret;
}
module_init(importer_init);

static void __exit importer_exit(void)
{
	misc_deregister(&importer_misc);
	bus_unregister_notifier(&pci_bus_type, &pci_notifier);
}
module_exit(importer_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A dma-buf importer for tests, well behaved or not");
IMPORTER_IMPORT_NS(DMA_BUF);
