// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Addresses, and what sysfs and /proc tell about a device.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"
#include "machine/pci.h"

static void parses_addresses(void **state)
{
	static const struct {
		const char *text, *address;
	} good[] = {
		{ "0000:01:00.0", "0000:01:00.0" }, { "01:00.0", "0000:01:00.0" },
		{ "1:2.3", "0000:01:02.3" }, { "00ff:FE:1F.7", "00ff:fe:1f.7" },
		{ "10000:e1:00.0", "10000:e1:00.0" }, { "ffffffff:ff:1f.7", "ffffffff:ff:1f.7" },
	};
	char address[PB_ADDRESS_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(pb_pci_parse(good[i].text, address), 0);
		assert_string_equal(address, good[i].address);
	}
}

static void refuses_what_is_no_address(void **state)
{
	static const char *const bad[] = {
		"", ":", "01", "01:00", "01:00.", "01:00.8", "01:20.0", "100:00.0", "01:00.00",
		"0000:01:00.0 ", " 01:00.0", "+1:00.0", "-1:00.0", "0x01:00.0", "00:0000:01:00.0",
		"0000:01:00.0/..", "000000000:01:00.0", "../../etc", "efa_0", "0000:01:00,0",
		"01.00.0", "g1:00.0",
	};
	char address[PB_ADDRESS_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(pb_pci_parse(bad[i], address), -EINVAL);
		assert_sentence(bad[i], "not a PCI address", "0000:01:00.0", NULL);
	}
	assert_int_equal(pb_pci_parse(NULL, address), -EINVAL);
}

static void reads_a_device(void **state)
{
	uint64_t size[PB_NR_BARS], value;
	char driver[PB_NAME_SIZE];

	(void)state;
	fake_usual();
	assert_int_equal(pb_pci_exists("0000:01:00.0"), 0);
	assert_true(pb_pci_is_vfio("0000:01:00.0"));
	assert_false(pb_pci_is_bridge("0000:01:00.0"));
	assert_int_equal(pb_pci_group("0000:01:00.0"), 7);
	pb_pci_driver("0000:01:00.0", driver);
	assert_string_equal(driver, "vfio-pci");
	assert_int_equal(pb_pci_hex("0000:01:00.0", "vendor", &value), 0);
	assert_int_equal(value, 0x1af4);
	assert_int_equal(pb_pci_bars("0000:01:00.0", size), 0);
	assert_int_equal(size[0], FAKE_BAR0_SIZE);
	assert_int_equal(size[1], 0);	/* I/O ports */
	assert_int_equal(size[2], FAKE_BAR2_SIZE);
	assert_int_equal(size[3], 0);
	assert_int_equal(size[4], FAKE_BAR4_SIZE);
}

static void reads_what_is_missing(void **state)
{
	uint64_t size[PB_NR_BARS], value;
	char driver[PB_NAME_SIZE];

	(void)state;
	fake_device("0000:02:00.0", NULL, -1, false);
	assert_int_equal(pb_pci_exists("0000:09:00.0"), -ENODEV);
	assert_sentence("0000:09:00.0", "no PCI device", NULL);
	assert_false(pb_pci_is_vfio("0000:02:00.0"));
	assert_true(pb_pci_group("0000:02:00.0") < 0);
	pb_pci_driver("0000:02:00.0", driver);
	assert_string_equal(driver, "");
	assert_int_equal(pb_pci_hex("0000:02:00.0", "nothing", &value), -ENOENT);
	assert_int_equal(pb_pci_bars("0000:09:00.0", size), -ENOENT);
	fake_file("/sys/bus/pci/devices/0000:02:00.0/resource", "0x0 0x0\n");
	assert_int_equal(pb_pci_bars("0000:02:00.0", size), -EIO);
}

static void tells_vfio_pci_from_its_stand_in(void **state)
{
	char module[PB_NAME_SIZE];

	(void)state;
	assert_null(pb_our_driver());
	assert_false(pb_has_vfio_pci());
	fake_link("/sys/bus/pci/drivers/vfio-pci/module", "../../../../module/vfio_pci");
	assert_null(pb_our_driver());
	assert_true(pb_has_vfio_pci());
	assert_false(pb_driver_is_ours("vfio-pci"));
	fake_file("/sys/bus/pci/drivers/peerbar-vfio-pci/bind", "");
	assert_string_equal(pb_our_driver(), "peerbar-vfio-pci");
	assert_true(pb_has_vfio_pci());
	pb_driver_module("vfio-pci", module);
	assert_string_equal(module, "vfio_pci");
	pb_driver_module("peerbar-vfio-pci", module);
	assert_string_equal(module, "");
}

static void finds_itself_under_the_other_name(void **state)
{
	(void)state;
	fake_link("/sys/bus/pci/drivers/vfio-pci/module", "../../../../module/peerbar_vfio_pci");
	assert_string_equal(pb_our_driver(), "vfio-pci");
	assert_true(pb_driver_is_ours("vfio-pci"));
	assert_false(pb_has_vfio_pci());
}

static void knows_a_bridge(void **state)
{
	(void)state;
	fake_device("0000:00:02.0", "pcieport", 3, false);
	fake_file("/sys/bus/pci/devices/0000:00:02.0/class", "0x060400\n");
	assert_true(pb_pci_is_bridge("0000:00:02.0"));
}

static void finds_the_blocker_of_a_group(void **state)
{
	char address[PB_ADDRESS_SIZE], driver[PB_NAME_SIZE];

	(void)state;
	fake_usual();
	fake_device("0000:00:02.0", "pcieport", 7, false);
	fake_device("0000:01:00.2", NULL, 7, false);
	fake_device("0000:01:00.3", "pci-stub", 7, false);
	assert_false(pb_group_blocker(7, address, driver));
	fake_device("0000:01:00.1", "snd_hda_intel", 7, false);
	assert_true(pb_group_blocker(7, address, driver));
	assert_string_equal(address, "0000:01:00.1");
	assert_string_equal(driver, "snd_hda_intel");
	assert_false(pb_group_blocker(8, address, driver));
}

static void finds_the_holder_of_a_node(void **state)
{
	char text[128], self[32];

	(void)state;
	fake_process(41, "bash\n", "/dev/vfio/77");
	fake_process(42, "qemu\n", "/dev/vfio/7");
	snprintf(self, sizeof(self), "/proc/%d/fd/5", getpid());
	fake_link(self, "/dev/vfio/9");
	fake_file("/proc/version", "Linux\n");
	assert_true(pb_holder("/dev/vfio/7", text, sizeof(text)));
	assert_string_equal(text, "qemu (pid 42)");
	assert_false(pb_holder("/dev/vfio/8", text, sizeof(text)));
	assert_false(pb_holder("/dev/vfio/9", text, sizeof(text)));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parses_addresses),
		TEST(refuses_what_is_no_address),
		TEST(reads_a_device),
		TEST(reads_what_is_missing),
		TEST(tells_vfio_pci_from_its_stand_in),
		TEST(finds_itself_under_the_other_name),
		TEST(knows_a_bridge),
		TEST(finds_the_blocker_of_a_group),
		TEST(finds_the_holder_of_a_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
