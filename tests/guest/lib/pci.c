// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* PCI devices in sysfs; see pci.h. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "clock.h"
#include "pci.h"
#include "tap.h"

#define DEVICES "/sys/bus/pci/devices/"
#define IORESOURCE_IO 0x100u	/* from the kernel's resource flags */
#define SLOTS "/sys/bus/pci/slots/"

int sysfs_write(const char *text, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int sysfs_read(char *text, size_t size, const char *path)
{
	FILE *f = fopen(path, "re");

	if (!f)
		return -errno;
	if (!fgets(text, (int)size, f))
		text[0] = '\0';
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

/* The last part of what a link of the device points to. */
static int link_name(const char *address, const char *link, char *name, size_t size)
{
	char path[96], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), DEVICES "%s/%s", address, link);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	snprintf(name, size, "%s", strrchr(target, '/') + 1);
	return 0;
}

int pci_driver(const char *address, char *name, size_t size)
{
	return link_name(address, "driver", name, size);
}

bool pci_is_ours(const char *address)
{
	char module[64];

	return !link_name(address, "driver/module", module, sizeof(module)) &&
	       !strcmp(module, "peerbar_vfio_pci");
}

bool pci_exports_by_core(const char *address)
{
	char path[96], text[16];

	snprintf(path, sizeof(path), DEVICES "%s/dmabuf_exporter", address);
	return !sysfs_read(text, sizeof(text), path) && !strcmp(text, "core");
}

int pci_choose_exporter(const char *address, const char *exporter)
{
	char path[96];

	snprintf(path, sizeof(path), DEVICES "%s/dmabuf_exporter", address);
	return sysfs_write(exporter, path);
}

int pci_unbind(const char *address)
{
	char path[96];

	snprintf(path, sizeof(path), DEVICES "%s/driver/unbind", address);
	return sysfs_write(address, path);
}

/*
 * If the kernel is probing the device itself, because it was just plugged in, a write to
 * drivers_probe does not wait for that, but one to the driver's own file does. It fails, as the
 * device has a driver.
 */
static void wait_until_ready(const char *address, const char *driver)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind", driver);
	sysfs_write(address, path);
}

int pci_bind(const char *address, const char *driver)
{
	char path[96], name[64];
	int ret;

	snprintf(path, sizeof(path), DEVICES "%s/driver_override", address);
	ret = sysfs_write(driver, path);
	if (!ret)
		ret = sysfs_write(address, "/sys/bus/pci/drivers_probe");
	if (!ret)
		ret = pci_driver(address, name, sizeof(name));
	if (!ret && strcmp(name, driver))
		ret = -EBUSY;
	if (!ret)
		wait_until_ready(address, driver);
	return ret;
}

bool pci_bind_new(const char *address, const char *driver, unsigned int timeout_ms)
{
	uint64_t end = now_us() + timeout_ms * 1000ull;
	char path[96];

	snprintf(path, sizeof(path), DEVICES "%s/vfio-dev", address);
	while (pci_bind(address, driver) || access(path, F_OK)) {
		if (now_us() > end)
			return false;
		sleep_us(10000);
	}
	return true;
}

int pci_poke(const char *address, const char *file)
{
	char path[96];

	snprintf(path, sizeof(path), DEVICES "%s/%s", address, file);
	return sysfs_write("1", path);
}

int pci_rescan(void)
{
	return sysfs_write("1", "/sys/bus/pci/rescan");
}

bool pci_exists(const char *address)
{
	char path[96];

	snprintf(path, sizeof(path), DEVICES "%s", address);
	return !access(path, F_OK);
}

bool pci_sibling(const char *address, const char *driver, char *sibling, size_t size)
{
	size_t slot = strlen(address) - 1;
	char name[64];

	for (char function = '0'; function <= '7'; function++) {
		if (function == address[slot])
			continue;
		snprintf(sibling, size, "%.*s%c", (int)slot, address, function);
		if (!pci_driver(sibling, name, sizeof(name)) && !strcmp(name, driver))
			return true;
	}
	return false;
}

/* The file "resource" has a line "START END FLAGS" for each BAR. */
static bool first_io_bar(const char *folder, unsigned int *bar)
{
	unsigned long long start, end, flags = 0;
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/resource", folder);
	f = fopen(path, "re");
	if (!f)
		return false;
	for (*bar = 0; *bar < 6; ++*bar)
		if (fscanf(f, "%llx %llx %llx", &start, &end, &flags) != 3 ||
		    flags & IORESOURCE_IO)
			break;
	fclose(f);
	return flags & IORESOURCE_IO;
}

bool pci_find_io(const char *driver, char *address, size_t size, unsigned int *bar)
{
	char pattern[96];
	bool found = false;
	glob_t g;

	snprintf(pattern, sizeof(pattern), "/sys/bus/pci/drivers/%s/*:*:*", driver);
	if (glob(pattern, 0, NULL, &g))
		return false;
	for (size_t i = 0; i < g.gl_pathc && !found; i++) {
		snprintf(address, size, "%s", strrchr(g.gl_pathv[i], '/') + 1);
		found = first_io_bar(g.gl_pathv[i], bar);
	}
	globfree(&g);
	return found;
}

/* A slot's file "address" holds "0000:01:00". */
static bool slot_holds(const char *file, const char *address)
{
	char text[32];

	return !sysfs_read(text, sizeof(text), file) && *text &&
	       !strncmp(text, address, strlen(text));
}

int pci_slot(const char *address, char *path, size_t size)
{
	int ret = -ENOENT;
	glob_t g;

	if (glob(SLOTS "*/address", 0, NULL, &g))
		return ret;
	for (size_t i = 0; i < g.gl_pathc && ret; i++) {
		if (!slot_holds(g.gl_pathv[i], address))
			continue;
		*strrchr(g.gl_pathv[i], '/') = '\0';
		snprintf(path, size, "%s", g.gl_pathv[i]);
		ret = 0;
	}
	globfree(&g);
	return ret;
}

/*
 * Such as "/sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0": the root port comes first, and
 * the port above the device is the last but one. The caller frees it. Return: NULL: no device.
 */
static char *real_path(const char *address)
{
	char path[96];

	snprintf(path, sizeof(path), DEVICES "%s", address);
	return realpath(path, NULL);
}

int pci_port(const char *address, char *port, size_t size)
{
	char *real = real_path(address), *name;
	int ret = -ENOENT;

	if (!real)
		return -errno;
	*strrchr(real, '/') = '\0';
	name = strrchr(real, '/') + 1;
	if (pci_exists(name)) {
		snprintf(port, size, "%s", name);
		ret = 0;
	}
	free(real);
	return ret;
}

/* How much of a device's real path leads to its root port; 0: it is below none. */
static size_t up_to_root_port(const char *path)
{
	const char *end = strstr(path, "/pci");

	for (int i = 0; end && i < 2; i++)
		end = strchr(end + 1, '/');
	return end ? (size_t)(end + 1 - path) : 0;
}

bool pci_share_root_port(const char *address, const char *other)
{
	char *one = real_path(address), *two = real_path(other);
	size_t length;
	bool share;

	if (!one || !two)
		tap_die("PCI", "no device %s or %s", address, other);
	length = up_to_root_port(one);
	share = length && !strncmp(one, two, length);
	free(one);
	free(two);
	return share;
}

uint64_t pci_bar_start(const char *address, unsigned int bar)
{
	unsigned long long start = 0;
	char path[96], line[80];
	FILE *f;

	snprintf(path, sizeof(path), DEVICES "%s/resource", address);
	f = fopen(path, "re");
	for (unsigned int i = 0; i <= bar; i++)
		if (!f || !fgets(line, sizeof(line), f))
			tap_die("PCI", "cannot read %s", path);
	fclose(f);
	start = strtoull(line, NULL, 16);
	if (!start)
		tap_die("PCI", "%s has no BAR %u", address, bar);
	return start;
}

void pci_domain_type(const char *address, char *type, size_t size)
{
	char path[96];

	snprintf(path, sizeof(path), DEVICES "%s/iommu_group/type", address);
	if (sysfs_read(type, size, path) || !*type)
		tap_die("PCI", "cannot read %s", path);
}

bool pci_is_translated(const char *address)
{
	char type[16];

	pci_domain_type(address, type, sizeof(type));
	return !strncmp(type, "DMA", 3);
}

static int open_config(const char *address)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), DEVICES "%s/config", address);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		tap_die("PCI", "cannot open %s: %s", path, strerror(errno));
	return fd;
}

/* No byte swapping: the guest is little-endian, like PCI. */
uint32_t pci_config_read(const char *address, unsigned int pos, unsigned int size)
{
	int fd = open_config(address);
	uint32_t value = 0;

	if (pread(fd, &value, size, pos) != (ssize_t)size)
		tap_die("PCI", "%s: cannot read configuration space at %#x", address, pos);
	close(fd);
	return value;
}

void pci_config_write(const char *address, unsigned int pos, unsigned int size, uint32_t value)
{
	int fd = open_config(address);

	if (pwrite(fd, &value, size, pos) != (ssize_t)size)
		tap_die("PCI", "%s: cannot write configuration space at %#x", address, pos);
	close(fd);
}

unsigned int pci_capability(const char *address, uint8_t id)
{
	unsigned int pos = pci_config_read(address, PCI_CAPABILITY_LIST, 1);

	for (; pos; pos = pci_config_read(address, pos + PCI_CAP_LIST_NEXT, 1))
		if (pci_config_read(address, pos, 1) == id)
			return pos;
	tap_die("PCI", "%s has no capability %#x", address, id);
}

/* Extended capabilities begin here; each has a 32-bit header: id, version, next. */
#define EXTENDED 0x100u

unsigned int pci_extended_capability(const char *address, uint16_t id)
{
	uint32_t header;

	for (unsigned int pos = EXTENDED; pos; pos = PCI_EXT_CAP_NEXT(header)) {
		header = pci_config_read(address, pos, 4);
		if (PCI_EXT_CAP_ID(header) == id)
			return pos;
	}
	tap_die("PCI", "%s has no extended capability %#x", address, id);
}
