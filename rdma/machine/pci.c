// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What sysfs says about a PCI device and its IOMMU group.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "pci.h"
#include "sys.h"

#define PCI_BASE_CLASS_BRIDGE 0x06
#define DEVICES "/sys/bus/pci/devices/"
#define DRIVERS "/sys/bus/pci/drivers/"

/*
 * Parse one hexadecimal number of @min to @max digits that is at most @limit and is followed
 * by the character @end. On success *@text is advanced past @end. On failure it stays where
 * it was, so that the caller can try another field there.
 */
static bool field(const char **text, size_t min, size_t max, unsigned long limit, char end,
		  unsigned long *value)
{
	size_t len = strspn(*text, "0123456789abcdefABCDEF");

	if (len < min || len > max || (*text)[len] != end)
		return false;
	*value = strtoul(*text, NULL, 16);
	if (*value > limit)
		return false;
	*text += len + (end != '\0');
	return true;
}

int pb_pci_parse(const char *text, char *address)
{
	unsigned long domain = 0, bus, slot, function;
	const char *p = text;

	/* A domain has at least four digits, so it cannot be confused with a bus number. */
	if (p)
		field(&p, 4, 8, UINT32_MAX, ':', &domain);
	if (!p || !field(&p, 1, 2, 0xff, ':', &bus) || !field(&p, 1, 2, 0x1f, '.', &slot) ||
	    !field(&p, 1, 1, 7, '\0', &function))
		return pb_fail(EINVAL, "\"%s\" is not a PCI address: write it as 0000:01:00.0 "
			       "or 01:00.0", text ? text : "");
	snprintf(address, PB_ADDRESS_SIZE, "%04lx:%02lx:%02lx.%lx", domain, bus, slot, function);
	return 0;
}

int pb_pci_exists(const char *address)
{
	if (pb_exists(DEVICES "%s", address))
		return 0;
	return pb_fail(ENODEV, "there is no PCI device %s: \"peerbar dev show\" lists those "
		       "that can be used", address);
}

void pb_pci_driver(const char *address, char *name)
{
	if (pb_link(name, PB_NAME_SIZE, DEVICES "%s/driver", address))
		name[0] = '\0';
}

void pb_driver_module(const char *driver, char *name)
{
	if (pb_link(name, PB_NAME_SIZE, DRIVERS "%s/module", driver))
		name[0] = '\0';
}

bool pb_driver_is_ours(const char *driver)
{
	char module[PB_NAME_SIZE];

	pb_driver_module(driver, module);
	return !strcmp(driver, PB_OUR_DRIVER) || !strcmp(module, PB_OUR_MODULE);
}

bool pb_pci_exports_by_core(const char *address)
{
	char name[PB_NAME_SIZE];

	return !pb_read(name, sizeof(name), DEVICES "%s/" PB_EXPORTER, address) &&
	       !strcmp(name, "core");
}

const char *pb_our_driver(void)
{
	if (pb_exists(DRIVERS PB_OUR_DRIVER))
		return PB_OUR_DRIVER;
	return pb_driver_is_ours("vfio-pci") ? "vfio-pci" : NULL;
}

bool pb_has_vfio_pci(void)
{
	return pb_exists(DRIVERS "vfio-pci") && !pb_driver_is_ours("vfio-pci");
}

/*
 * Since Linux 6.1, every VFIO device has a vfio-dev folder, whatever the name of its
 * driver is.
 */
bool pb_pci_is_vfio(const char *address)
{
	return pb_exists(DEVICES "%s/vfio-dev", address);
}

int pb_pci_group(const char *address)
{
	char name[PB_NAME_SIZE];
	int ret = pb_link(name, sizeof(name), DEVICES "%s/iommu_group", address);

	return ret ? ret : atoi(name);
}

int pb_pci_hex(const char *address, const char *attribute, uint64_t *value)
{
	char text[32];
	int ret = pb_read(text, sizeof(text), DEVICES "%s/%s", address, attribute);

	if (!ret)
		*value = strtoull(text, NULL, 16);
	return ret;
}

bool pb_pci_is_bridge(const char *address)
{
	uint64_t class;

	return !pb_pci_hex(address, "class", &class) && class >> 16 == PCI_BASE_CLASS_BRIDGE;
}

#define IORESOURCE_MEM 0x200
#define IORESOURCE_UNSET 0x20000000

static void set_resource(struct pb_resource *resource, uint64_t start, uint64_t end,
			 uint64_t flags)
{
	memset(resource, 0, sizeof(*resource));
	if (!(flags & IORESOURCE_MEM))
		return;
	resource->start = start;
	resource->size = end - start + 1;
	resource->assigned = start && !(flags & IORESOURCE_UNSET);
}

struct resource_lines {
	struct pb_resource *resource;	/* where the next line goes */
	unsigned int left;
};

/* Each line has the start, the end and the flags of one BAR. */
static bool resource_line(char *text, void *data)
{
	unsigned long long start, end, flags;
	struct resource_lines *lines = data;

	if (sscanf(text, "%llx %llx %llx", &start, &end, &flags) != 3)
		return false;
	set_resource(lines->resource++, start, end, flags);
	return --lines->left;
}

int pb_pci_resources(const char *address, struct pb_resource resource[PB_NR_BARS])
{
	struct resource_lines lines = { resource, PB_NR_BARS };
	char path[sizeof(DEVICES "/resource") + PB_ADDRESS_SIZE];
	int ret;

	snprintf(path, sizeof(path), DEVICES "%s/resource", address);
	ret = pb_each_line(path, resource_line, &lines);
	return ret || !lines.left ? ret : -EIO;
}

int pb_pci_bars(const char *address, uint64_t size[PB_NR_BARS])
{
	struct pb_resource resource[PB_NR_BARS];
	int ret = pb_pci_resources(address, resource);
	unsigned int i;

	for (i = 0; i < PB_NR_BARS && !ret; i++)
		size[i] = resource[i].size;
	return ret;
}

/* Drivers that do not claim DMA ownership of the group, as VFIO's documentation lists them. */
static bool leaves_dma_alone(const char *driver)
{
	return !strcmp(driver, "pcieport") || !strcmp(driver, "pci-stub");
}

bool pb_group_blocker(int group, char *address, char *driver)
{
	PB_NAMES members = pb_list("/sys/kernel/iommu_groups/%d/devices", group);
	int i;

	for (i = 0; i < members.nr; i++) {
		const char *member = pb_name(&members, i);

		pb_pci_driver(member, driver);
		if (!driver[0] || pb_pci_is_vfio(member) || leaves_dma_alone(driver))
			continue;
		snprintf(address, PB_ADDRESS_SIZE, "%.*s", PB_ADDRESS_SIZE - 1, member);
		return true;
	}
	address[0] = '\0';
	return false;
}
