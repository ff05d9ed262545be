// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar path show: what it prints about a machine. The verdicts have a test of their own
 * (tests/unit/machine/test_verdict.c).
 */
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "fits.h"
#include "machine.h"
#include "said.h"
#include "tool.h"

#define GPU "0000:03:00.0"
#define NIC "0000:04:00.0"
#define DRIVE "0000:04:00.2"
#define ARGS(...) ((char *[]){ __VA_ARGS__ })

#define GPU_PART 5
#define NIC_PART 6

static struct machine_function parts[] = {
	{ .path = "pci0000:00/0000:00:00.0", .vendor = 0x8086, .device = 0x29c0,
	  .acs = MACHINE_OLD_PCI },
	{ .path = "pci0000:00/0000:00:01.0", .port = MACHINE_ROOT_PORT, .acs = 0x1d },
	{ .path = "pci0000:00/0000:00:01.0/0000:01:00.0", .port = MACHINE_UPSTREAM,
	  .acs = MACHINE_NO_ACS },
	{ .path = "pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:01.0",
	  .port = MACHINE_DOWNSTREAM, .acs = 0 },
	{ .path = "pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:02.0",
	  .port = MACHINE_DOWNSTREAM, .acs = 0x7f },
	[GPU_PART] = { .path = "pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:01.0/" GPU,
	  .vendor = 0x1af4, .device = 0x1110, .acs = MACHINE_NO_ACS, .driver = "vfio-pci",
	  .vfio = true, .group = 8, .bar = 0x380000000000, .size = 1 << 30 },
	[NIC_PART] = { .path = "pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:02.0/" NIC,
	  .vendor = 0x1d0f, .device = 0xefa2, .acs = MACHINE_NO_ACS, .driver = "efa",
	  .group = 9, .mask = 48, .rdma = "efa_0" },
};

static int setup(void **state)
{
	memset(&tool_options, 0, sizeof(tool_options));
	return fake_setup(state);
}

/* @hidden: the machine as an ordinary user sees it. */
static void make_machine(const char *cpu, bool hidden)
{
	unsigned int i;

	machine_kernel("7.3.4", cpu, MACHINE_SYMBOL("pci_p2pdma_distance_many")
		       MACHINE_MODULE_SYMBOL("vfio_pci_core_feature_dma_buf", "vfio_pci_core")
		       MACHINE_MODULE_SYMBOL("efa_reg_user_mr_dmabuf", "efa")
		       MACHINE_MODULE_SYMBOL("efa_dmabuf_revoke", "efa"));
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		parts[i].hidden = hidden;
		machine_add(&parts[i]);
	}
}

/* What is in @said_out is text, or with -j JSON; in either case the JSON fits its schema. */
static int show(int argc, char **argv)
{
	bool json = tool_options.json;

	tool_options.json = true;
	if (said_run(path_show, argc, argv) == TOOL_OK)
		assert_fits("peerbar-path-show", said_out);
	tool_options.json = json;
	return said_run(path_show, argc, argv);
}

static void prints_text(void **state)
{
	static const char expected[] =
		"nic efa_0 dev " GPU " bar 2 map host-bridge decides kernel stop our-change "
		"after dead verdict works\n"
		"    end nic dev " NIC " driver efa rdma efa_0 revokes our-change group 9 "
		"domain DMA dma_mask_bits 48 host pci0000:00\n"
		"    end dev dev " GPU " driver vfio-pci exporter kernel group 8 domain DMA bar 2 "
		"size 1G address 0x380000000000 bus_address 0x380000000000 memory yes "
		"host pci0000:00\n"
		"    hop 0000:02:02.0 above nic acs SV,TB,RR,CR,UF,EC,DT redirects yes "
		"counts yes\n"
		"    hop 0000:01:00.0 above both acs none redirects no counts yes\n"
		"    hop 0000:00:01.0 above both acs SV,RR,CR,UF redirects yes counts no\n"
		"    hop 0000:02:01.0 above dev acs off redirects no counts yes\n";

	(void)state;
	make_machine("AuthenticAMD/25", false);
	assert_int_equal(show(2, ARGS("efa_0", "03:00.0")), TOOL_OK);
	assert_string_equal(said_out, expected);
	tool_options.details = true;
	assert_int_equal(show(2, ARGS(NIC, GPU)), TOOL_OK);
	assert_non_null(strstr(said_out, "nic efa_0 dev " GPU " bar 2 "));
	assert_non_null(strstr(said_out, " size 1073741824 "));
	assert_non_null(strstr(said_out, "\n    host pci0000:00 by 0000:00:00.0 id 8086:29c0\n"));
}

/* The driver of a ConnectX maps the buffer again when the NIC uses it. */
static void says_what_may_revive(void **state)
{
	struct machine_function connectx = parts[NIC_PART];

	(void)state;
	make_machine("AuthenticAMD/25", false);
	connectx.path = "pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:02.0/0000:04:00.1";
	connectx.vendor = 0x15b3;
	connectx.device = 0x1017;
	connectx.driver = "mlx5_core";
	connectx.rdma = "mlx5_0";
	machine_add(&connectx);
	fake_file("/proc/kallsyms",
		  MACHINE_MODULE_SYMBOL("vfio_pci_core_feature_dma_buf", "vfio_pci_core")
		  MACHINE_MODULE_SYMBOL("mlx5_ib_reg_user_mr_dmabuf", "mlx5_ib")
		  MACHINE_MODULE_SYMBOL("mlx5_ib_dmabuf_invalidate_cb", "mlx5_ib"));
	assert_int_equal(show(2, ARGS("mlx5_0", GPU)), TOOL_OK);
	assert_non_null(strstr(said_out, " stop native after may-revive verdict works\n"));
	tool_options.json = true;
	assert_int_equal(show(2, ARGS("mlx5_0", GPU)), TOOL_OK);
	assert_non_null(strstr(said_out, "\"after\":\"may-revive\""));
}

/* A drive that a program owns is the importer, by iommufd, which asks nobody for the route. */
static void takes_a_vfio_device(void **state)
{
	struct machine_function drive = parts[GPU_PART];

	(void)state;
	drive.path = "pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:02.0/" DRIVE;
	drive.group = 10;
	make_machine("AuthenticAMD/25", false);
	machine_add(&drive);
	fake_file("/proc/kallsyms",
		  MACHINE_MODULE_SYMBOL("vfio_pci_core_feature_dma_buf", "vfio_pci_core")
		  MACHINE_MODULE_SYMBOL("vfio_pci_dma_buf_iommufd_map", "vfio_pci_core"));
	assert_int_equal(show(2, ARGS(DRIVE, GPU)), TOOL_OK);
	assert_non_null(strstr(said_out, " stop none verdict refused cause no-iommufd "));
	fake_file("/sys/class/misc/iommu/dev", "10:126");
	assert_int_equal(show(2, ARGS(DRIVE, GPU)), TOOL_OK);
	assert_non_null(strstr(said_out, "nic " DRIVE " dev " GPU " bar 2 importer iommufd map "
			       "host-bridge decides rules stop native after dead verdict works\n"));
	fake_file("/proc/cpuinfo", "vendor_id : GenuineIntel\ncpu family : 6\n");
	tool_options.json = true;
	assert_int_equal(show(2, ARGS(DRIVE, GPU)), TOOL_OK);
	assert_non_null(strstr(said_out, "\"verdict\":\"unreachable\",\"cause\":\"acs-redirect\""));
	assert_null(strstr(said_out, "\"errno\""));
}

static void says_why_not(void **state)
{
	(void)state;
	make_machine("GenuineIntel/6", false);
	assert_int_equal(show(2, ARGS("efa_0", GPU)), TOOL_OK);
	assert_non_null(strstr(said_out, " map not-supported decides kernel stop our-change "
			       "verdict refused cause acs-redirect reason ACS sends their traffic "
			       "to a host bridge that is not known to forward it remedy use a "));
	tool_options.json = true;
	assert_int_equal(show(2, ARGS("efa_0", GPU)), TOOL_OK);
	assert_non_null(strstr(said_out, "\"errno\":\"EINVAL\""));
	assert_null(strstr(said_out, "\"after\""));
	assert_int_equal(show(4, ARGS("efa_0", GPU, "bar", "0")), TOOL_OK);
	assert_non_null(strstr(said_out, "\"cause\":\"no-bar\""));
}

/* A NIC driver that pins, with our exporter: the output tells which driver fence= must name. */
static void says_whom_to_name(void **state)
{
	(void)state;
	parts[GPU_PART].driver = "peerbar-vfio-pci";
	make_machine("AuthenticAMD/25", false);
	parts[GPU_PART].driver = "vfio-pci";
	fake_file("/proc/kallsyms", MACHINE_MODULE_SYMBOL("efa_reg_user_mr_dmabuf", "efa"));
	fake_file("/sys/module/peerbar_vfio_pci/parameters/fence", "irdma\n");
	assert_int_equal(show(2, ARGS("efa_0", GPU)), TOOL_OK);
	assert_non_null(strstr(said_out, " stop none verdict refused cause pins-not-named reason "
			       "the NIC's driver pins buffers and cannot give them back, and the "
			       "parameter fence of peerbar-vfio-pci does not name it remedy if the "
			       "NIC may meet IOMMU faults after a revoke, name it: \"echo irdma,efa "
			       "> /sys/module/peerbar_vfio_pci/parameters/fence\", and for good "
			       "\"options peerbar_vfio_pci fence=irdma,efa\" in /etc/modprobe.d/"
			       "peerbar.conf, or load peerbar's efa (rdma/drivers)\n"));
	fake_file("/sys/module/peerbar_vfio_pci/parameters/fence", "irdma,efa\n");
	assert_int_equal(show(2, ARGS("efa_0", GPU)), TOOL_OK);
	assert_non_null(strstr(said_out, " stop fence after fenced verdict works-with-fence\n"));
}

static void says_what_it_does_not_see(void **state)
{
	(void)state;
	make_machine("GenuineIntel/6", true);
	assert_int_equal(show(2, ARGS("efa_0", GPU)), TOOL_OK);
	assert_non_null(strstr(said_out, " map none decides kernel stop our-change after dead "
			       "verdict unknown cause acs-unseen "));
	assert_non_null(strstr(said_out, " remedy run as root\n"));
	assert_non_null(strstr(said_out, "\n    hop 0000:02:01.0 above dev acs unknown "
			       "redirects none counts yes\n"));
}

static void refuses_bad_words(void **state)
{
	(void)state;
	make_machine("AuthenticAMD/25", false);
	assert_int_equal(show(1, ARGS("efa_0")), TOOL_USAGE);
	assert_int_equal(show(4, ARGS("efa_0", GPU, "bar", "6")), TOOL_USAGE);
	assert_int_equal(show(4, ARGS("efa_0", GPU, "bra", "2")), TOOL_USAGE);
	assert_int_equal(show(2, ARGS("efa_1", GPU)), TOOL_FAILURE);
	assert_non_null(strstr(said_err, "no RDMA device efa_1"));
	assert_int_equal(show(2, ARGS("efa_0", "zebra")), TOOL_FAILURE);
	assert_non_null(strstr(said_err, "not a PCI address"));
	assert_int_equal(said_run(path_show, 1, ARGS("-h")), TOOL_OK);
	assert_non_null(strstr(said_out, "Usage: peerbar path show"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(prints_text),
		TEST(says_what_may_revive),
		TEST(takes_a_vfio_device),
		TEST(says_why_not),
		TEST(says_whom_to_name),
		TEST(says_what_it_does_not_see),
		TEST(refuses_bad_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
