// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Resetting a device with all that is on its bus: what proves that they are ours, and why not.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "fake.h"
#include "peerbar.h"
#include "uapi.h"

#define GPU "0000:01:00.0"
#define AUDIO "0000:01:00.1"
#define GPU_GROUP 7
#define AUDIO_GROUP 8
#define IN_USE (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)

static struct peerbar_device *dev;

/* A GPU and its audio function, in groups of their own. */
static int setup(void **state)
{
	if (fake_setup(state))
		return -1;
	fake_usual();
	fake_device(AUDIO, "vfio-pci", AUDIO_GROUP, true);
	fake_vfio_nodes(AUDIO_GROUP);
	fake->affected[0] = (struct vfio_pci_dependent_device){ .group_id = GPU_GROUP, .bus = 1 };
	fake->affected[1] = (struct vfio_pci_dependent_device){
		.group_id = AUDIO_GROUP, .bus = 1, .devfn = 1,
	};
	fake->nr_affected = 2;
	return 0;
}

static void open_gpu(void)
{
	assert_int_equal(peerbar_open(GPU, &dev), 0);
}

static void refused(int err)
{
	unsigned int before = fake_open_descriptors();

	assert_int_equal(peerbar_hot_reset(dev), -err);
	assert_int_equal(fake_open_descriptors(), before);
	peerbar_close(dev);
}

static void assert_groups(void)
{
	assert_int_equal(fake->hot_resets, 1);
	assert_int_equal(fake->nr_hot_groups, 2);
	assert_int_equal(fake->hot_group[0], GPU_GROUP);
	assert_int_equal(fake->hot_group[1], AUDIO_GROUP);
}

/* The group of the audio function, which is not open, is opened for the reset. */
static void opens_the_groups_it_needs(void **state)
{
	unsigned int before;

	(void)state;
	open_gpu();
	before = fake_open_descriptors();
	assert_int_equal(peerbar_set_memory(dev, false), 0);
	assert_int_equal(peerbar_hot_reset(dev), 0);
	assert_groups();
	assert_int_equal(fake_open_descriptors(), before);
	assert_int_equal(fake_command_register() & IN_USE, IN_USE);
	peerbar_close(dev);
}

static void uses_a_group_that_is_open(void **state)
{
	struct peerbar_device *audio;
	unsigned int before;

	(void)state;
	assert_int_equal(peerbar_open(AUDIO, &audio), 0);
	open_gpu();
	before = fake_open_descriptors();
	assert_int_equal(peerbar_hot_reset(dev), 0);
	assert_groups();
	assert_int_equal(fake_open_descriptors(), before);
	peerbar_close(audio);
	peerbar_close(dev);
}

static void names_a_group_once(void **state)
{
	(void)state;
	fake->affected[1].group_id = GPU_GROUP;
	open_gpu();
	assert_int_equal(peerbar_hot_reset(dev), 0);
	assert_int_equal(fake->nr_hot_groups, 1);
	peerbar_close(dev);
}

static void by_iommufd(void **state)
{
	(void)state;
	fake_file("/dev/iommu", "");
	fake_file("/dev/vfio/devices/vfio0", "");
	fake->affected_flags = VFIO_PCI_HOT_RESET_FLAG_DEV_ID |
			       VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED;
	fake->affected[0].group_id = 1;
	fake->affected[1].group_id = 0;		/* not open, in the same group */
	open_gpu();
	assert_int_equal(peerbar_hot_reset(dev), 0);
	assert_int_equal(fake->hot_resets, 1);
	assert_int_equal(fake->nr_hot_groups, 0);

	fake->affected_flags = VFIO_PCI_HOT_RESET_FLAG_DEV_ID;
	fake->affected[1].group_id = (uint32_t)VFIO_PCI_DEVID_NOT_OWNED;
	refused(EPERM);
	assert_sentence(AUDIO, GPU, "another IOMMU group", "open it", NULL);
	assert_int_equal(fake->hot_resets, 1);
}

static void a_root_bus(void **state)
{
	(void)state;
	fake->affected_errno = ENODEV;
	open_gpu();
	refused(ENOTSUP);
	assert_sentence(GPU, "root bus", NULL);
}

static void another_driver(void **state)
{
	(void)state;
	fake->affected[1].devfn = 2;
	fake_device("0000:01:00.2", "snd_hda_intel", AUDIO_GROUP, false);
	open_gpu();
	refused(ENXIO);
	assert_sentence("0000:01:00.2", GPU, "no VFIO driver", NULL);
	assert_int_equal(fake->hot_resets, 0);
}

static void another_process(void **state)
{
	(void)state;
	open_gpu();
	fake->open_path = "/dev/vfio/8";
	fake->open_errno = EBUSY;
	fake_process(4711, "qemu\n", "/dev/vfio/8");
	refused(EBUSY);
	assert_sentence("group 8", "qemu", NULL);
	assert_int_equal(fake->hot_resets, 0);
}

static void another_reset(void **state)
{
	(void)state;
	fake->hot_reset_errno = EBUSY;
	open_gpu();
	refused(EAGAIN);
	assert_sentence(GPU, "try again", NULL);
}

static void a_reset_that_fails(void **state)
{
	(void)state;
	fake->hot_reset_errno = EIO;
	open_gpu();
	refused(EIO);
	assert_sentence(GPU, "kernel's log", NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(opens_the_groups_it_needs),
		TEST(uses_a_group_that_is_open),
		TEST(names_a_group_once),
		TEST(by_iommufd),
		TEST(a_root_bus),
		TEST(another_driver),
		TEST(another_process),
		TEST(another_reset),
		TEST(a_reset_that_fails),
	};

	return cmocka_run_group_tests_name("lib_hot_reset", tests, NULL, NULL);
}
