// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* PCI devices in sysfs; see pci.h. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pci.h"

#define DEVICES "/sys/bus/pci/devices/"
#define IORESOURCE_IO 0x100u	/* of the kernel's resource flags */
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

int pci_driver(const char *address, char *name, size_t size)
{
	char path[96], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), DEVICES "%s/driver", address);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	snprintf(name, size, "%s", strrchr(target, '/') + 1);
	return 0;
}

int pci_unbind(const char *address)
{
	char path[96];

	snprintf(path, sizeof(path), DEVICES "%s/driver/unbind", address);
	return sysfs_write(address, path);
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
	return ret;
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
	char text[32] = "";
	FILE *f = fopen(file, "re");

	if (!f)
		return false;
	if (fgets(text, sizeof(text), f))
		text[strcspn(text, "\n")] = '\0';
	fclose(f);
	return *text && !strncmp(text, address, strlen(text));
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
