// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Facts about a PCI function: the bridges above it, their ACS, its BARs, its IOMMU.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "facts.h"
#include "sys.h"

#define DEVICES "/sys/bus/pci/devices/"

#define CONFIG_SIZE 256		/* config space of a conventional PCI function */
#define CONFIG_EXT_SIZE 4096
#define COMMAND 0x04
#define COMMAND_MEMORY 0x02
#define CAPABILITIES 0x34
#define BAR0 0x10
#define BAR_MEM_64 0x04
#define BAR_FLAGS 0x0f
#define CAP_ID_EXP 0x10
#define EXP_TYPE_SHIFT 4
#define EXP_TYPE_ROOT_PORT 4
#define EXT_CAP_ID_ACS 0x0d
#define ACS_CONTROL 0x06

/* Config space, as far as this user may read it. */
struct config {
	unsigned char byte[CONFIG_EXT_SIZE];
	size_t known;		/* bytes that were read; an ordinary user gets 64 */
	size_t size;		/* bytes that the function has */
};

static uint16_t word(const struct config *config, unsigned int offset)
{
	return config->byte[offset] | config->byte[offset + 1] << 8;
}

static uint32_t dword(const struct config *config, unsigned int offset)
{
	return word(config, offset) | (uint32_t)word(config, offset + 2) << 16;
}

/* A function that is gone, or in D3cold, reads as all ones: then nothing is known. */
static void read_config(const char *address, struct config *config)
{
	int fd = pb_open(O_RDONLY, DEVICES "%s/config", address);
	struct stat st;
	ssize_t n;

	memset(config, 0, sizeof(*config));
	if (fd < 0)
		return;
	n = pread(fd, config->byte, sizeof(config->byte), 0);
	if (n >= 64 && dword(config, 0) != UINT32_MAX)
		config->known = n;
	if (!fstat(fd, &st))
		config->size = st.st_size;
	close(fd);
}

/*
 * Return the offset of an extended capability, or 0. A broken list may have a loop, so no more
 * steps are taken than capabilities fit into the extended config space.
 */
static unsigned int extended_capability(const struct config *config, unsigned int id)
{
	unsigned int offset = CONFIG_SIZE, hops;

	for (hops = 0; hops < (CONFIG_EXT_SIZE - CONFIG_SIZE) / 8; hops++) {
		uint32_t header = dword(config, offset);

		if ((header & 0xffff) == id)
			return offset;
		offset = header >> 20 & ~3u;
		if (offset < CONFIG_SIZE || offset + 8 > config->known)
			return 0;
	}
	return 0;
}

static void read_acs(const struct config *config, struct pb_hop *hop)
{
	unsigned int offset;

	hop->acs = PB_ACS_UNKNOWN;
	if (config->known > CONFIG_SIZE) {
		offset = extended_capability(config, EXT_CAP_ID_ACS);
		hop->acs = offset ? PB_ACS_PRESENT : PB_ACS_NONE;
		if (offset)
			hop->control = word(config, offset + ACS_CONTROL);
	} else if (config->size == CONFIG_SIZE) {
		hop->acs = PB_ACS_NONE;
	}
}

/* Return the PCI Express port type; negative if it is not known, or not PCI Express. */
static int express_type(const struct config *config)
{
	unsigned int offset, hops;

	if (config->known < CONFIG_SIZE)
		return -1;
	offset = config->byte[CAPABILITIES] & ~3u;
	for (hops = 0; offset >= 64 && hops < CONFIG_SIZE / 4; hops++) {
		if (config->byte[offset] == CAP_ID_EXP)
			return word(config, offset + 2) >> EXP_TYPE_SHIFT & 0xf;
		offset = config->byte[offset + 1] & ~3u;
	}
	return -1;
}

/* Is @name a PCI address as sysfs writes it, "0000:01:00.0"? */
static bool is_address(const char *name)
{
	char address[PB_ADDRESS_SIZE];

	return strlen(name) < PB_ADDRESS_SIZE && !pb_pci_parse(name, address) &&
	       !strcmp(name, address);
}

/* The address of the first function in a sysfs folder, or "" if there is none. */
static void first_function(const char *folder, char address[PB_ADDRESS_SIZE])
{
	PB_NAMES names = pb_list("%s", folder);
	int i;

	address[0] = '\0';
	for (i = 0; i < names.nr && !address[0]; i++)
		if (is_address(pb_name(&names, i)))
			snprintf(address, PB_ADDRESS_SIZE, "%.19s", pb_name(&names, i));
}

/*
 * Find the device that identifies the host bridge. As in the kernel's P2PDMA, it is the first
 * device on the root bus, provided that it is at 00.0 or is a root port.
 */
static void find_root(const char *folder, struct pb_pci *pci)
{
	struct config config;
	uint64_t id;

	first_function(folder, pci->root);
	if (!pci->root[0])
		return;
	read_config(pci->root, &config);
	if (strcmp(strrchr(pci->root, ':'), ":00.0") &&
	    express_type(&config) != EXP_TYPE_ROOT_PORT) {
		pci->root[0] = '\0';
		return;
	}
	if (!pb_pci_hex(pci->root, "vendor", &id))
		pci->root_vendor = id;
	if (!pb_pci_hex(pci->root, "device", &id))
		pci->root_device = id;
}

static void add_hop(struct pb_pci *pci, const char *address, const struct config *config)
{
	struct pb_hop *hop = &pci->hop[pci->nr_hops];

	/* Hops beyond the limit are dropped: such paths count as meeting at the host bridge. */
	if (pci->nr_hops == PEERBAR_MAX_HOPS)
		return;
	snprintf(hop->address, sizeof(hop->address), "%s", address);
	read_acs(config, hop);
	pci->nr_hops++;
}

/*
 * The function's sysfs link is "../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0". Walk
 * it from the end, up to the first component that is not a PCI address: that is the host
 * bridge. A host bridge may itself be below a function (VMD), but the kernel does not look
 * further up, either. @config has the function's config space when this is called, and is
 * reused for each bridge.
 */
static int read_ancestry(struct pb_pci *pci, struct config *config)
{
	char path[PATH_MAX], full[PATH_MAX];
	char *slash;
	int ret;

	ret = pb_target(path, sizeof(path), DEVICES "%s", pci->address);
	if (ret)
		return pb_fail(-ret, "cannot tell where %s is: %s", pci->address, strerror(-ret));
	while ((slash = strrchr(path, '/')) && is_address(slash + 1)) {
		if (pci->nr_hops)
			read_config(slash + 1, config);
		add_hop(pci, slash + 1, config);
		*slash = '\0';
	}
	slash = strstr(path, "devices/");
	if (!slash || !pci->nr_hops)
		return pb_fail(EINVAL, "cannot tell where %s is from \"%s\"", pci->address, path);
	snprintf(pci->host, sizeof(pci->host), "%.23s", strrchr(path, '/') + 1);
	snprintf(full, sizeof(full), "/sys/%s", slash);
	find_root(full, pci);
	return 0;
}

/* The BAR registers contain the bus address, whereas sysfs shows the CPU address. */
static void read_bus_address(const struct config *config, unsigned int bar,
			     struct pb_window *window)
{
	uint32_t low = dword(config, BAR0 + 4 * bar);

	window->bus = low & ~BAR_FLAGS;
	if (low & BAR_MEM_64 && bar + 1 < PB_NR_BARS)
		window->bus |= (uint64_t)dword(config, BAR0 + 4 * (bar + 1)) << 32;
	window->bus_known = config->known && window->bus;
}

static int read_bars(const struct config *config, struct pb_pci *pci)
{
	struct pb_resource resource[PB_NR_BARS];
	int ret = pb_pci_resources(pci->address, resource);
	unsigned int i;

	if (ret)
		return pb_fail(-ret, "cannot read the BARs of %s: %s", pci->address,
			       strerror(-ret));
	for (i = 0; i < PB_NR_BARS; i++) {
		struct pb_window *window = &pci->bar[i];

		if (!resource[i].size)
			continue;
		window->start = resource[i].start;
		window->size = resource[i].size;
		window->assigned = resource[i].assigned;
		read_bus_address(config, i, window);
	}
	return 0;
}

/*
 * A virtual function does not implement the memory space enable bit: one bit in its physical
 * function controls the memory of all virtual functions.
 */
static enum pb_answer read_memory(const struct config *config, const char *address)
{
	if (!config->known || pb_exists(DEVICES "%s/physfn", address))
		return PB_UNKNOWN;
	return word(config, COMMAND) & COMMAND_MEMORY ? PB_YES : PB_NO;
}

static void read_iommu(struct pb_pci *pci)
{
	char text[32], driver[PB_NAME_SIZE];

	pci->group = pb_pci_group(pci->address);
	if (pci->group >= 0) {
		pb_read(pci->domain, sizeof(pci->domain), "/sys/kernel/iommu_groups/%d/type",
			pci->group);
		pb_group_blocker(pci->group, pci->blocker, driver);
	}
	if (!pb_read(text, sizeof(text), DEVICES "%s/dma_mask_bits", pci->address))
		pci->dma_mask_bits = strtoul(text, NULL, 10);
}

int pb_pci_facts(const char *address, struct pb_pci *pci)
{
	struct config config;
	int ret;

	memset(pci, 0, sizeof(*pci));
	ret = pb_pci_exists(address);
	if (ret)
		return ret;
	snprintf(pci->address, sizeof(pci->address), "%s", address);
	pb_pci_driver(address, pci->driver);
	pci->vfio = pb_pci_is_vfio(address);
	pci->ours = pb_driver_is_ours(pci->driver);
	pci->by_core = pb_pci_exports_by_core(address);
	read_iommu(pci);
	read_config(address, &config);
	pci->memory = read_memory(&config, address);
	ret = read_bars(&config, pci);
	return ret ? ret : read_ancestry(pci, &config);
}

enum peerbar_iommu pb_pci_iommu(const struct pb_pci *pci)
{
	if (pci->group < 0)
		return PEERBAR_IOMMU_NONE;
	if (!strcmp(pci->domain, "identity"))
		return PEERBAR_IOMMU_IDENTITY;
	return !strncmp(pci->domain, "DMA", strlen("DMA")) ? PEERBAR_IOMMU_TRANSLATES :
							     PEERBAR_IOMMU_FOREIGN;
}

int pb_pci_largest_bar(const struct pb_pci *pci)
{
	int i, best = -1;

	for (i = 0; i < PB_NR_BARS; i++)
		if (pci->bar[i].size && (best < 0 || pci->bar[i].size > pci->bar[best].size))
			best = i;
	return best;
}
