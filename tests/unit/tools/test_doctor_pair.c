// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar doctor: faults of the device and its VFIO driver, of the NIC, and of the pair.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "patient.h"

static void no_exporter(void **state)
{
	(void)state;
	m.symbols = EFA REVOKES;
	m.peerbar = false;
	m.gpu.driver = "vfio-pci";
	fails(CHECK_EXPORTER, "cannot export", "modprobe peerbar-vfio-pci");
}

static void bound_to_nothing(void **state)
{
	(void)state;
	m.gpu.driver = NULL;
	m.gpu.vfio = false;
	fails(CHECK_BINDING, "no driver", "peerbar dev bind " GPU " driver vfio-pci");
	assert_int_equal(findings[CHECK_GROUP].level, DOCTOR_LEFT_OUT);
	assert_int_equal(findings[CHECK_REVOKE].level, DOCTOR_LEFT_OUT);
}

static void bound_to_a_foreign_driver(void **state)
{
	(void)state;
	m.gpu.driver = "nvme";
	m.gpu.vfio = false;
	m.vfio_pci = false;
	fails(CHECK_BINDING, "nvme, which is not VFIO's", "driver peerbar-vfio-pci");
}

static void bound_to_one_that_cannot_export(void **state)
{
	(void)state;
	m.symbols = EFA REVOKES;
	m.gpu.driver = "vfio-pci";
	fails(CHECK_BINDING, "vfio-pci, which cannot export", "driver peerbar-vfio-pci");
}

static void make_stand_in(void)
{
	m.peerbar = false;
	m.symbols = EFA REVOKES;
	fake_link("/sys/bus/pci/drivers/vfio-pci/module", "../../../../module/peerbar_vfio_pci");
}

/* As on an older kernel, where this is the only exporter. */
static void bound_to_the_stand_in(void **state)
{
	(void)state;
	make_stand_in();
	m.gpu.driver = "vfio-pci";
	make();
	examine("efa_0", GPU);
	assert_int_equal(count(DOCTOR_FAILURE) + count(DOCTOR_WARNING), 0);
	assert_string_equal(findings[CHECK_EXPORTER].fact,
			    "peerbar-vfio-pci is loaded, and stands in for vfio-pci");
	assert_string_equal(findings[CHECK_BINDING].fact,
			    GPU " is bound to vfio-pci (peerbar-vfio-pci), which can export");
	assert_int_equal(findings[CHECK_DEBUGFS].level, DOCTOR_OK);
}

static void not_bound_to_the_stand_in(void **state)
{
	(void)state;
	make_stand_in();
	m.gpu.driver = NULL;
	m.gpu.vfio = false;
	fails(CHECK_BINDING, "no driver", "driver vfio-pci");
}

/* For a NIC whose driver pins, the advice is the exporter that can fence. */
static void a_pinning_nic_needs_ours(void **state)
{
	(void)state;
	m.symbols = EXPORTS EFA;
	m.gpu.driver = NULL;
	m.gpu.vfio = false;
	fails(CHECK_BINDING, "no driver", "driver peerbar-vfio-pci");
}

static void a_shared_group(void **state)
{
	static const struct machine_function sibling = {
		.path = "pci0000:00/0000:00:01.0/0000:05:00.1", .vendor = 0x1b36, .device = 0x10,
		.acs = MACHINE_NO_ACS, .driver = "nvme", .group = 8, .bar = 0xfd000000,
		.size = 1 << 16,
	};

	(void)state;
	machine_add(&sibling);
	fails(CHECK_GROUP, "0000:05:00.1 is in IOMMU group 8",
	      "peerbar dev bind 0000:05:00.1 driver peerbar-vfio-pci");
}

/* The advice for any other device would take the NIC's driver away. */
static void a_group_shared_with_the_nic(void **state)
{
	(void)state;
	m.nic.group = m.gpu.group;
	fails(CHECK_GROUP, NIC " is in IOMMU group", "keep the NIC's driver");
}

static void mode(const char *node, mode_t bits)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s", fake->root, node);
	assert_int_equal(chmod(path, bits), 0);
}

/* Examine as another user, because root may open everything. */
static void examine_as_a_user(void)
{
	if (!geteuid() && seteuid(1000))
		skip();		/* this user namespace does not map that user */
	examine("efa_0", GPU);
	assert_int_equal(seteuid(getuid()), 0);
}

static void nodes_of_somebody_else(void **state)
{
	(void)state;
	make();
	mode("", 0755);
	mode("/dev/vfio/vfio", 0444);
	mode("/dev/vfio/8", 0444);
	mode("/dev/infiniband/uverbs0", 0444);
	examine_as_a_user();
	assert_int_equal(findings[CHECK_VERBS].level, DOCTOR_FAILURE);
	assert_non_null(strstr(findings[CHECK_VERBS].command, "/dev/infiniband/uverbs0"));
	mode("/dev/infiniband/uverbs0", 0666);
	examine_as_a_user();
	only(DOCTOR_FAILURE, CHECK_ACCESS, "/dev/vfio/vfio", "chmod 0666 /dev/vfio/vfio");
	mode("/dev/vfio/vfio", 0666);
	examine_as_a_user();
	only(DOCTOR_FAILURE, CHECK_ACCESS, "/dev/vfio/8", "/dev/vfio/8");
	mode("/dev/vfio/8", 0666);
	examine_as_a_user();
	assert_int_equal(count(DOCTOR_FAILURE), 0);
}

static void no_node(void **state)
{
	(void)state;
	make();
	fake_remove("/dev/vfio/8");
	examine("efa_0", GPU);
	only(DOCTOR_FAILURE, CHECK_ACCESS, "no /dev/vfio/8",
	     "mknod -m 0600 /dev/vfio/8 c 243 0");
}

/* With iommufd, the device's own node is checked; if it does not exist, the group's is. */
static void nodes_of_iommufd(void **state)
{
	(void)state;
	make();
	fake_remove("/dev/vfio/8");
	fake_file("/dev/iommu", "");
	fake_file("/sys/class/misc/iommu/dev", "10:127\n");
	fake_file("/dev/vfio/devices/vfio0", "");
	mode("", 0755);
	examine("efa_0", GPU);
	assert_int_equal(count(DOCTOR_FAILURE), 0);
	assert_non_null(strstr(findings[CHECK_ACCESS].fact, "/dev/vfio/devices/vfio0"));
	mode("/dev/infiniband/uverbs0", 0666);
	mode("/dev/iommu", 0666);
	mode("/dev/vfio/devices/vfio0", 0444);
	examine_as_a_user();
	only(DOCTOR_FAILURE, CHECK_ACCESS, "/dev/vfio/devices/vfio0", "chown ");
	fake_process(42, "qemu\n", "/dev/vfio/devices/vfio0");
	examine("efa_0", GPU);
	only(DOCTOR_WARNING, CHECK_OWNER, "qemu (pid 42)", "end it");
}

static void the_nic_itself(void **state)
{
	(void)state;
	make();
	examine("efa_0", NIC);
	only(DOCTOR_FAILURE, CHECK_DEVICE, NIC " is the NIC efa_0 itself", "dev show");
}

static void a_nic_in_another_namespace(void **state)
{
	(void)state;
	m.nic.rdma = NULL;
	make();
	fake_file(PCI NIC "/infiniband_verbs/uverbs0/dev", "231:192\n");
	fake_link("/sys/class/infiniband_verbs/uverbs0/device", "../../../" NIC);
	examine("efa_0", GPU);
	only(DOCTOR_FAILURE, CHECK_NIC, "efa_0 of " NIC " is in another network namespace",
	     "ip netns exec");
	examine(NIC, GPU);
	only(DOCTOR_FAILURE, CHECK_NIC, "efa_0 of " NIC, "rdma dev set");
}

static void a_nic_given_to_vfio(void **state)
{
	(void)state;
	m.nic.rdma = NULL;
	m.nic.driver = "vfio-pci";
	m.nic.vfio = true;
	m.uverbs = NULL;
	fails(CHECK_NIC, NIC " is an RDMA NIC, and given to VFIO", "peerbar dev unbind " NIC);
}

static void another_owner(void **state)
{
	(void)state;
	fake_process(42, "qemu\n", "/dev/vfio/8");
	warns(CHECK_OWNER, "qemu (pid 42)", "end it");
}

static void memory_off(void **state)
{
	(void)state;
	m.gpu.memory_off = true;
	fake_process(42, "qemu\n", "/dev/vfio/8");
	make();
	fake_file(PCI GPU "/enable", "1\n");
	examine("efa_0", GPU);
	only(DOCTOR_FAILURE, CHECK_MEMORY, "decode of " GPU " is off", "qemu (pid 42)");
	fake_file(PCI GPU "/enable", "0\n");	/* idle: opening the device enables it */
	examine("efa_0", GPU);
	assert_int_equal(findings[CHECK_MEMORY].level, DOCTOR_OK);
}

static void no_bar(void **state)
{
	(void)state;
	m.gpu.size = 256;
	fails(CHECK_BAR, "no memory BAR of a page", "another device");
}

static void a_bar_without_an_address(void **state)
{
	(void)state;
	m.gpu.bar = 0;
	fails(CHECK_BAR, "has no address", "pci=realloc");
}

static void names_that_are_wrong(void **state)
{
	static const char name_one[] = "name one of those that \"peerbar doctor\" lists";

	(void)state;
	make();
	examine("efa_7", GPU);
	only(DOCTOR_FAILURE, CHECK_NIC, "no RDMA device efa_7", name_one);
	examine("efa_0", "0000:09:00.0");
	only(DOCTOR_FAILURE, CHECK_DEVICE, "no PCI device 0000:09:00.0", name_one);
	examine("efa_0", "zebra");
	only(DOCTOR_FAILURE, CHECK_DEVICE, "zebra", name_one);
	fake_file(PCI GPU "/class", "0x060400\n");
	examine("efa_0", GPU);
	only(DOCTOR_FAILURE, CHECK_DEVICE, "is a bridge", "behind it");
}

static void no_nic_driver(void **state)
{
	(void)state;
	m.efa = false;
	m.nic.driver = NULL;
	m.nic.rdma = NULL;
	m.uverbs = NULL;
	fails(CHECK_NIC, NIC " is an RDMA NIC, and its driver efa is not loaded", "modprobe efa");
	examine(NIC, GPU);	/* named by its address */
	only(DOCTOR_FAILURE, CHECK_NIC, NIC, "modprobe efa");
}

static void a_nic_bound_to_nothing(void **state)
{
	(void)state;
	m.nic.driver = NULL;
	m.nic.rdma = NULL;
	m.uverbs = NULL;
	fails(CHECK_NIC, "bound to no driver", "echo " NIC " > /sys/bus/pci/drivers/efa/bind");
}

static void a_nic_without_its_rdma_module(void **state)
{
	(void)state;
	m.nic.vendor = 0x15b3;
	m.nic.driver = "mlx5_core";
	m.nic.rdma = NULL;
	m.uverbs = NULL;
	fails(CHECK_NIC, "mlx5_ib, which makes the RDMA device, is not loaded",
	      "modprobe mlx5_ib");
	fake_file("/sys/module/mlx5_ib/refcnt", "0\n");
	examine("mlx5_0", GPU);
	only(DOCTOR_FAILURE, CHECK_NIC, "made no RDMA device", "dmesg");
}

static void no_verbs(void **state)
{
	(void)state;
	m.uverbs = NULL;
	warns(CHECK_VERBS, "not loaded", "modprobe ib_uverbs");
	fake_file("/sys/class/infiniband_verbs/uverbs3/ibdev", "efa_1\n");
	examine("efa_0", GPU);
	only(DOCTOR_FAILURE, CHECK_VERBS, "no verbs device of efa_0", "dmesg");
	fake_file("/sys/class/infiniband_verbs/uverbs4/ibdev", "efa_0\n");
	examine("efa_0", GPU);
	only(DOCTOR_FAILURE, CHECK_VERBS, "no /dev/infiniband/uverbs4", "udev");
	fake_file("/sys/class/infiniband_verbs/uverbs4/dev", "231:196\n");
	examine("efa_0", GPU);
	only(DOCTOR_FAILURE, CHECK_VERBS, "no /dev/infiniband/uverbs4",
	     "mknod -m 0666 /dev/infiniband/uverbs4 c 231 196");
}

static void a_port_that_is_down(void **state)
{
	(void)state;
	m.port = "1: DOWN\n";
	warns(CHECK_PORT, "1: DOWN", "connect");
}

static void a_nic_that_is_not_translated(void **state)
{
	(void)state;
	m.nic.domain = "identity";
	warns(CHECK_DOMAIN, "identity", "without iommu=pt");
}

static void a_foreign_domain(void **state)
{
	(void)state;
	m.nic.domain = "unmanaged";
	fails(CHECK_DOMAIN, "unmanaged", "default domain");
}

static void no_dmabuf_mrs(void **state)
{
	(void)state;
	m.symbols = EXPORTS;
	fails(CHECK_DMABUF, "no dma-buf memory regions", "another NIC");
	assert_int_equal(findings[CHECK_REVOKE].level, DOCTOR_LEFT_OUT);
}

static void pinned_and_fenced(void **state)
{
	(void)state;
	m.symbols = EXPORTS EFA;
	make();
	examine("efa_0", GPU);
	assert_int_equal(count(DOCTOR_OK), NR_CHECKS);
	assert_non_null(strstr(findings[CHECK_REVOKE].fact, "fences it in the IOMMU, as its "
			       "parameter fence allows"));
}

static void pinned_and_no_fence(void **state)
{
	(void)state;
	m.symbols = EXPORTS EFA;
	m.gpu.driver = "vfio-pci";
	fails(CHECK_REVOKE, "vfio-pci has no fence",
	      "peerbar dev bind " GPU " driver peerbar-vfio-pci");
}

static void pinned_and_ours_not_loaded(void **state)
{
	(void)state;
	m.symbols = EXPORTS EFA;
	m.gpu.driver = "vfio-pci";
	m.peerbar = false;
	m.fence = NULL;
	fails(CHECK_REVOKE, "vfio-pci has no fence", "modprobe peerbar-vfio-pci");
}

static void pinned_and_ours_too_old(void **state)
{
	(void)state;
	m.symbols = EXPORTS EFA;
	m.fence = NULL;
	fails(CHECK_REVOKE, "peerbar-vfio-pci has no fence", "load a peerbar-vfio-pci that can");
}

static void pinned_and_not_named(void **state)
{
	(void)state;
	m.symbols = EXPORTS EFA;
	m.fence = "\n";
	fails(CHECK_REVOKE, "the parameter fence of peerbar-vfio-pci does not name it",
	      "by a line \"options peerbar_vfio_pci fence=efa\" in /etc/modprobe.d/peerbar.conf "
	      "# echo efa > /sys/module/peerbar_vfio_pci/parameters/fence");
}

/* The advice keeps the other drivers that are in the list already. */
static void pinned_and_others_named(void **state)
{
	(void)state;
	m.symbols = EXPORTS EFA;
	m.fence = "bnxt_re,irdma\n\n";
	fails(CHECK_REVOKE, "does not name it",
	      "fence=bnxt_re,irdma,efa\" in /etc/modprobe.d/peerbar.conf "
	      "# echo bnxt_re,irdma,efa > /sys/module/peerbar_vfio_pci/parameters/fence");
}

/* The command is not truncated, even if the list is longer than any real one. */
static void pinned_and_many_named(void **state)
{
	char many[1024];

	(void)state;
	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	m.symbols = EXPORTS EFA;
	m.fence = many;
	fails(CHECK_REVOKE, "does not name it",
	      "# echo $(cat /sys/module/peerbar_vfio_pci/parameters/fence),efa > "
	      "/sys/module/peerbar_vfio_pci/parameters/fence");
}

static void pinned_and_not_translated(void **state)
{
	(void)state;
	m.symbols = EXPORTS EFA;
	m.nic.domain = "identity";
	fails(CHECK_REVOKE, "no IOMMU translates", "iommu=pt");
}

static void a_cpu_that_does_not_forward(void **state)
{
	(void)state;
	m.cpu = "GenuineIntel/6";
	fails(CHECK_PATH, "not known to forward", "host bridge forwards");
}

static void a_bar_above_the_mask(void **state)
{
	(void)state;
	m.nic.domain = "identity";
	m.nic.mask = 32;
	fails(CHECK_MASK, "addresses of 32 bits", "without iommu=pt");
}

static void a_bar_larger_than_the_mask(void **state)
{
	(void)state;
	m.nic.mask = 32;
	m.gpu.size = 1ull << 33;
	warns(CHECK_MASK, "8192 MiB", "slices");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_exporter),
		TEST(bound_to_nothing),
		TEST(bound_to_a_foreign_driver),
		TEST(bound_to_one_that_cannot_export),
		TEST(bound_to_the_stand_in),
		TEST(not_bound_to_the_stand_in),
		TEST(a_pinning_nic_needs_ours),
		TEST(a_shared_group),
		TEST(a_group_shared_with_the_nic),
		TEST(nodes_of_somebody_else),
		TEST(no_node),
		TEST(nodes_of_iommufd),
		TEST(the_nic_itself),
		TEST(a_nic_in_another_namespace),
		TEST(a_nic_given_to_vfio),
		TEST(another_owner),
		TEST(memory_off),
		TEST(no_bar),
		TEST(a_bar_without_an_address),
		TEST(names_that_are_wrong),
		TEST(no_nic_driver),
		TEST(a_nic_bound_to_nothing),
		TEST(a_nic_without_its_rdma_module),
		TEST(no_verbs),
		TEST(a_port_that_is_down),
		TEST(a_nic_that_is_not_translated),
		TEST(a_foreign_domain),
		TEST(no_dmabuf_mrs),
		TEST(pinned_and_fenced),
		TEST(pinned_and_no_fence),
		TEST(pinned_and_ours_not_loaded),
		TEST(pinned_and_ours_too_old),
		TEST(pinned_and_not_named),
		TEST(pinned_and_others_named),
		TEST(pinned_and_many_named),
		TEST(pinned_and_not_translated),
		TEST(a_cpu_that_does_not_forward),
		TEST(a_bar_above_the_mask),
		TEST(a_bar_larger_than_the_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
