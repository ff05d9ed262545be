// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar doctor: a machine without faults, and faults of the kernel and of the IOMMU.
 */
#include "patient.h"

static void a_machine_that_works(void **state)
{
	(void)state;
	make();
	examine("efa_0", GPU);
	assert_int_equal(count(DOCTOR_OK), NR_CHECKS);
}

static void without_names(void **state)
{
	(void)state;
	make();
	examine(NULL, NULL);
	assert_int_equal(count(DOCTOR_FAILURE), 0);
	assert_int_equal(findings[CHECK_IOMMU].level, DOCTOR_OK);
	assert_int_equal(findings[CHECK_BINDING].level, DOCTOR_LEFT_OUT);
	assert_int_equal(findings[CHECK_NIC].level, DOCTOR_LEFT_OUT);
}

static void an_old_kernel(void **state)
{
	(void)state;
	m.release = "5.10.0-30-amd64";
	m.symbols = EFA REVOKES;
	fails(CHECK_KERNEL, "5.10", "6.1");
}

static void a_kernel_without_vfio(void **state)
{
	(void)state;
	m.config = "CONFIG_IOMMU_API=y\n# CONFIG_VFIO_PCI is not set\n"
		   "CONFIG_INFINIBAND_USER_ACCESS=m\n";
	fails(CHECK_CONFIG, "CONFIG_VFIO_PCI", "CONFIG_VFIO_PCI");
	assert_int_equal(findings[CHECK_VFIO].level, DOCTOR_LEFT_OUT);
	assert_int_equal(findings[CHECK_BINDING].level, DOCTOR_LEFT_OUT);
}

static void lockdown_keeps_the_nic_driver_out(void **state)
{
	(void)state;
	m.lockdown = "none [integrity] confidentiality\n";
	m.efa = false;
	m.nic.driver = NULL;
	m.nic.rdma = NULL;
	m.uverbs = NULL;
	fails(CHECK_SIGNATURES, "lockdown integrity", "lockdown=");
}

static void signatures_keep_the_exporter_out(void **state)
{
	static const unsigned char on[] = { 6, 0, 0, 0, 1 };

	(void)state;
	m.sig_enforce = "Y\n";
	m.symbols = EFA REVOKES;
	m.peerbar = false;
	m.gpu.driver = "vfio-pci";
	fails(CHECK_SIGNATURES, "module.sig_enforce", "module.sig_enforce");
	fake_file("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	fake_bytes("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
		   on, sizeof(on));
	examine("efa_0", GPU);
	only(DOCTOR_FAILURE, CHECK_SIGNATURES, "Secure Boot on", "mokutil");
}

static void signatures_are_no_matter_when_all_is_loaded(void **state)
{
	(void)state;
	m.lockdown = "none integrity [confidentiality]\n";
	make();
	examine("efa_0", GPU);
	assert_int_equal(count(DOCTOR_OK), NR_CHECKS);
}

static void no_iommu(void **state)
{
	(void)state;
	m.gpu.group = 0;
	m.nic.group = 0;
	m.gpu.driver = NULL;
	m.gpu.vfio = false;
	fails(CHECK_IOMMU, "no IOMMU", "firmware");
}

static void an_iommu_turned_off(void **state)
{
	(void)state;
	m.gpu.group = 0;
	m.nic.group = 0;
	m.gpu.driver = NULL;
	m.gpu.vfio = false;
	m.table = "/sys/firmware/acpi/tables/DMAR";
	m.cmdline = "intel_iommu=on quiet intel_iommu=off\n";
	fails(CHECK_IOMMU, "intel_iommu=off", "without intel_iommu=off, with intel_iommu=on");
	fake_file("/proc/cmdline", "quiet intel_iommu=off,sm_on\n");
	examine("efa_0", GPU);
	only(DOCTOR_FAILURE, CHECK_IOMMU, "DMAR", "boot with intel_iommu=on");
}

static void a_device_past_the_iommu(void **state)
{
	(void)state;
	m.gpu.group = 0;
	fails(CHECK_IOMMU, "behind no IOMMU", "slot");
}

static void no_vfio(void **state)
{
	(void)state;
	m.vfio_pci = false;
	m.peerbar = false;
	m.gpu.driver = NULL;
	m.gpu.vfio = false;
	fails(CHECK_VFIO, "vfio-pci is not loaded", "modprobe vfio-pci");
}

static void no_type1(void **state)
{
	(void)state;
	m.type1 = false;
	fails(CHECK_VFIO, "vfio_iommu_type1", "modprobe vfio_iommu_type1");
}

static void interrupts_not_remapped(void **state)
{
	static const char * const unsafe =
		"/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts";

	(void)state;
	m.interrupts = "  9:  0  IO-APIC  9-fasteoi  acpi\n";
	fails(CHECK_INTERRUPTS, "remaps no interrupts", "echo Y > ");
	fake_file(unsafe, "Y\n");
	examine("efa_0", GPU);
	assert_int_equal(count(DOCTOR_FAILURE), 0);
	only(DOCTOR_WARNING, CHECK_INTERRUPTS, "allow_unsafe_interrupts", "");
}

/* On a machine that is not x86 these names do not exist, so nothing is known. */
static void interrupts_of_another_machine(void **state)
{
	(void)state;
	m.interrupts = " 11:  0  GICv3  27 Level  arch_timer\n";
	make();
	examine("efa_0", GPU);
	assert_int_equal(findings[CHECK_INTERRUPTS].level, DOCTOR_LEFT_OUT);
	assert_int_equal(count(DOCTOR_FAILURE), 0);
}

static void no_limit_reached(void **state)
{
	(void)state;
	m.limits = "Limit  Soft\nMax locked memory         65536   65536   bytes\n";
	fails(CHECK_MEMLOCK, "64 KiB", "prlimit --pid ");
	fake_file("/proc/self/status", "CapEff:\t0000000000004000\n");	/* CAP_IPC_LOCK */
	examine("efa_0", GPU);
	assert_int_equal(findings[CHECK_MEMLOCK].level, DOCTOR_OK);
	fake_file("/proc/self/uid_map", "         0          0 4294967295\n");
	examine("efa_0", GPU);
	assert_int_equal(findings[CHECK_MEMLOCK].level, DOCTOR_OK);
	fake_file("/proc/self/uid_map", "         0       1000          1\n");	/* container */
	examine("efa_0", GPU);
	assert_int_equal(findings[CHECK_MEMLOCK].level, DOCTOR_FAILURE);
	fake_remove("/proc/self/uid_map");
	fake_file("/proc/self/status", "CapEff:\tffffffffffffbfff\n");
	examine("efa_0", GPU);
	assert_int_equal(findings[CHECK_MEMLOCK].level, DOCTOR_FAILURE);
}

static void no_debugfs(void **state)
{
	(void)state;
	m.mounts = "proc /proc proc rw 0 0\n";
	warns(CHECK_DEBUGFS, "not mounted", "mount -t debugfs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_machine_that_works),
		TEST(without_names),
		TEST(an_old_kernel),
		TEST(a_kernel_without_vfio),
		TEST(lockdown_keeps_the_nic_driver_out),
		TEST(signatures_keep_the_exporter_out),
		TEST(signatures_are_no_matter_when_all_is_loaded),
		TEST(no_iommu),
		TEST(an_iommu_turned_off),
		TEST(a_device_past_the_iommu),
		TEST(no_vfio),
		TEST(no_type1),
		TEST(interrupts_not_remapped),
		TEST(interrupts_of_another_machine),
		TEST(no_limit_reached),
		TEST(no_debugfs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
