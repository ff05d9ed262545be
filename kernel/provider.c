// SPDX-License-Identifier: GPL-2.0-only
/*
 * Describes the real machine for the rules of topology.c.
 */
#include <linux/pci-p2pdma.h>
#ifdef CONFIG_X86
#include <asm/processor.h>
#endif

#include "exporter.h"

#define AMD_ZEN_FAMILY 0x17

void peerbar_provider_init(struct peerbar_provider *provider, struct pci_dev *pdev, int bar)
{
	provider->pdev = pdev;
	if (!(pci_resource_flags(pdev, bar) & IORESOURCE_MEM))
		return;
	provider->start = pci_resource_start(pdev, bar);
	provider->size = pci_resource_len(pdev, bar);
	provider->bus_offset = pci_bus_address(pdev, bar) - provider->start;
}

enum peerbar_iommu peerbar_iommu_of(struct device *dev)
{
	const unsigned int managed = __IOMMU_DOMAIN_PAGING | __IOMMU_DOMAIN_DMA_API;
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	if (!domain)
		return PEERBAR_IOMMU_NONE;
	if (domain->type == IOMMU_DOMAIN_IDENTITY)
		return PEERBAR_IOMMU_IDENTITY;
	return (domain->type & managed) == managed ? PEERBAR_IOMMU_TRANSLATES :
						     PEERBAR_IOMMU_FOREIGN;
}

/* Ranges consist of whole CPU pages, and must not share an IOMMU page with their neighbours. */
static bool coarse_iommu(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain && domain->pgsize_bitmap && BIT(__ffs(domain->pgsize_bitmap)) > PAGE_SIZE;
}

static bool acs_redirects(const struct pci_dev *pdev)
{
	u16 control;

	if (!pdev->acs_cap)
		return false;
	pci_read_config_word(pdev, pdev->acs_cap + PCI_ACS_CTRL, &control);
	return control & (PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_EC);
}

/*
 * The device that identifies the host bridge: the first one on the root bus, if it is at 00.0
 * or is a root port. It does not go away, because we hold a device below it.
 */
static struct pci_dev *host_bridge_device(struct pci_host_bridge *host)
{
	struct pci_dev *first;

	first = list_first_entry_or_null(&host->bus->devices, struct pci_dev, bus_list);
	if (first && first->devfn != PCI_DEVFN(0, 0) &&
	    pci_pcie_type(first) != PCI_EXP_TYPE_ROOT_PORT)
		return NULL;
	return first;
}

/* If paths meet only beyond PEERBAR_MAX_HOPS, they are taken to meet at the host bridge. */
static void describe_path(struct peerbar_path *path, struct pci_dev *pdev)
{
	struct pci_host_bridge *host = pci_find_host_bridge(pdev->bus);
	struct pci_dev *root = host_bridge_device(host);

	for (; pdev && path->nr < PEERBAR_MAX_HOPS; pdev = pci_upstream_bridge(pdev)) {
		path->hop[path->nr].dev = pdev;
		path->nr++;
	}
	path->host = host;
	path->root = root;
	if (root) {
		path->vendor = root->vendor;
		path->device = root->device;
	}
}

static void read_acs(struct peerbar_path *path, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		path->hop[i].redirects = acs_redirects(path->hop[i].dev);
}

/*
 * Reads of configuration space are the slowest part of an attach, and the kernel's answer may
 * take some more of them. So read no more here than the decision needs.
 */
static void describe_switched_way(struct peerbar_topology *t)
{
	struct peerbar_switched_way way = peerbar_switched_way(t);

	read_acs(&t->provider, way.provider_hops);
	read_acs(&t->client, way.client_hops);
}

static bool cpu_forwards(void)
{
#ifdef CONFIG_X86
	return boot_cpu_data.x86_vendor == X86_VENDOR_AMD &&
	       boot_cpu_data.x86 >= AMD_ZEN_FAMILY;
#else
	return false;
#endif
}

static enum peerbar_kernel_answer ask_kernel(struct pci_dev *provider, struct device *client)
{
	if (!IS_ENABLED(CONFIG_PCI_P2PDMA))
		return PEERBAR_NOT_ASKED;
	return pci_p2pdma_distance_many(provider, &client, 1, false) < 0 ?
	       PEERBAR_KERNEL_NO : PEERBAR_KERNEL_YES;
}

/*
 * The kernel reads the ACS settings each time that it is asked, even when provider and
 * client meet only at the host bridge and the settings decide nothing. There its answer
 * depends on the ID of the host bridge and the family of the CPU, which cannot change while
 * we hold a device below. So we ask once for each BAR. Two threads that ask at the same
 * time store the same answer.
 */
static enum peerbar_kernel_answer kernel_answer(struct peerbar_provider *provider,
						struct device *client,
						const struct peerbar_topology *t)
{
	enum peerbar_kernel_answer answer;

	if (!peerbar_through_one_host_bridge(t))
		return ask_kernel(provider->pdev, client);

	answer = READ_ONCE(provider->host_bridge_answer);
	if (answer == PEERBAR_NOT_ASKED) {
		answer = ask_kernel(provider->pdev, client);
		WRITE_ONCE(provider->host_bridge_answer, answer);
	}
	return answer;
}

struct peerbar_route peerbar_provider_map_type(struct peerbar_provider *provider,
					       struct device *client, phys_addr_t last)
{
	struct peerbar_topology t = {};

	if (!dev_is_pci(client))
		return (struct peerbar_route){ PEERBAR_MAP_NOT_SUPPORTED, PEERBAR_NOT_PCI };

	describe_path(&t.provider, provider->pdev);
	describe_path(&t.client, to_pci_dev(client));
	describe_switched_way(&t);
	t.cpu_forwards = cpu_forwards();
	t.kernel = kernel_answer(provider, client, &t);
	t.iommu = peerbar_iommu_of(client);
	t.coarse_iommu = coarse_iommu(client);
	t.last = last;
	t.bus_offset = provider->bus_offset;
	t.dma_mask = dma_get_mask(client);
	return peerbar_decide(&t);
}
