// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Moving a device between drivers: what is refused, and what is written to which file. The
 * files here are plain files, so a device keeps its driver whatever is written.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dev/binding.h"
#include "fake.h"
#include "fits.h"
#include "machine/pci.h"
#include "machine/sys.h"
#include "said.h"
#include "tool.h"

#define GPU "0000:01:00.0"
#define NIC "0000:02:00.0"
#define DISK "0000:03:00.0"

static void holds(const char *path, const char *content)
{
	char text[128];

	assert_int_equal(pb_read(text, sizeof(text), "%s", path), 0);
	assert_string_equal(text, content);
}

static void a_bridge_is_refused(void **state)
{
	(void)state;
	fake_device("0000:00:02.0", "pcieport", 3, false);
	fake_file("/sys/bus/pci/devices/0000:00:02.0/class", "0x060400\n");
	assert_int_equal(binding_check("0000:00:02.0", false), -EINVAL);
	assert_sentence("0000:00:02.0 is a bridge", NULL);
}

static void an_open_vfio_device_is_refused(void **state)
{
	(void)state;
	fake_usual();
	assert_int_equal(binding_check(GPU, false), 0);
	fake->open_path = "/dev/vfio/7";
	fake->open_errno = EBUSY;
	fake_process(42, "qemu\n", "/dev/vfio/7");
	assert_int_equal(binding_check(GPU, false), -EBUSY);
	assert_sentence("qemu (pid 42)", NULL);
}

static void a_live_interface_is_refused(void **state)
{
	(void)state;
	fake_device(NIC, "e1000e", 8, false);
	fake_file("/sys/bus/pci/devices/" NIC "/net/eth0/mtu", "1500\n");
	fake_file("/sys/class/net/eth0/flags", "0x1002\n");
	assert_int_equal(binding_check(NIC, false), 0);
	fake_file("/sys/class/net/eth0/flags", "0x1003\n");
	assert_int_equal(binding_check(NIC, false), -EBUSY);
	assert_sentence(NIC, "eth0 is up", "force", NULL);
	assert_int_equal(binding_check(NIC, true), 0);
}

static void make_disk(const char *disk, const char *path)
{
	char link[64], target[128];

	snprintf(link, sizeof(link), "/sys/class/block/%s", disk);
	snprintf(target, sizeof(target), "../../devices/pci0000:00/%s/%s", path, disk);
	fake_link(link, target);
}

static void a_claimed_disk_is_refused(void **state)
{
	(void)state;
	fake_device(DISK, "ahci", 9, false);
	make_disk("sda", DISK "/ata1/block");
	make_disk("sdb", "0000:04:00.0/ata2/block");
	fake_file("/dev/sda", "");
	fake_file("/dev/sdb", "");
	fake->open_path = "/dev/sdb";	/* belongs to another device */
	fake->open_errno = EBUSY;
	assert_int_equal(binding_check(DISK, false), 0);
	fake->open_path = "/dev/sda";
	assert_int_equal(binding_check(DISK, false), -EBUSY);
	assert_sentence(DISK, "sda is mounted", NULL);
}

/* The namespace below the controller (nvme3c4n5) has no device node, but its disk has one. */
static void a_claimed_nvme_disk_is_refused(void **state)
{
	(void)state;
	fake_device(DISK, "nvme", 9, false);
	make_disk("nvme3c4n5", DISK "/nvme/nvme4");
	fake_file("/dev/nvme3n5", "");
	assert_int_equal(binding_check(DISK, false), 0);
	fake->open_path = "/dev/nvme3n5";
	fake->open_errno = EBUSY;
	assert_int_equal(binding_check(DISK, false), -EBUSY);
	assert_sentence(DISK, "nvme3n5 is mounted", NULL);
}

static void an_open_rdma_device_is_refused(void **state)
{
	(void)state;
	fake_device(NIC, "efa", 8, false);
	fake_file("/sys/bus/pci/devices/" NIC "/infiniband_verbs/uverbs3/ibdev", "efa_0\n");
	fake_process(41, "other\n", "/dev/infiniband/uverbs4");
	assert_int_equal(binding_check(NIC, false), 0);
	fake_process(42, "ib_write_bw\n", "/dev/infiniband/uverbs3");
	assert_int_equal(binding_check(NIC, false), -EBUSY);
	assert_sentence(NIC, "ib_write_bw (pid 42)", "/dev/infiniband/uverbs3", NULL);
}

static void an_active_port_is_refused(void **state)
{
	(void)state;
	fake_device(NIC, "efa", 8, false);
	fake_file("/sys/bus/pci/devices/" NIC "/infiniband/efa_0/name", "");
	fake_file("/sys/class/infiniband/efa_0/ports/1/state", "1: DOWN\n");
	assert_int_equal(binding_check(NIC, false), 0);
	fake_file("/sys/class/infiniband/efa_0/ports/1/state", "4: ACTIVE\n");
	assert_int_equal(binding_check(NIC, false), -EBUSY);
	assert_sentence(NIC, "RDMA NIC efa_0", "force", NULL);
	assert_int_equal(binding_check(NIC, true), 0);
}

static void knows_which_driver_is_meant(void **state)
{
	static const char * const spellings[] = { "vfio-pci", "vfio_pci", "VFIO-PCI" };
	char driver[PB_NAME_SIZE];
	unsigned int i;

	(void)state;
	fake_file("/sys/bus/pci/drivers/vfio-pci/bind", "");
	fake_file("/sys/bus/pci/drivers/virtio-pci/bind", "");
	for (i = 0; i < 3; i++) {
		assert_int_equal(binding_find_driver(spellings[i], driver), 0);
		assert_string_equal(driver, "vfio-pci");
	}
	assert_int_equal(binding_find_driver("virtio-pci", driver), -EINVAL);
	assert_sentence("virtio-pci is not a VFIO driver", NULL);
	assert_int_equal(binding_find_driver("vfio-pc", driver), -ENOENT);
	assert_int_equal(binding_find_driver("", driver), -ENOENT);
	/* a driver is also known by what its module uses */
	fake_link("/sys/bus/pci/drivers/other/module", "../../../../module/other_vf");
	assert_int_equal(binding_find_driver("other", driver), -EINVAL);
	fake_file("/sys/module/vfio_pci_core/holders/other_vf/x", "");
	assert_int_equal(binding_find_driver("other", driver), 0);
}

static void writes_what_the_kernel_wants(void **state)
{
	(void)state;
	fake_device(NIC, "e1000e", 8, false);
	fake_file("/sys/bus/pci/drivers/e1000e/unbind", "");
	fake_file("/sys/bus/pci/drivers_probe", "");
	assert_int_equal(binding_override(NIC, "vfio-pci"), 0);
	holds("/sys/bus/pci/devices/" NIC "/driver_override", "vfio-pci");
	assert_int_equal(binding_release(NIC), 0);
	holds("/sys/bus/pci/drivers/e1000e/unbind", NIC);
	assert_int_equal(binding_probe(NIC), 0);
	holds("/sys/bus/pci/drivers_probe", NIC);
	/* A device without a driver need not be unbound. */
	fake_device(DISK, NULL, 9, false);
	assert_int_equal(binding_release(DISK), 0);
}

static void names_what_did_not_work(void **state)
{
	(void)state;
	fake_device(NIC, "e1000e", 8, false);
	assert_int_equal(binding_release(NIC), -ENOENT);
	assert_sentence("cannot unbind " NIC, strerror(ENOENT), NULL);
	assert_int_equal(binding_probe(NIC), -ENOENT);
	assert_sentence("cannot probe " NIC, NULL);
}

static void bind_refuses_before_it_touches(void **state)
{
	(void)state;
	fake_device(NIC, "e1000e", 8, false);
	assert_int_equal(said_run(dev_bind, 1, (char *[]){ "02:00.0" }), TOOL_FAILURE);
	assert_non_null(strstr(said_err, "no PCI driver vfio-pci"));
	fake_file("/sys/bus/pci/drivers/vfio-pci/bind", "");
	assert_int_equal(said_run(dev_bind, 3, (char *[]){ NIC, "driver", "../x" }), TOOL_FAILURE);
	assert_non_null(strstr(said_err, "no PCI driver ../x"));
	fake_device(DISK, NULL, -1, false);
	assert_int_equal(said_run(dev_bind, 1, (char *[]){ DISK }), TOOL_FAILURE);
	assert_non_null(strstr(said_err, "no IOMMU group"));
	assert_int_equal(said_run(dev_bind, 3, (char *[]){ NIC, "drivr", "x" }), TOOL_USAGE);
	assert_int_equal(said_run(dev_bind, 0, NULL), TOOL_USAGE);
	holds("/sys/bus/pci/devices/" NIC "/driver_override", "(null)");
	holds("/sys/bus/pci/devices/" DISK "/driver_override", "(null)");
}

/* Where peerbar-vfio-pci stands in for vfio-pci, its own name still means it. */
static void bind_knows_the_stand_in(void **state)
{
	(void)state;
	fake_device(NIC, "vfio-pci", 8, true);
	assert_int_equal(said_run(dev_bind, 3, (char *[]){ NIC, "driver", "peerbar-vfio-pci" }),
			 TOOL_FAILURE);
	assert_non_null(strstr(said_err, "no PCI driver peerbar-vfio-pci"));
	fake_link("/sys/bus/pci/drivers/vfio-pci/module", "../../../../module/peerbar_vfio_pci");
	assert_int_equal(said_run(dev_bind, 3, (char *[]){ NIC, "driver", "peerbar-vfio-pci" }),
			 TOOL_OK);
	assert_string_equal(said_out, "dev " NIC " driver vfio-pci previous vfio-pci\n");
}

static void bind_prints_json(void **state)
{
	(void)state;
	tool_options.json = true;
	fake_device(NIC, "vfio-pci", 8, true);
	fake_file("/sys/bus/pci/drivers/vfio-pci/bind", "");
	assert_int_equal(said_run(dev_bind, 1, (char *[]){ NIC }), TOOL_OK);
	assert_fits("peerbar-dev-bind", said_out);
}

/* Devices that are idle, in use, and of another driver or none; and an idle one's details. */
static void show_prints_json(void **state)
{
	(void)state;
	tool_options.json = true;
	fake_usual();
	fake_device(NIC, "e1000e", 8, false);
	fake_device(DISK, NULL, -1, false);
	assert_int_equal(said_run(dev_show, 1, (char *[]){ NIC }), TOOL_OK);
	assert_fits("peerbar-dev-show", said_out);
	assert_int_equal(said_run(dev_show, 1, (char *[]){ DISK }), TOOL_OK);
	assert_non_null(strstr(said_out, "\"driver\":null,\"group\":null,"));
	assert_fits("peerbar-dev-show", said_out);
	assert_int_equal(said_run(dev_show, 0, NULL), TOOL_OK);
	assert_non_null(strstr(said_out, "\"state\":\"idle\""));
	assert_fits("peerbar-dev-show", said_out);
	fake->probe_errno = ENOTTY;
	assert_int_equal(said_run(dev_show, 1, (char *[]){ GPU }), TOOL_OK);
	assert_non_null(strstr(said_out, "\"exports\":false"));
	assert_fits("peerbar-dev-show", said_out);
	fake->open_path = "/dev/vfio/7";
	fake->open_errno = EBUSY;
	assert_int_equal(said_run(dev_show, 1, (char *[]){ GPU }), TOOL_OK);
	assert_non_null(strstr(said_out, "\"state\":\"in-use\""));
	assert_fits("peerbar-dev-show", said_out);
}

/* @argv from the driver on; the device is bound to ours. */
static int bind_ours(int argc, char **argv)
{
	char *all[8] = { GPU, "driver", "peerbar-vfio-pci" };

	memcpy(all + 3, argv, (size_t)argc * sizeof(*argv));
	return said_run(dev_bind, 3 + argc, all);
}

static void bind_chooses_the_exporter(void **state)
{
	static const char attribute[] = "/sys/bus/pci/devices/" GPU "/dmabuf_exporter";

	(void)state;
	fake_device(GPU, "peerbar-vfio-pci", 7, true);
	fake_file("/sys/bus/pci/drivers/peerbar-vfio-pci/bind", "");
	fake_link("/sys/bus/pci/drivers/peerbar-vfio-pci/module", "/sys/module/peerbar_vfio_pci");
	assert_int_equal(bind_ours(2, (char *[]){ "exporter", "core" }), TOOL_FAILURE);
	assert_non_null(strstr(said_err, "has no choice of exporters"));
	fake_file(attribute, "peerbar\n");
	assert_int_equal(bind_ours(2, (char *[]){ "exporter", "core" }), TOOL_OK);
	assert_non_null(strstr(said_out, " exporter core "));
	holds(attribute, "core");
	assert_int_equal(bind_ours(2, (char *[]){ "exporter", "mine" }), TOOL_USAGE);
	assert_int_equal(bind_ours(1, (char *[]){ "exporter" }), TOOL_USAGE);
	assert_int_equal(said_run(dev_bind, 3, (char *[]){ GPU, "exporter", "core" }),
			 TOOL_FAILURE);
}

static void show_names_a_module_that_is_called_otherwise(void **state)
{
	(void)state;
	fake_device(NIC, "vfio-pci", 8, false);
	fake_link("/sys/bus/pci/drivers/vfio-pci/module", "../../../../module/vfio_pci");
	assert_int_equal(said_run(dev_show, 1, (char *[]){ NIC }), TOOL_OK);
	assert_non_null(strstr(said_out, " driver vfio-pci group 8 "));
	fake_device(DISK, "xhci_hcd", 9, false);
	fake_link("/sys/bus/pci/drivers/xhci_hcd/module", "../../../../module/xhci_pci");
	assert_int_equal(said_run(dev_show, 1, (char *[]){ DISK }), TOOL_OK);
	assert_non_null(strstr(said_out, " driver xhci_hcd module xhci_pci group 9 "));
}

static void bind_gives_up_cleanly(void **state)
{
	(void)state;
	fake_device(NIC, "e1000e", 8, false);
	fake_file("/sys/bus/pci/drivers/vfio-pci/bind", "");
	fake_file("/sys/bus/pci/drivers/e1000e/unbind", "");
	fake_file("/sys/bus/pci/drivers_probe", "");
	assert_int_equal(said_run(dev_bind, 1, (char *[]){ NIC }), TOOL_FAILURE);
	assert_non_null(strstr(said_err, "vfio-pci did not take " NIC));
	assert_null(strstr(said_err, "did not go back"));
	/* The driver override is removed again. */
	holds("/sys/bus/pci/devices/" NIC "/driver_override", "");
}

/* A VFIO driver does not match by itself, so its override must come back. */
static void bind_restores_the_override(void **state)
{
	(void)state;
	fake_usual();
	fake_file("/sys/bus/pci/devices/" GPU "/driver_override", "vfio-pci\n");
	fake_file("/sys/bus/pci/drivers/peerbar-vfio-pci/bind", "");
	fake_file("/sys/bus/pci/drivers/vfio-pci/unbind", "");
	fake_file("/sys/bus/pci/drivers_probe", "");
	assert_int_equal(said_run(dev_bind, 3, (char *[]){ GPU, "driver", "peerbar_vfio_pci" }),
			 TOOL_FAILURE);
	assert_non_null(strstr(said_err, "peerbar-vfio-pci did not take " GPU));
	holds("/sys/bus/pci/devices/" GPU "/driver_override", "vfio-pci");
}

static void unbind_keeps_the_choice_if_it_fails(void **state)
{
	(void)state;
	fake_usual();
	fake_file("/sys/bus/pci/devices/" GPU "/driver_override", "vfio-pci\n");
	assert_int_equal(said_run(dev_unbind, 1, (char *[]){ GPU }), TOOL_FAILURE);
	assert_non_null(strstr(said_err, "cannot unbind " GPU));
	holds("/sys/bus/pci/devices/" GPU "/driver_override", "vfio-pci");
}

static void unbind_refuses_what_is_not_vfios(void **state)
{
	(void)state;
	fake_device(NIC, "e1000e", 8, false);
	fake_device(DISK, NULL, 9, false);
	assert_int_equal(said_run(dev_unbind, 1, (char *[]){ NIC }), TOOL_FAILURE);
	assert_non_null(strstr(said_err, "bound to e1000e"));
	assert_int_equal(said_run(dev_unbind, 1, (char *[]){ DISK }), TOOL_FAILURE);
	assert_non_null(strstr(said_err, "nothing to undo"));
	assert_int_equal(said_run(dev_unbind, 2, (char *[]){ NIC, DISK }), TOOL_USAGE);
}

static int setup(void **state)
{
	memset(&tool_options, 0, sizeof(tool_options));
	return fake_setup(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_bridge_is_refused),
		TEST(an_open_vfio_device_is_refused),
		TEST(a_live_interface_is_refused),
		TEST(a_claimed_disk_is_refused),
		TEST(a_claimed_nvme_disk_is_refused),
		TEST(an_open_rdma_device_is_refused),
		TEST(an_active_port_is_refused),
		TEST(knows_which_driver_is_meant),
		TEST(writes_what_the_kernel_wants),
		TEST(names_what_did_not_work),
		TEST(bind_refuses_before_it_touches),
		TEST(bind_knows_the_stand_in),
		TEST(bind_prints_json),
		TEST(show_prints_json),
		TEST(bind_chooses_the_exporter),
		TEST(show_names_a_module_that_is_called_otherwise),
		TEST(bind_gives_up_cleanly),
		TEST(bind_restores_the_override),
		TEST(unbind_keeps_the_choice_if_it_fails),
		TEST(unbind_refuses_what_is_not_vfios),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
