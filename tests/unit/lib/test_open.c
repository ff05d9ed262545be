// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Opening and closing a device, and every reason why opening fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "fake.h"
#include "peerbar.h"

#define GPU "0000:01:00.0"
#define IN_USE (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)

static void refused(const char *address, int err)
{
	struct peerbar_device *dev = (void *)1;
	unsigned int before = fake_open_descriptors();

	assert_int_equal(peerbar_open(address, &dev), -err);
	assert_null(dev);
	assert_int_equal(fake_open_descriptors(), before);
}

static void opens_through_the_group(void **state)
{
	unsigned int before = fake_open_descriptors();
	struct peerbar_device *dev;

	(void)state;
	fake_usual();
	assert_int_equal(peerbar_open("01:00.0", &dev), 0);
	assert_string_equal(peerbar_address(dev), GPU);
	assert_string_equal(peerbar_backend(dev), "group");
	assert_string_equal(fake->device_asked, GPU);
	assert_int_equal(fake_command_register() & IN_USE, IN_USE);
	peerbar_close(dev);
	assert_int_equal(fake_open_descriptors(), before);
	peerbar_close(NULL);
}

static void opens_through_iommufd(void **state)
{
	unsigned int before = fake_open_descriptors();
	struct peerbar_device *dev;

	(void)state;
	fake_usual();
	fake_file("/dev/iommu", "");
	fake_file("/dev/vfio/devices/vfio0", "");
	assert_int_equal(peerbar_open(GPU, &dev), 0);
	assert_string_equal(peerbar_backend(dev), "iommufd");
	assert_int_equal(fake->containers_set, 0);
	assert_int_equal(fake_command_register() & IN_USE, IN_USE);
	peerbar_close(dev);
	assert_int_equal(fake_open_descriptors(), before);
}

#define AUDIO "0000:01:00.1"

/* Devices of one group must be bound to one iommufd, or the kernel refuses the second one. */
static void devices_share_an_iommufd(void **state)
{
	unsigned int before = fake_open_descriptors();
	struct peerbar_device *gpu, *audio;

	(void)state;
	fake_usual();
	fake_device(AUDIO, "vfio-pci", 7, true);
	fake_file("/dev/iommu", "");
	fake_file("/dev/vfio/devices/vfio0", "");
	assert_int_equal(peerbar_open(GPU, &gpu), 0);
	assert_false(fake->one_iommufd);
	assert_int_equal(peerbar_open(AUDIO, &audio), 0);
	assert_true(fake->one_iommufd);
	peerbar_close(gpu);
	assert_int_equal(peerbar_open(GPU, &gpu), 0);
	assert_true(fake->one_iommufd);
	peerbar_close(audio);
	peerbar_close(gpu);
	assert_int_equal(fake_open_descriptors(), before);
	assert_int_equal(peerbar_open(GPU, &gpu), 0);
	assert_false(fake->one_iommufd);
	peerbar_close(gpu);
}

static void falls_back_to_the_group(void **state)
{
	static const char *const closed[] = { "/dev/iommu", "/dev/vfio/devices/vfio0" };
	unsigned int i, before = fake_open_descriptors();
	struct peerbar_device *dev;

	(void)state;
	fake_usual();
	fake_file("/dev/iommu", "");
	fake_file("/dev/vfio/devices/vfio0", "");
	fake->open_errno = EACCES;
	for (i = 0; i < 2; i++) {
		fake->open_path = closed[i];
		assert_int_equal(peerbar_open(GPU, &dev), 0);
		assert_string_equal(peerbar_backend(dev), "group");
		peerbar_close(dev);
		assert_int_equal(fake_open_descriptors(), before);
	}
}

static void iommufd_refuses(void **state)
{
	(void)state;
	fake_usual();
	fake_file("/dev/iommu", "");
	fake_file("/dev/vfio/devices/vfio0", "");
	fake_process(42, "qemu\n", "/dev/vfio/devices/vfio0");
	fake->bind_errno = EINVAL;
	refused(GPU, EBUSY);
	assert_sentence(GPU, "in use by qemu (pid 42)", NULL);
	fake->bind_errno = EPERM;
	refused(GPU, EBUSY);
	assert_sentence("group 7", "in use by qemu (pid 42)", NULL);
	fake_remove("/proc/42/fd/5");
	refused(GPU, EPERM);
	assert_sentence("allow_unsafe_interrupts", "iommufd", NULL);
	fake->bind_errno = ENOMEM;
	refused(GPU, ENOMEM);
	assert_sentence(GPU, strerror(ENOMEM), NULL);
	fake->bind_errno = EBUSY;
	fake_device("0000:01:00.1", "snd_hda_intel", 7, false);
	refused(GPU, EPERM);
	assert_sentence("group 7", "not viable", "0000:01:00.1", "snd_hda_intel", NULL);
}

static void one_group_serves_two_devices(void **state)
{
	unsigned int before = fake_open_descriptors();
	struct peerbar_device *a, *b;

	(void)state;
	fake_usual();
	fake_device("0000:01:00.1", "vfio-pci", 7, true);
	assert_int_equal(peerbar_open(GPU, &a), 0);
	assert_int_equal(peerbar_open("0000:01:00.1", &b), 0);
	assert_string_equal(fake->device_asked, "0000:01:00.1");
	assert_int_equal(fake->containers_set, 1);
	peerbar_close(a);
	assert_int_equal(peerbar_open(GPU, &a), 0);
	assert_int_equal(fake->containers_set, 1);
	peerbar_close(b);
	peerbar_close(a);
	assert_int_equal(fake_open_descriptors(), before);
	assert_int_equal(peerbar_open(GPU, &a), 0);
	assert_int_equal(fake->containers_set, 2);
	peerbar_close(a);
}

static void names_a_wrong_address(void **state)
{
	(void)state;
	fake_usual();
	refused("gpu", EINVAL);
	assert_sentence("\"gpu\"", "not a PCI address", NULL);
	refused("0000:05:00.0", ENODEV);
	assert_sentence("0000:05:00.0", "no PCI device", NULL);
}

static void names_a_wrong_driver(void **state)
{
	(void)state;
	fake_device("0000:02:00.0", NULL, 8, false);
	refused("02:00.0", ENXIO);
	assert_sentence("no driver is bound to 0000:02:00.0", "peerbar dev bind 0000:02:00.0",
			NULL);
	fake_device("0000:03:00.0", "nvme", 9, false);
	refused("03:00.0", ENXIO);
	assert_sentence("0000:03:00.0 is bound to nvme", "not a VFIO driver", "peerbar dev bind",
			NULL);
	fake_device("0000:04:00.0", "vfio-pci", -1, true);
	refused("04:00.0", ENXIO);
	assert_sentence("no IOMMU group", "intel_iommu=on", NULL);
	/* and there is no advice to bind a device that cannot be bound */
	fake_device("0000:06:00.0", NULL, -1, false);
	refused("06:00.0", ENXIO);
	assert_sentence("no IOMMU group", "intel_iommu=on", NULL);
}

static void names_a_group_node_that_does_not_open(void **state)
{
	(void)state;
	fake_device(GPU, "vfio-pci", 7, true);
	refused(GPU, ENOTSUP);
	assert_sentence("offers no VFIO", "vfio-pci", NULL);
	fake_file("/sys/class/vfio/7/dev", "");
	refused(GPU, ENOENT);
	assert_sentence("no /dev/vfio/7 here, although the kernel", "--device /dev/vfio/7",
			"DeviceAllow", NULL);
	fake_vfio_nodes(7);
	fake->open_path = "/dev/vfio/7";
	fake->open_errno = EACCES;
	refused(GPU, EACCES);
	assert_sentence("/dev/vfio/7", NULL);
	fake->open_errno = EPERM;
	refused(GPU, EACCES);
	assert_sentence("control group", "/dev/vfio/7", "DeviceAllow=/dev/vfio/7 rw", NULL);
	fake->open_errno = EBUSY;
	refused(GPU, EBUSY);
	assert_sentence("group 7 is in use by another process", NULL);
	fake_process(42, "qemu\n", "/dev/vfio/7");
	refused(GPU, EBUSY);
	assert_sentence("group 7 is in use by qemu (pid 42)", NULL);
	fake->open_errno = EMFILE;
	refused(GPU, EMFILE);
	assert_sentence("/dev/vfio/7", strerror(EMFILE), "ulimit -n", NULL);
}

/* A kernel without CONFIG_VFIO_GROUP opens devices by their own nodes only. */
static void names_an_iommufd_node_that_does_not_open(void **state)
{
	(void)state;
	fake_device(GPU, "vfio-pci", 7, true);
	refused(GPU, ENOTSUP);
	assert_sentence("offers no VFIO", NULL);
	fake_file("/sys/class/misc/iommu/dev", "");
	refused(GPU, ENOENT);
	assert_sentence("/dev/iommu", "--device /dev/iommu", NULL);
	fake_file("/dev/iommu", "");
	refused(GPU, ENOENT);
	assert_sentence("--device /dev/vfio/devices/vfio0", NULL);
}

static void names_a_group_that_is_not_viable(void **state)
{
	(void)state;
	fake_usual();
	fake->viable = false;
	refused(GPU, EPERM);
	assert_sentence("group 7 is not viable", "kernel's log", NULL);
	fake_device("0000:01:00.1", "snd_hda_intel", 7, false);
	refused(GPU, EPERM);
	assert_sentence("group 7 is not viable", "0000:01:00.1 is bound to snd_hda_intel", NULL);
	fake->viable = true;
	fake->set_container_errno = EBUSY;
	refused(GPU, EPERM);
	assert_sentence("0000:01:00.1 is bound to snd_hda_intel", NULL);
}

static void names_a_container_that_fails(void **state)
{
	(void)state;
	fake_usual();
	fake->open_path = "/dev/vfio/vfio";
	fake->open_errno = EACCES;
	refused(GPU, EACCES);
	assert_sentence("/dev/vfio/vfio", NULL);
	fake->open_errno = ENOENT;
	refused(GPU, ENOENT);
	assert_sentence("--device /dev/vfio/vfio", NULL);
	fake_remove("/sys/class/misc/vfio/dev");
	fake_remove("/sys/class/misc/vfio");
	refused(GPU, ENOTSUP);
	assert_sentence("no VFIO container", NULL);
	fake->open_path = NULL;
	fake->type1 = false;
	refused(GPU, ENOTSUP);
	assert_sentence("vfio_iommu_type1", NULL);
	fake->type1 = true;
	fake->set_iommu_errno = EPERM;
	refused(GPU, EPERM);
	assert_sentence("interrupts", "allow_unsafe_interrupts=1", NULL);
	fake->set_iommu_errno = ENODEV;
	refused(GPU, ENODEV);
	assert_sentence("group 7", strerror(ENODEV), NULL);
	fake->set_iommu_errno = 0;
	fake->set_container_errno = ENOMEM;
	refused(GPU, ENOMEM);
	assert_sentence("group 7", strerror(ENOMEM), NULL);
	fake->set_container_errno = 0;
	fake->get_device_errno = EIO;
	refused(GPU, EIO);
	assert_sentence(GPU, strerror(EIO), NULL);
}

static void resets(void **state)
{
	struct peerbar_device *dev;

	(void)state;
	fake_usual();
	assert_int_equal(peerbar_open(GPU, &dev), 0);
	assert_int_equal(peerbar_set_memory(dev, false), 0);
	assert_int_equal(fake_command_register() & IN_USE, PCI_COMMAND_MASTER);
	assert_int_equal(peerbar_reset(dev), 0);
	assert_int_equal(fake->resets, 1);
	assert_int_equal(fake_command_register() & IN_USE, IN_USE);
	fake->reset_errno = EINVAL;
	assert_int_equal(peerbar_reset(dev), -ENOTSUP);
	assert_sentence(GPU, "no reset", "reset_method", NULL);
	fake->reset_errno = EAGAIN;
	assert_int_equal(peerbar_reset(dev), -EAGAIN);
	assert_sentence("try again", NULL);
	fake->reset_errno = EIO;
	assert_int_equal(peerbar_reset(dev), -EIO);
	assert_sentence(strerror(EIO), NULL);
	peerbar_close(dev);
}

/* Nothing that the library opens may become a standard stream of a process without these. */
static void leaves_the_standard_descriptors_alone(void **state)
{
	int saved[3], i, moved = 0;
	struct peerbar_device *dev;
	int ret, fd = -1;

	(void)state;
	fake_usual();
	for (i = 0; i < 3; i++) {
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
		close(i);
	}
	ret = peerbar_open(GPU, &dev);
	if (!ret)
		fd = peerbar_export(dev, 2, &(struct peerbar_range){ 0, 4096 }, 1, O_RDWR);
	for (i = 0; i < 3; i++)
		moved += fcntl(i, F_GETFD) < 0;
	for (i = 0; i < 3; i++) {
		if (saved[i] < 0)
			continue;
		dup2(saved[i], i);
		close(saved[i]);
	}
	assert_int_equal(ret, 0);
	assert_int_equal(moved, 3);
	assert_true(fd > 2);
	close(fd);
	peerbar_close(dev);
}

/* What the child of a fork() sees; each is a bit of its exit status. */
enum { HAS_A_DESCRIPTOR = 1, HAS_THE_MAPPING = 2, USES_THE_DEVICE = 4, CANNOT_OPEN = 8 };

static int child(struct peerbar_device *dev, void *map, unsigned int descriptors)
{
	struct peerbar_device *own;
	unsigned char resident;
	int found = 0;

	/* a device, its group and its container */
	if (fake_open_descriptors() != descriptors - 3)
		found |= HAS_A_DESCRIPTOR;
	if (!mincore(map, 4096, &resident))
		found |= HAS_THE_MAPPING;
	if (peerbar_reset(dev) != -EBADF || !strstr(peerbar_errmsg(), "fork()"))
		found |= USES_THE_DEVICE;
	if (peerbar_open(GPU, &own))
		found |= CANNOT_OPEN;
	else
		peerbar_close(own);
	peerbar_close(dev);
	return found;
}

static void a_forked_child_holds_nothing(void **state)
{
	struct peerbar_device *dev;
	unsigned int descriptors;
	int status;
	void *map;
	pid_t pid;

	(void)state;
	fake_usual();
	assert_int_equal(peerbar_open(GPU, &dev), 0);
	map = peerbar_map(dev, 2, 0, 4096);
	assert_non_null(map);
	descriptors = fake_open_descriptors();
	pid = fork();
	if (!pid)
		_exit(child(dev, map, descriptors));
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* and the parent is as it was */
	assert_int_equal(fake_open_descriptors(), descriptors);
	*(volatile char *)map = 1;
	assert_int_equal(peerbar_set_memory(dev, true), 0);
	peerbar_close(dev);
}

static void tells_events(void **state)
{
	struct peerbar_device *dev;
	unsigned int before;
	uint64_t count;
	int fd;

	(void)state;
	fake_usual();
	assert_int_equal(peerbar_open(GPU, &dev), 0);
	before = fake_open_descriptors();
	fd = peerbar_event_fd(dev, PEERBAR_EVENT_REQUEST);
	assert_true(fd > 2);
	assert_int_equal(peerbar_event_fd(dev, PEERBAR_EVENT_REQUEST), fd);
	assert_int_equal(fake_open_descriptors(), before + 1);
	assert_int_equal(read(fd, &count, sizeof(count)), -1);
	assert_int_equal(errno, EAGAIN);
	fake_event(VFIO_PCI_REQ_IRQ_INDEX);
	assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
	fake->no_error_event = true;
	assert_int_equal(peerbar_event_fd(dev, PEERBAR_EVENT_ERROR), -ENOTSUP);
	assert_sentence(GPU, "PCI Express", NULL);
	assert_int_equal(peerbar_event_fd(dev, 2), -EINVAL);
	fake->no_error_event = false;
	fake->irq_errno = EINVAL;
	assert_int_equal(peerbar_event_fd(dev, PEERBAR_EVENT_ERROR), -EINVAL);
	assert_int_equal(fake_open_descriptors(), before + 1);
	peerbar_close(dev);
}

static void tells_that_a_device_is_gone(void **state)
{
	struct peerbar_device *dev;

	(void)state;
	fake_usual();
	assert_int_equal(peerbar_open(GPU, &dev), 0);
	/* A device that no longer answers: its config space ends early. */
	assert_int_equal(ftruncate(fake->memfd, 4096), 0);
	assert_int_equal(peerbar_set_memory(dev, true), -EIO);
	assert_sentence(GPU, "command register", "gone", NULL);
	peerbar_close(dev);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(opens_through_the_group),
		TEST(opens_through_iommufd),
		TEST(devices_share_an_iommufd),
		TEST(falls_back_to_the_group),
		TEST(iommufd_refuses),
		TEST(one_group_serves_two_devices),
		TEST(names_a_wrong_address),
		TEST(names_a_wrong_driver),
		TEST(names_a_group_node_that_does_not_open),
		TEST(names_an_iommufd_node_that_does_not_open),
		TEST(names_a_group_that_is_not_viable),
		TEST(names_a_container_that_fails),
		TEST(resets),
		TEST(leaves_the_standard_descriptors_alone),
		TEST(a_forked_child_holds_nothing),
		TEST(tells_events),
		TEST(tells_that_a_device_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
