// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Facts, read from synthetic machines.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "machine.h"
#include "machine/facts.h"

#define RELEASE "7.3.4+deb13-amd64"
#define GPU "0000:05:00.0"

static const struct machine_function host = {
	.path = "pci0000:00/0000:00:00.0", .vendor = 0x8086, .device = 0x29c0,
	.acs = MACHINE_OLD_PCI,
};

static const struct machine_function port = {
	.path = "pci0000:00/0000:00:01.0", .vendor = 0x1b36, .device = 0xc,
	.port = MACHINE_ROOT_PORT, .acs = 0x1d,
};

static const struct machine_function gpu = {
	.path = "pci0000:00/0000:00:01.0/" GPU, .vendor = 0x1af4, .device = 0x1110,
	.acs = MACHINE_NO_ACS, .driver = "vfio-pci", .vfio = true, .group = 8, .mask = 32,
	.bar = 0x380000000000, .size = 1ull << 36,
};

static void reads_the_way_up(void **state)
{
	struct pb_pci pci;

	(void)state;
	machine_add(&port);
	machine_add(&gpu);
	machine_add(&host);
	assert_int_equal(pb_pci_facts(GPU, &pci), 0);
	assert_int_equal(pci.nr_hops, 2);
	assert_string_equal(pci.hop[0].address, GPU);
	assert_int_equal(pci.hop[0].acs, PB_ACS_NONE);
	assert_string_equal(pci.hop[1].address, "0000:00:01.0");
	assert_int_equal(pci.hop[1].acs, PB_ACS_PRESENT);
	assert_int_equal(pci.hop[1].control, 0x1d);
	assert_string_equal(pci.host, "pci0000:00");
	assert_string_equal(pci.root, "0000:00:00.0");
	assert_int_equal(pci.root_vendor, 0x8086);
	assert_int_equal(pci.root_device, 0x29c0);
}

static void reads_the_function(void **state)
{
	struct pb_pci pci;

	(void)state;
	machine_add(&gpu);
	assert_int_equal(pb_pci_facts(GPU, &pci), 0);
	assert_string_equal(pci.driver, "vfio-pci");
	assert_true(pci.vfio);
	assert_int_equal(pci.group, 8);
	assert_string_equal(pci.domain, "DMA");
	assert_int_equal(pb_pci_iommu(&pci), PEERBAR_IOMMU_TRANSLATES);
	assert_int_equal(pci.dma_mask_bits, 32);
	assert_int_equal(pci.memory, PB_YES);
	assert_int_equal(pb_pci_largest_bar(&pci), 2);
	assert_int_equal(pci.bar[2].start, 0x380000000000);
	assert_int_equal(pci.bar[2].size, 1ull << 36);
	assert_true(pci.bar[2].assigned);
	assert_true(pci.bar[2].bus_known);
	assert_int_equal(pci.bar[2].bus, 0x380000000000);
	assert_int_equal(pci.bar[0].size, 0);
}

static void an_ordinary_user_sees_no_acs(void **state)
{
	struct machine_function f = port;
	struct pb_pci pci;

	(void)state;
	f.hidden = true;
	machine_add(&f);
	machine_add(&gpu);
	assert_int_equal(pb_pci_facts(GPU, &pci), 0);
	assert_int_equal(pci.hop[1].acs, PB_ACS_UNKNOWN);
	assert_int_equal(pci.hop[1].control, 0);
}

static void a_bus_address_of_its_own(void **state)
{
	struct machine_function f = gpu;
	struct pb_pci pci;

	(void)state;
	f.bus = 0x10000000;
	f.memory_off = true;
	machine_add(&f);
	assert_int_equal(pb_pci_facts(GPU, &pci), 0);
	assert_int_equal(pci.bar[2].bus, 0x10000000);
	assert_int_equal(pci.memory, PB_NO);
}

/* Of a virtual function, all registers but a few read as zero. */
static void a_virtual_function_hides(void **state)
{
	unsigned char config[4096];
	struct pb_pci pci;

	(void)state;
	machine_add(&gpu);
	memset(config, 0, sizeof(config));
	fake_bytes("/sys/bus/pci/devices/" GPU "/config", config, sizeof(config));
	fake_file("/sys/bus/pci/devices/" GPU "/physfn/vendor", "0x1af4\n");
	assert_int_equal(pb_pci_facts(GPU, &pci), 0);
	assert_false(pci.bar[2].bus_known);
	assert_int_equal(pci.memory, PB_UNKNOWN);
	assert_int_equal(pci.bar[2].size, 1ull << 36);
}

static void a_dead_function_tells_nothing(void **state)
{
	unsigned char config[4096];
	struct pb_pci pci;

	(void)state;
	machine_add(&gpu);
	memset(config, 0xff, sizeof(config));
	fake_bytes("/sys/bus/pci/devices/" GPU "/config", config, sizeof(config));
	assert_int_equal(pb_pci_facts(GPU, &pci), 0);
	assert_false(pci.bar[2].bus_known);
	assert_int_equal(pci.memory, PB_UNKNOWN);
	assert_int_equal(pci.hop[0].acs, PB_ACS_UNKNOWN);
}

/* A capability that points to itself, or past the end, ends the search. */
static void bad_capabilities_end(void **state)
{
	unsigned char config[4096] = { 0x86, 0x80 };
	struct pb_pci pci;

	(void)state;
	machine_add(&gpu);
	config[0x100] = 1;
	config[0x103] = 0x10;
	fake_bytes("/sys/bus/pci/devices/" GPU "/config", config, sizeof(config));
	assert_int_equal(pb_pci_facts(GPU, &pci), 0);
	assert_int_equal(pci.hop[0].acs, PB_ACS_NONE);
	config[0x102] = 0xc0;
	config[0x103] = 0xff;
	fake_bytes("/sys/bus/pci/devices/" GPU "/config", config, sizeof(config));
	assert_int_equal(pb_pci_facts(GPU, &pci), 0);
	assert_int_equal(pci.hop[0].acs, PB_ACS_NONE);
}

static void the_first_on_the_root_bus_stands_for_it(void **state)
{
	struct machine_function first = port;
	struct pb_pci pci;

	(void)state;
	/* the first function is not at 00.0, but is a root port */
	machine_add(&first);
	machine_add(&gpu);
	assert_int_equal(pb_pci_facts(GPU, &pci), 0);
	assert_string_equal(pci.root, "0000:00:01.0");
	assert_int_equal(pci.root_vendor, 0x1b36);
	/* neither at 00.0 nor a root port */
	first.path = "pci0000:40/0000:40:02.0";
	first.port = MACHINE_ENDPOINT;
	machine_add(&first);
	assert_int_equal(pb_pci_facts("0000:40:02.0", &pci), 0);
	assert_string_equal(pci.root, "");
	assert_string_equal(pci.host, "pci0000:40");
}

/* A host bridge below a PCI function, as with Intel VMD, and one that is a platform device. */
static void host_bridges_in_other_places(void **state)
{
	struct machine_function f = gpu;
	struct pb_pci pci;

	(void)state;
	f.path = "pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0";
	machine_add(&f);
	assert_int_equal(pb_pci_facts("10000:e1:00.0", &pci), 0);
	assert_int_equal(pci.nr_hops, 2);
	assert_string_equal(pci.host, "pci10000:e0");
	f.path = "platform/40000000.pcie/pci0001:00/0001:00:00.0";
	machine_add(&f);
	assert_int_equal(pb_pci_facts("0001:00:00.0", &pci), 0);
	assert_int_equal(pci.nr_hops, 1);
	assert_string_equal(pci.host, "pci0001:00");
	assert_string_equal(pci.root, "0001:00:00.0");
}

static void knows_the_domains(void **state)
{
	static const struct {
		int group;
		const char *type;
		enum peerbar_iommu iommu;
	} domains[] = {
		{ 0, NULL, PEERBAR_IOMMU_NONE }, { 1, "identity", PEERBAR_IOMMU_IDENTITY },
		{ 2, "DMA", PEERBAR_IOMMU_TRANSLATES }, { 3, "DMA-FQ", PEERBAR_IOMMU_TRANSLATES },
		{ 4, "unmanaged", PEERBAR_IOMMU_FOREIGN }, { 5, "blocked", PEERBAR_IOMMU_FOREIGN },
	};
	struct machine_function f = gpu;
	char path[64];
	struct pb_pci pci;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
		snprintf(path, sizeof(path), "pci0000:00/0000:%02zx:00.0", i + 1);
		f.path = path;
		f.group = domains[i].group;
		f.domain = domains[i].type;
		machine_add(&f);
		assert_int_equal(pb_pci_facts(path + strlen("pci0000:00/"), &pci), 0);
		assert_int_equal(pb_pci_iommu(&pci), domains[i].iommu);
	}
}

static void knows_the_kernel(void **state)
{
	struct pb_kernel kernel;

	(void)state;
	machine_kernel(RELEASE, "AuthenticAMD/23", MACHINE_SYMBOL("pci_p2pdma_distance_many")
		       MACHINE_MODULE_SYMBOL("vfio_pci_core_feature_dma_buf", "vfio_pci_core"));
	fake_file("/sys/module/peerbar_vfio_pci/parameters/fence", "efa\n\n");
	assert_int_equal(pb_kernel_facts(&kernel), 0);
	assert_string_equal(kernel.release, RELEASE);
	assert_int_equal(kernel.version, PB_VERSION(7, 3));
	assert_int_equal(kernel.p2pdma, PB_YES);
	assert_int_equal(kernel.vfio_dmabuf, PB_YES);
	assert_true(kernel.cpu_forwards);
	assert_true(pb_fence_names(&kernel.fence, "efa"));
}

static void knows_another_kernel(void **state)
{
	struct pb_kernel kernel;

	(void)state;
	/* the same symbol, but in another module */
	machine_kernel("6.1.0-50-amd64", "GenuineIntel/23", MACHINE_SYMBOL("start_kernel")
		       MACHINE_MODULE_SYMBOL("vfio_pci_core_feature_dma_buf", "other"));
	fake_file("/sys/module/peerbar_vfio_pci/parameters/fence", "\n");
	assert_int_equal(pb_kernel_facts(&kernel), 0);
	assert_int_equal(kernel.version, PB_VERSION(6, 1));
	assert_int_equal(kernel.p2pdma, PB_NO);
	assert_int_equal(kernel.vfio_dmabuf, PB_NO);
	assert_false(kernel.cpu_forwards);
	assert_true(kernel.fence.known);
	assert_false(pb_fence_names(&kernel.fence, "efa"));
}

static void knows_what_it_cannot_know(void **state)
{
	struct pb_kernel kernel;

	(void)state;
	assert_int_equal(pb_kernel_facts(&kernel), -ENOENT);
	assert_sentence("/proc mounted", NULL);
	machine_kernel(RELEASE, "AuthenticAMD/22", "");
	assert_int_equal(pb_kernel_facts(&kernel), 0);
	assert_int_equal(kernel.p2pdma, PB_UNKNOWN);
	assert_int_equal(kernel.vfio_dmabuf, PB_UNKNOWN);
	assert_false(kernel.cpu_forwards);
	assert_false(kernel.fence.known);
	assert_int_equal(pb_kernel_config(&kernel, "CONFIG_PCI_P2PDMA"), '?');
}

static void reads_the_configuration(void **state)
{
	struct pb_kernel kernel;

	(void)state;
	machine_kernel(RELEASE, "GenuineIntel/6", "");
	assert_int_equal(pb_kernel_facts(&kernel), 0);
	fake_file("/lib/modules/" RELEASE "/config",
		  "# CONFIG_IOMMUFD is not set\nCONFIG_PCI_P2PDMA=y\nCONFIG_VFIO_PCI_CORE=m\n");
	assert_int_equal(pb_kernel_config(&kernel, "CONFIG_PCI_P2PDMA"), 'y');
	assert_int_equal(pb_kernel_config(&kernel, "CONFIG_VFIO_PCI_CORE"), 'm');
	assert_int_equal(pb_kernel_config(&kernel, "CONFIG_VFIO_PCI"), 'n');
	assert_int_equal(pb_kernel_config(&kernel, "CONFIG_IOMMUFD"), 'n');
	/* the file in /boot is the running kernel's */
	fake_file("/boot/config-" RELEASE, "CONFIG_IOMMUFD=m\n");
	assert_int_equal(pb_kernel_config(&kernel, "CONFIG_IOMMUFD"), 'm');
}

static void knows_the_nics(void **state)
{
	static const struct {
		const char *driver, *symbols;
		enum pb_revoke revoke;
	} nics[] = {
		{ "efa", MACHINE_MODULE_SYMBOL("efa_reg_user_mr_dmabuf", "efa"), PB_REVOKE_PINS },
		{ "efa", MACHINE_MODULE_SYMBOL("efa_reg_user_mr_dmabuf", "efa")
			 MACHINE_MODULE_SYMBOL("efa_dmabuf_revoke", "efa"), PB_REVOKE_CHANGED },
		{ "efa", MACHINE_MODULE_SYMBOL("efa_reg_user_mr_dmabuf", "efa")
			 MACHINE_MODULE_SYMBOL("efa_dmabuf_revoke", "fake"), PB_REVOKE_PINS },
		{ "efa", MACHINE_SYMBOL("start_kernel"), PB_REVOKE_NO_DMABUF },
		{ "efa", "", PB_REVOKE_UNKNOWN },
		{ "mlx5_core", MACHINE_MODULE_SYMBOL("mlx5_ib_reg_user_mr_dmabuf", "mlx5_ib")
			MACHINE_MODULE_SYMBOL("mlx5_ib_dmabuf_invalidate_cb", "mlx5_ib"),
			PB_REVOKE_NATIVE },
		{ "mlx5_core", MACHINE_SYMBOL("mlx5_ib_reg_user_mr_dmabuf")
			MACHINE_SYMBOL("mlx5_ib_dmabuf_invalidate_cb"), PB_REVOKE_NATIVE },
		{ "ice", MACHINE_MODULE_SYMBOL("irdma_reg_user_mr_dmabuf", "irdma")
			MACHINE_MODULE_SYMBOL("irdma_umem_dmabuf_revoke", "irdma"),
			PB_REVOKE_NATIVE },
		{ "ice", MACHINE_MODULE_SYMBOL("irdma_reg_user_mr_dmabuf", "irdma"),
			PB_REVOKE_PINS },
		{ "ice", MACHINE_MODULE_SYMBOL("irdma_reg_user_mr", "irdma"),
			PB_REVOKE_NO_DMABUF },
		{ "bnxt_en", MACHINE_MODULE_SYMBOL("bnxt_re_reg_user_mr_dmabuf", "bnxt_re"),
			PB_REVOKE_PINS },
		{ "hns3", MACHINE_SYMBOL("start_kernel"), PB_REVOKE_UNKNOWN },
	};
	struct machine_function f = gpu;
	struct pb_kernel kernel;
	char path[64];
	struct pb_nic nic;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(nics) / sizeof(nics[0]); i++) {
		snprintf(path, sizeof(path), "pci0000:00/0000:%02zx:00.0", i + 1);
		f.path = path;
		f.driver = nics[i].driver;
		machine_add(&f);
		machine_kernel(RELEASE, "AuthenticAMD/23", nics[i].symbols);
		assert_int_equal(pb_kernel_facts(&kernel), 0);
		assert_int_equal(pb_nic_facts(&kernel, path + strlen("pci0000:00/"), &nic), 0);
		assert_int_equal(nic.revoke, nics[i].revoke);
	}
}

static void finds_a_nic_by_either_name(void **state)
{
	struct machine_function f = gpu;
	struct pb_nic nic;

	(void)state;
	f.rdma = "rocep5s0";
	machine_add(&f);
	assert_int_equal(pb_nic_find("rocep5s0", &nic), 0);
	assert_string_equal(nic.pci.address, GPU);
	assert_string_equal(nic.name, "rocep5s0");
	assert_int_equal(pb_nic_find("05:00.0", &nic), 0);
	assert_string_equal(nic.pci.address, GPU);
	assert_string_equal(nic.name, "rocep5s0");
	assert_int_equal(pb_nic_find("06:00.0", &nic), -ENODEV);
	assert_sentence("0000:06:00.0", NULL);
	assert_int_equal(pb_nic_find("nic_9", &nic), -ENODEV);
	assert_sentence("no RDMA device nic_9", NULL);
	assert_int_equal(pb_nic_find("../net", &nic), -ENODEV);
	fake_link("/sys/class/infiniband/siw0/device", "../../net/eth0");
	assert_int_equal(pb_nic_find("siw0", &nic), -EINVAL);
	assert_sentence("siw0 is not a PCI device", NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_the_way_up),
		TEST(reads_the_function),
		TEST(an_ordinary_user_sees_no_acs),
		TEST(a_bus_address_of_its_own),
		TEST(a_virtual_function_hides),
		TEST(a_dead_function_tells_nothing),
		TEST(bad_capabilities_end),
		TEST(the_first_on_the_root_bus_stands_for_it),
		TEST(host_bridges_in_other_places),
		TEST(knows_the_domains),
		TEST(knows_the_kernel),
		TEST(knows_another_kernel),
		TEST(knows_what_it_cannot_know),
		TEST(reads_the_configuration),
		TEST(knows_the_nics),
		TEST(finds_a_nic_by_either_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
