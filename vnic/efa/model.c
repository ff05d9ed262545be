// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* struct nic_model of the EFA: maps the core's calls to the parts of this model. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "efa.h"
#include "model.h"

#define PCI_VENDOR_AMAZON	0x1d0f
#define CLASS_ETHERNET		0x020000

static void describe(const struct nic_config *config, struct pci_function *function)
{
	const uint16_t part = efa_config(config)->part;

	*function = (struct pci_function){
		.id = {
			.vendor = PCI_VENDOR_AMAZON, .device = part,
			.subvendor = PCI_VENDOR_AMAZON, .subdevice = part,
			.class_code = CLASS_ETHERNET,
		},
		.bar = {
			[EFA_REG_BAR] = { .size = EFA_REG_SIZE },
			[EFA_LLQ_BAR] = { .size = EFA_LLQ_SIZE, .is64 = true, .prefetch = true },
			[EFA_DB_BAR] = { .size = EFA_DB_SIZE, .is64 = true, .prefetch = true },
		},
		.msix = {
			.vectors = EFA_VECTORS, .bar = EFA_REG_BAR,
			.table = EFA_MSIX_TABLE, .pba = EFA_MSIX_PBA,
		},
	};
}

static void *create(struct nic *nic)
{
	return efa_new(nic);
}

static void destroy(void *device)
{
	efa_free(device);
}

static void reset(void *device)
{
	efa_reset(device);
}

/* ---- BARs ---- */

static void region(void *device, unsigned int bar, struct vfu_region *info)
{
	struct efa *efa = device;

	switch (bar) {
	case EFA_REG_BAR:
		info->size = EFA_REG_SIZE;
		break;
	case EFA_LLQ_BAR:
		info->size = EFA_LLQ_SIZE;
		info->mmap_size = EFA_LLQ_SIZE;
		info->mmap_fd = efa->llq_fd;
		break;
	case EFA_DB_BAR:
		info->size = EFA_DB_SIZE;
		break;
	}
}

/*
 * The MSI-X table and the PBA, from EFA_MSIX_TABLE on, read as 0. QEMU emulates the table
 * itself, and no interrupt is ever pending here, since each is sent as soon as it is raised.
 */
static uint32_t read_dword(struct efa *efa, unsigned int bar, uint64_t off)
{
	if (bar == EFA_REG_BAR && off < EFA_MSIX_TABLE)
		return efa_reg_read(efa, (uint32_t)off);
	return 0;	/* doorbells are write-only */
}

static void write_dword(struct efa *efa, unsigned int bar, uint64_t off, uint32_t value)
{
	if (bar == EFA_DB_BAR)
		efa_doorbell_write(efa, (uint32_t)off, value);
	else if (off < EFA_MSIX_TABLE)
		efa_reg_write(efa, (uint32_t)off, value);
}

/* Registers and doorbells take only aligned accesses of one or two dwords. */
static bool is_dwords(uint64_t off, uint32_t len)
{
	return (len == 4 || len == 8) && off % len == 0;
}

static int read_bar(void *device, unsigned int bar, uint64_t off, void *buf, uint32_t len)
{
	struct efa *efa = device;
	uint32_t value;

	if (bar == EFA_LLQ_BAR) {
		memcpy(buf, efa->llq + off, len);
		return 0;
	}
	if (!is_dwords(off, len))
		return -EINVAL;
	for (uint32_t at = 0; at < len; at += 4) {
		value = read_dword(efa, bar, off + at);
		memcpy((uint8_t *)buf + at, &value, 4);
	}
	return 0;
}

static int write_bar(void *device, unsigned int bar, uint64_t off, const void *buf,
		     uint32_t len)
{
	struct efa *efa = device;
	uint32_t value;

	if (bar == EFA_LLQ_BAR) {
		memcpy(efa->llq + off, buf, len);
		return 0;
	}
	if (!is_dwords(off, len))
		return -EINVAL;
	for (uint32_t at = 0; at < len; at += 4) {
		memcpy(&value, (const uint8_t *)buf + at, 4);
		write_dword(efa, bar, off + at, value);
	}
	return 0;
}

/* ---- the engine, the faults, the report ---- */

static bool step(void *device, uint32_t *pause_us)
{
	struct efa *efa = device;
	bool more = efa_engine_step(efa);

	*pause_us = efa->pause_us;
	return more;
}

/* Commands that the fault stall-aq has held back are executed now. */
static void faults_changed(void *device)
{
	efa_aq_process(device);
}

static void clear(void *device)
{
	struct efa *efa = device;

	memset(&efa->count, 0, sizeof(efa->count));
}

static struct json_object *report(const void *device)
{
	return efa_report(device);
}

static void report_config(const struct nic_config *config, struct json_object *to)
{
	const struct efa_config *own = efa_config(config);
	char part[sizeof("efa2")];

	snprintf(part, sizeof(part), "%04x", own->part);
	json_object_object_add(to, "part", json_object_new_string(part));
	json_object_object_add(to, "page_sizes", json_object_new_uint64(own->page_sizes));
	json_object_object_add(to, "dma_bits", json_object_new_uint64(own->dma_bits));
	json_object_object_add(to, "admin_timeout_ms",
			       json_object_new_uint64(own->admin_timeout_ms));
}

const struct nic_model efa_model = {
	.name = "efa",
	.about = "Amazon's Elastic Fabric Adapter: UD and SRD queue pairs",
	.defaults = &efa_defaults,
	.defaults_size = sizeof(efa_defaults),
	.options = efa_options,
	.faults = efa_faults,
	.describe = describe,
	.create = create,
	.destroy = destroy,
	.reset = reset,
	.region = region,
	.read = read_bar,
	.write = write_bar,
	.step = step,
	.faults_changed = faults_changed,
	.clear = clear,
	.report = report,
	.report_config = report_config,
};
