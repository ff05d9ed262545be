// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Synthetic machines: creates the files that the kernel would show in /sys and /proc.
 */
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "machine.h"

#define CONFIG 4096
#define OLD_CONFIG 256
#define USER_CONFIG 64
#define CAP_EXP 0x40
#define EXT_CAP_AER 0x100
#define EXT_CAP_ACS 0x148

static void put(unsigned char *byte, uint64_t value, unsigned int size)
{
	while (size--) {
		*byte++ = value;
		value >>= 8;
	}
}

/* The Express capability comes after MSI, and ACS after AER, so that chains are followed. */
static void fill_config(const struct machine_function *f, unsigned char config[CONFIG])
{
	put(config, f->vendor, 2);
	put(config + 2, f->device, 2);
	put(config + 4, f->memory_off ? 0 : 2, 2);
	put(config + 0x18, (f->bus ? f->bus : f->bar) | 0xc, 8);
	config[0x34] = 0x80;
	put(config + 0x80, 0x05 | (f->acs == MACHINE_OLD_PCI ? 0 : CAP_EXP << 8), 2);
	if (f->acs == MACHINE_OLD_PCI)
		return;
	put(config + CAP_EXP, 0x10, 2);
	put(config + CAP_EXP + 2, 2 | f->port << 4, 2);
	put(config + EXT_CAP_AER, 0x00010001 | (f->acs < 0 ? 0 : EXT_CAP_ACS << 20), 4);
	if (f->acs < 0)
		return;
	put(config + EXT_CAP_ACS, 0x0001000d, 4);
	put(config + EXT_CAP_ACS + 4, 0x1f, 2);
	put(config + EXT_CAP_ACS + 6, f->acs, 2);
}

static void add_file(const char *folder, const char *name, const char *content)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fake_file(path, content);
}

static void add_link(const char *folder, const char *name, const char *target)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fake_link(path, target);
}

static void add_registers(const struct machine_function *f, const char *folder)
{
	unsigned char config[CONFIG] = { 0 };
	char path[256], text[512];
	int size = f->acs == MACHINE_OLD_PCI ? OLD_CONFIG : CONFIG;

	fill_config(f, config);
	snprintf(path, sizeof(path), "%s/config", folder);
	fake_bytes(path, config, f->hidden ? USER_CONFIG : size);
	snprintf(text, sizeof(text), "0x%04x\n", f->vendor);
	add_file(folder, "vendor", text);
	snprintf(text, sizeof(text), "0x%04x\n", f->device);
	add_file(folder, "device", text);
	add_file(folder, "class", f->size ? "0x050000\n" : "0x060400\n");
	snprintf(text, sizeof(text), "%u\n", f->mask ? f->mask : 64);
	add_file(folder, "dma_mask_bits", text);
	snprintf(text, sizeof(text), "0x0 0x0 0x0\n0x0 0x0 0x0\n0x%llx 0x%llx 0x%x\n"
		 "0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n", (unsigned long long)f->bar,
		 (unsigned long long)(f->size ? f->bar + f->size - 1 : 0), f->size ? 0x14220c : 0);
	add_file(folder, "resource", text);
}

static void add_group(const struct machine_function *f, const char *folder,
		      const char *address)
{
	char path[256], target[64], text[32];

	snprintf(target, sizeof(target), "../../../kernel/iommu_groups/%d", f->group);
	add_link(folder, "iommu_group", target);
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d", f->group);
	snprintf(text, sizeof(text), "%s\n", f->domain ? f->domain : "DMA");
	add_file(path, "type", text);
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/devices/%s", f->group, address);
	snprintf(target, sizeof(target), "../../../../bus/pci/devices/%s", address);
	fake_link(path, target);
}

static void add_rdma(const struct machine_function *f, const char *folder,
		     const char *address)
{
	char path[256], target[256];

	snprintf(path, sizeof(path), "%s/infiniband/%s", folder, f->rdma);
	add_file(path, "node_type", "1: CA\n");
	snprintf(path, sizeof(path), "/sys/class/infiniband/%s/device", f->rdma);
	snprintf(target, sizeof(target), "../../../bus/pci/devices/%s", address);
	fake_link(path, target);
}

void machine_add(const struct machine_function *f)
{
	const char *address = strrchr(f->path, '/') + 1;
	char folder[192], path[256], target[256];

	snprintf(folder, sizeof(folder), "/sys/devices/%s", f->path);
	add_registers(f, folder);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", address);
	snprintf(target, sizeof(target), "../../../devices/%s", f->path);
	fake_link(path, target);
	if (f->driver) {
		snprintf(target, sizeof(target), "../../../../bus/pci/drivers/%s", f->driver);
		add_link(folder, "driver", target);
	}
	if (f->vfio)
		add_file(folder, "vfio-dev/vfio0/dev", "511:0\n");
	if (f->group)
		add_group(f, folder, address);
	if (f->rdma)
		add_rdma(f, folder, address);
}

void machine_kernel(const char *release, const char *cpu, const char *symbols)
{
	const char *slash = strchr(cpu, '/');
	char text[256];

	snprintf(text, sizeof(text), "%s\n", release);
	fake_file("/proc/sys/kernel/osrelease", text);
	snprintf(text, sizeof(text), "processor\t: 0\nvendor_id\t: %.*s\ncpu family\t: %s\n"
		 "model\t\t: 1\n", (int)(slash - cpu), cpu, slash + 1);
	fake_file("/proc/cpuinfo", text);
	fake_file("/proc/kallsyms", symbols);
}
