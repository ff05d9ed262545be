// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The device's report: everything that can be counted, as one JSON object. */
#include <arpa/inet.h>
#include <json-c/json.h>
#include <stdio.h>

#include "efa/efa.h"

static void add_u64(struct json_object *to, const char *name, uint64_t value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

static struct json_object *report_config(const struct nic_config *config)
{
	struct json_object *o = json_object_new_object();
	char text[INET6_ADDRSTRLEN];

	snprintf(text, sizeof(text), "%04x", config->part);
	json_object_object_add(o, "part", json_object_new_string(text));
	inet_ntop(AF_INET6, config->gid, text, sizeof(text));
	json_object_object_add(o, "gid", json_object_new_string(text));
	add_u64(o, "slice", config->slice);
	add_u64(o, "page_sizes", config->page_sizes);
	add_u64(o, "dma_bits", config->dma_bits);
	add_u64(o, "admin_timeout_ms", config->admin_timeout_ms);
	return o;
}

static struct json_object *report_record(const struct stray_record *record)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "kind",
			       json_object_new_string(stray_kind_name(record->kind)));
	json_object_object_add(o, "write", json_object_new_boolean(record->write));
	add_u64(o, "addr", record->addr);
	add_u64(o, "len", record->len);
	add_u64(o, "key", record->key);
	add_u64(o, "age_ns", record->age_ns);
	return o;
}

static struct json_object *report_stray(const struct stray *stray)
{
	struct json_object *o = json_object_new_object();
	struct json_object *records = json_object_new_array();
	uint64_t oldest = stray->noted < STRAY_RECORDS ? 0 : stray->noted - STRAY_RECORDS;

	add_u64(o, "total", stray_total(stray));
	for (unsigned int i = 0; i < STRAY_KINDS; i++) {
		struct json_object *kind = json_object_new_object();

		add_u64(kind, "reads", stray->count[i].reads);
		add_u64(kind, "writes", stray->count[i].writes);
		add_u64(kind, "bytes", stray->count[i].bytes);
		add_u64(kind, "max_age_ns", stray->count[i].max_age_ns);
		json_object_object_add(o, stray_kind_name(i), kind);
	}
	for (uint64_t i = oldest; i < stray->noted; i++)
		json_object_array_add(records,
				      report_record(&stray->record[i % STRAY_RECORDS]));
	json_object_object_add(o, "records", records);
	return o;
}

static struct json_object *report_dma(const struct dma_space *dma)
{
	struct json_object *o = json_object_new_object();
	struct dma_stats stats;

	dma_get_stats(dma, &stats);
	add_u64(o, "maps", stats.maps);
	add_u64(o, "unmaps", stats.unmaps);
	add_u64(o, "live", stats.live);
	add_u64(o, "live_bytes", stats.live_bytes);
	add_u64(o, "peak", stats.peak);
	add_u64(o, "files", stats.files);
	return o;
}

static struct json_object *report_pci(const struct pci *pci)
{
	struct json_object *o = json_object_new_object();

	add_u64(o, "raised", pci->raised);
	add_u64(o, "lost", pci->lost);
	return o;
}

struct json_object *fault_report(const struct fault *fault)
{
	struct json_object *o = json_object_new_object();

	for (const struct fault_desc *d = fault_descs; d->name; d++) {
		uint32_t value = fault_get(fault, d);

		json_object_object_add(o, d->name, d->type == FAULT_BOOL ?
				       json_object_new_boolean((json_bool)value) :
				       json_object_new_uint64(value));
	}
	return o;
}

struct json_object *nic_report(struct nic *nic)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "device", report_config(&nic->config));
	json_object_object_add(o, "stray", report_stray(&nic->stray));
	json_object_object_add(o, "dma", report_dma(nic->dma));
	json_object_object_add(o, "efa", efa_report(nic->efa));
	json_object_object_add(o, "pci", report_pci(&nic->pci));
	json_object_object_add(o, "faults", fault_report(&nic->fault));
	return o;
}
