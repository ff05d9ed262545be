// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the lab's guest needs behind QEMU's amd-iommu, on kernels whose AMD driver uses generic
 * page tables (7.3 does, 6.12 does not).
 *
 * These free a page table as soon as one call unmaps all that the table covers, 2 MiB or more.
 * QEMU 11.1 has a record of every page that a NIC of the lab can reach. When it is told that the
 * range is invalid and looks for its pages, it finds one hole of 2 MiB, takes that for the page
 * that was unmapped, has smaller ones on record, and ends itself: an assertion in
 * amdvi_notify_iommu().
 *
 * So here each call is made in steps, none of which covers a table, and tables stay until their
 * domain goes. A step that meets the beginning of a larger page unmaps all of it, as the
 * interface says.
 *
 * The module cannot be unloaded, because its functions may be running at any time.
 */
#include <linux/generic_pt/iommu.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#define STEP ((dma_addr_t)SZ_1M)	/* the smallest table covers twice as much */

static const struct pt_iommu_ops *kernels;	/* of all domains of this machine */
static struct pt_iommu_ops stepwise;
static DEFINE_MUTEX(lock);

static size_t unmap_in_steps(struct pt_iommu *table, dma_addr_t iova, dma_addr_t len,
			     struct iommu_iotlb_gather *gather)
{
	size_t done = 0, unmapped;

	while (done < len) {
		unmapped = kernels->unmap_range(table, iova + done, min(len - done, STEP),
						gather);
		if (!unmapped)
			break;
		done += unmapped;
	}
	return done;
}

/* Has the device's domain unmapped in steps, if there is one. */
static void take_domain_of(struct pci_dev *pdev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(&pdev->dev);
	struct pt_iommu *table = domain ? iommupt_from_domain(domain) : NULL;

	if (!table)
		return;
	guard(mutex)(&lock);
	if (!kernels) {
		kernels = table->ops;
		stepwise = *kernels;
		stepwise.unmap_range = unmap_in_steps;
	}
	if (table->ops == kernels)
		WRITE_ONCE(table->ops, &stepwise);
}

/* A device that gets a driver may have got a new domain before. */
static int on_event(struct notifier_block *nb, unsigned long event, void *dev)
{
	if (event == BUS_NOTIFY_BIND_DRIVER)
		take_domain_of(to_pci_dev(dev));
	return NOTIFY_DONE;
}

static struct notifier_block listener = { .notifier_call = on_event };

static int __init unmap_init(void)
{
	struct pci_dev *pdev = NULL;
	int err;

	err = bus_register_notifier(&pci_bus_type, &listener);
	if (err)
		return err;
	for_each_pci_dev(pdev)
		take_domain_of(pdev);
	return 0;
}
module_init(unmap_init);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Unmaps in steps that QEMU's amd-iommu survives, for the lab");
