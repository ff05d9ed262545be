// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A fake machine for the library, made of a folder and a table of answers: see fake.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake.h"
#include "machine/sys.h"
#include "peerbar.h"
#include "uapi.h"

#define CONFIG_OFFSET (7ull << 24)
#define PAGE 4096
#define FAKE_PATH 512	/* longest path below the root; with the root, twice as long */

static struct fake machine;
struct fake *fake = &machine;

static const uint32_t bar_size[PEERBAR_NR_BARS] = {
	[0] = FAKE_BAR0_SIZE, [1] = 32, [2] = FAKE_BAR2_SIZE, [4] = FAKE_BAR4_SIZE,
};

static const uint32_t bar_register[PEERBAR_NR_BARS] = {
	[0] = 0xfe000000, [1] = 0xc001, [2] = 0xc, [3] = 0x10, [4] = 0xfd000000,
};

static void full_path(char *full, const char *path)
{
	snprintf(full, 2 * FAKE_PATH, "%s%s", machine.root, path);
}

static void make_folders(const char *file)
{
	char folder[2 * FAKE_PATH];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", file);
	for (slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0755))
			assert_int_equal(errno, EEXIST);
		*slash = '/';
	}
}

void fake_bytes(const char *path, const void *content, size_t size)
{
	char full[2 * FAKE_PATH];
	FILE *file;

	full_path(full, path);
	make_folders(full);
	file = fopen(full, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

void fake_file(const char *path, const char *content)
{
	fake_bytes(path, content, strlen(content));
}

void fake_link(const char *path, const char *target)
{
	char full[2 * FAKE_PATH];

	full_path(full, path);
	make_folders(full);
	assert_int_equal(symlink(target, full), 0);
}

void fake_remove(const char *path)
{
	char full[2 * FAKE_PATH];

	full_path(full, path);
	assert_int_equal(remove(full), 0);
}

void fake_device(const char *address, const char *driver, int group, bool vfio)
{
	char path[FAKE_PATH], target[FAKE_PATH];
	static const struct {
		const char *name, *content;
	} files[] = {
		{ "vendor", "0x1af4\n" }, { "device", "0x1110\n" }, { "class", "0x050000\n" },
		{ "driver_override", "(null)\n" },
		{ "resource",
		  "0x00000000fe000000 0x00000000fe0000ff 0x0000000000040200\n"
		  "0x000000000000c000 0x000000000000c01f 0x0000000000040101\n"
		  "0x0000001000000000 0x00000010007fffff 0x000000000014220c\n"
		  "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		  "0x00000000fd000000 0x00000000fd00ffff 0x0000000000040200\n"
		  "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		  "0x0000000000000000 0x0000000000000000 0x0000000000000000\n" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", address, files[i].name);
		fake_file(path, files[i].content);
	}
	if (driver) {
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", address);
		snprintf(target, sizeof(target), "../../../../bus/pci/drivers/%s", driver);
		fake_link(path, target);
	}
	if (group >= 0) {
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", address);
		snprintf(target, sizeof(target), "../../../kernel/iommu_groups/%d", group);
		fake_link(path, target);
		snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/devices/%s", group,
			 address);
		snprintf(target, sizeof(target), "../../../../bus/pci/devices/%s", address);
		fake_link(path, target);
	}
	if (vfio) {
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev/vfio0/dev", address);
		fake_file(path, "511:0\n");
		fake_file("/sys/class/vfio-dev/vfio0/dev", "511:0\n");
	}
}

void fake_vfio_nodes(int group)
{
	char path[64];

	fake_file("/dev/vfio/vfio", "");
	fake_file("/sys/class/misc/vfio/dev", "10:196\n");
	snprintf(path, sizeof(path), "/dev/vfio/%d", group);
	fake_file(path, "");
	snprintf(path, sizeof(path), "/sys/class/vfio/%d/dev", group);
	fake_file(path, "243:0\n");
}

void fake_process(int pid, const char *command, const char *node)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fake_file(path, command);
	snprintf(path, sizeof(path), "/proc/%d/fd/5", pid);
	fake_link(path, node);
}

void fake_usual(void)
{
	fake_device("0000:01:00.0", "vfio-pci", 7, true);
	fake_vfio_nodes(7);
}

static int answer(int err)
{
	if (!err)
		return 0;
	errno = err;
	return -1;
}

static int new_device(void)
{
	int fd = memfd_create("device", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, CONFIG_OFFSET + PAGE), 0);
	assert_int_equal(pwrite(fd, bar_register, sizeof(bar_register), CONFIG_OFFSET + 0x10),
			 sizeof(bar_register));
	if (machine.memfd >= 0)
		close(machine.memfd);
	machine.memfd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	machine.devices_opened++;
	return fd;
}

/* BAR 4: as from a driver that does not let the page of the MSI-X table be mapped. */
static int sparse_info(struct vfio_region_info *info)
{
	struct vfio_region_info_cap_sparse_mmap *cap;
	uint32_t size = sizeof(*info) + sizeof(*cap) + 2 * sizeof(cap->areas[0]);

	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	if (info->argsz < size) {
		info->argsz = size;
		return 0;
	}
	info->cap_offset = sizeof(*info);
	cap = (void *)(info + 1);
	cap->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	cap->header.version = 1;
	cap->header.next = 0;
	cap->nr_areas = 2;
	cap->areas[0].offset = 0;
	cap->areas[0].size = PAGE;
	cap->areas[1].offset = 2 * PAGE;
	cap->areas[1].size = FAKE_BAR4_SIZE - 2 * PAGE;
	return 0;
}

static int region_info(struct vfio_region_info *info)
{
	info->flags = 0;
	info->cap_offset = 0;
	if (info->index == VFIO_PCI_CONFIG_REGION_INDEX) {
		info->size = 256;
		info->offset = CONFIG_OFFSET;
		return 0;
	}
	assert_in_range(info->index, 0, PEERBAR_NR_BARS - 1);
	info->size = bar_size[info->index];
	info->offset = (uint64_t)info->index << 24;
	if (info->size)
		info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	if (info->size && info->index != 1)
		info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
	return info->index == 4 ? sparse_info(info) : 0;
}

static int device_feature(const struct vfio_device_feature *feature)
{
	assert_in_range(feature->argsz, sizeof(*feature), sizeof(machine.feature));
	memcpy(machine.feature, feature, feature->argsz);
	machine.feature_size = feature->argsz;
	if (feature->flags & VFIO_DEVICE_FEATURE_PROBE)
		return answer(machine.probe_errno);
	if (machine.export_errno)
		return answer(machine.export_errno);
	return memfd_create("dma-buf", MFD_CLOEXEC);
}

static int hot_reset_info(struct vfio_pci_hot_reset_info *info)
{
	uint32_t size = sizeof(*info) + machine.nr_affected * sizeof(info->devices[0]);

	info->count = machine.nr_affected;
	if (machine.affected_errno)
		return answer(machine.affected_errno);
	if (info->argsz < size)
		return answer(ENOSPC);
	info->flags = machine.affected_flags;
	memcpy(info->devices, machine.affected, size - sizeof(*info));
	return 0;
}

/* What is behind the last slash of the path that it was opened by. */
static void descriptor_name(int fd, char *name)
{
	char link[64], path[2 * FAKE_PATH] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	assert_true(readlink(link, path, sizeof(path) - 1) > 0);
	strcpy(name, strrchr(path, '/') + 1);
}

/* Requests of a container have the same numbers as those of a device. */
static bool is_container(int fd)
{
	char name[2 * FAKE_PATH];

	descriptor_name(fd, name);
	return !strcmp(name, "vfio");
}

static int group_of_descriptor(int fd)
{
	char name[2 * FAKE_PATH];

	descriptor_name(fd, name);
	return atoi(name);
}

static int hot_reset(const struct vfio_pci_hot_reset *arg)
{
	assert_int_equal(arg->argsz, sizeof(*arg) + arg->count * sizeof(int32_t));
	assert_in_range(arg->count, 0, 4);
	for (unsigned int i = 0; i < arg->count; i++)
		machine.hot_group[i] = group_of_descriptor(arg->group_fds[i]);
	machine.nr_hot_groups = arg->count;
	machine.hot_resets++;
	return answer(machine.hot_reset_errno);
}

/* The same file as of the last device, or not: two descriptors of it share their status flags. */
static int bind_iommufd(const struct vfio_device_bind_iommufd *arg)
{
	int flags = fcntl(arg->iommufd, F_GETFL);

	machine.one_iommufd = flags & O_APPEND;
	assert_int_equal(fcntl(arg->iommufd, F_SETFL, flags | O_APPEND), 0);
	return answer(machine.bind_errno);
}

static int irq_info(struct vfio_irq_info *info)
{
	if (info->index == VFIO_PCI_ERR_IRQ_INDEX && machine.no_error_event)
		return answer(EINVAL);
	info->count = 1;
	info->flags = VFIO_IRQ_INFO_EVENTFD;
	return 0;
}

static int set_irqs(const struct vfio_irq_set *set)
{
	assert_int_equal(set->flags,
			 VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER);
	assert_int_equal(set->count, 1);
	assert_in_range(set->index, 0, VFIO_PCI_NUM_IRQS - 1);
	if (!machine.irq_errno)
		memcpy(&machine.event[set->index], set->data, sizeof(int));
	return answer(machine.irq_errno);
}

void fake_event(unsigned int index)
{
	uint64_t one = 1;

	assert_int_equal(write(machine.event[index], &one, sizeof(one)), sizeof(one));
}

static int ioas_alloc(struct iommu_ioas_alloc *alloc)
{
	machine.spaces++;
	alloc->out_ioas_id = FAKE_IOAS;
	return answer(machine.ioas_errno);
}

static int destroy(const struct iommu_destroy *arg)
{
	assert_int_equal(arg->id, FAKE_IOAS);
	machine.spaces_destroyed++;
	return 0;
}

static int ioas_attach(const struct vfio_device_attach_iommufd_pt *attach)
{
	assert_int_equal(attach->pt_id, FAKE_IOAS);
	machine.attached++;
	return answer(machine.attach_errno);
}

static int ioas_map_file(struct iommu_ioas_map_file *map)
{
	machine.mapped = (typeof(machine.mapped)){
		IOMMU_IOAS_MAP_FILE, map->start, map->length, FAKE_IOVA, map->flags,
		map->ioas_id, map->fd,
	};
	map->iova = FAKE_IOVA;
	return answer(machine.map_errno);
}

static int ioas_map(struct iommu_ioas_map *map)
{
	machine.mapped = (typeof(machine.mapped)){
		IOMMU_IOAS_MAP, map->user_va, map->length, FAKE_IOVA, map->flags, map->ioas_id, -1,
	};
	map->iova = FAKE_IOVA;
	return answer(machine.map_errno);
}

static int ioas_unmap(const struct iommu_ioas_unmap *unmap)
{
	machine.mapped = (typeof(machine.mapped)){
		IOMMU_IOAS_UNMAP, 0, unmap->length, unmap->iova, 0, unmap->ioas_id, -1,
	};
	return answer(machine.map_errno);
}

/* Two ranges, with a page between them that is reserved, as for MSI on x86. */
static int type1_info(struct vfio_iommu_type1_info *info)
{
	struct vfio_iommu_type1_info_cap_iova_range *cap = (void *)(info + 1);
	uint32_t size = sizeof(*info) + sizeof(*cap) + 2 * sizeof(cap->iova_ranges[0]);

	info->flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS;
	if (info->argsz < size) {
		info->argsz = size;
		return 0;
	}
	info->cap_offset = sizeof(*info);
	cap->header.id = VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE;
	cap->header.next = 0;
	cap->nr_iovas = 2;
	cap->iova_ranges[0].start = 0;
	cap->iova_ranges[0].end = machine.reserved - 1;
	cap->iova_ranges[1].start = machine.reserved + PAGE;
	cap->iova_ranges[1].end = machine.last;
	return 0;
}

static int type1_map(const struct vfio_iommu_type1_dma_map *map)
{
	machine.mapped = (typeof(machine.mapped)){
		VFIO_IOMMU_MAP_DMA, map->vaddr, map->size, map->iova, map->flags, 0, -1,
	};
	return answer(machine.map_errno);
}

static int type1_unmap(const struct vfio_iommu_type1_dma_unmap *unmap)
{
	machine.mapped = (typeof(machine.mapped)){
		VFIO_IOMMU_UNMAP_DMA, 0, unmap->size, unmap->iova, 0, 0, -1,
	};
	return answer(machine.map_errno);
}

static int fake_ioctl(int fd, unsigned long request, void *arg)
{
	switch (request) {
	case VFIO_GROUP_GET_STATUS:
		((struct vfio_group_status *)arg)->flags =
			machine.viable ? VFIO_GROUP_FLAGS_VIABLE : 0;
		return 0;
	case VFIO_CHECK_EXTENSION:
		assert_int_equal((long)arg, VFIO_TYPE1v2_IOMMU);
		return machine.type1;
	case VFIO_GROUP_SET_CONTAINER:
		machine.containers_set++;
		return answer(machine.set_container_errno);
	case VFIO_SET_IOMMU:
		assert_int_equal((long)arg, VFIO_TYPE1v2_IOMMU);
		return answer(machine.set_iommu_errno);
	case VFIO_GROUP_GET_DEVICE_FD:
		snprintf(machine.device_asked, sizeof(machine.device_asked), "%s", (char *)arg);
		return machine.get_device_errno ? answer(machine.get_device_errno) : new_device();
	case VFIO_DEVICE_BIND_IOMMUFD:
		return bind_iommufd(arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return region_info(arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return irq_info(arg);
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(arg);
	case VFIO_DEVICE_RESET:
		machine.resets++;
		return answer(machine.reset_errno);
	case VFIO_DEVICE_FEATURE:
		return device_feature(arg);
	case VFIO_IOMMU_GET_INFO:	/* and VFIO_DEVICE_GET_PCI_HOT_RESET_INFO */
		return is_container(fd) ? type1_info(arg) : hot_reset_info(arg);
	case VFIO_IOMMU_MAP_DMA:	/* and VFIO_DEVICE_PCI_HOT_RESET */
		return is_container(fd) ? type1_map(arg) : hot_reset(arg);
	case VFIO_IOMMU_UNMAP_DMA:
		return type1_unmap(arg);
	case IOMMU_DESTROY:
		return destroy(arg);
	case IOMMU_IOAS_ALLOC:
		return ioas_alloc(arg);
	case VFIO_DEVICE_ATTACH_IOMMUFD_PT:
		return ioas_attach(arg);
	case IOMMU_IOAS_MAP_FILE:
		return ioas_map_file(arg);
	case IOMMU_IOAS_MAP:
		return ioas_map(arg);
	case IOMMU_IOAS_UNMAP:
		return ioas_unmap(arg);
	default:
		fail_msg("unexpected ioctl %#lx", request);
		return -1;
	}
}

/* The node of the one device that is opened by iommufd is its memfd, as above. */
static int fake_open(const char *path, int flags)
{
	const char *below = path + strlen(machine.root);

	assert_memory_equal(path, machine.root, strlen(machine.root));
	if (machine.open_path && !strcmp(below, machine.open_path))
		return answer(machine.open_errno);
	if (!strncmp(below, "/dev/vfio/devices/", strlen("/dev/vfio/devices/")) &&
	    !access(path, F_OK))
		return new_device();
	return open(path, flags);
}

int fake_setup(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof(machine));
	snprintf(machine.root, sizeof(machine.root), "/tmp/peerbar-test-XXXXXX");
	if (!mkdtemp(machine.root))
		return -1;
	machine.viable = true;
	machine.type1 = true;
	machine.memfd = -1;
	machine.reserved = 0xfee00000;
	machine.last = (1ull << 39) - 1;
	pb_set_root(machine.root);
	pb_ioctl = fake_ioctl;
	pb_open_file = fake_open;
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int fake_teardown(void **state)
{
	(void)state;
	if (machine.memfd >= 0)
		close(machine.memfd);
	return nftw(machine.root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

uint16_t fake_command_register(void)
{
	uint16_t command;

	assert_int_equal(pread(machine.memfd, &command, sizeof(command), CONFIG_OFFSET + 4),
			 sizeof(command));
	return command;
}

unsigned int fake_open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	/* The duplicate of the device's descriptor belongs to the test. */
	return n - (machine.memfd >= 0);
}

void assert_sentence(const char *word, ...)
{
	const char *sentence = peerbar_errmsg();
	va_list ap;

	va_start(ap, word);
	for (; word; word = va_arg(ap, const char *))
		if (!strstr(sentence, word))
			fail_msg("\"%s\" does not say \"%s\"", sentence, word);
	va_end(ap);
}
