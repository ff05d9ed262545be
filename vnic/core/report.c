// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The device's report: its configuration and all counters as one JSON object. */
#include <arpa/inet.h>
#include <json-c/json.h>

#include "nic.h"

static void add_u64(struct json_object *to, const char *name, uint64_t value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

static struct json_object *report_config(const struct nic_config *config)
{
	struct json_object *o = json_object_new_object();
	char gid[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, config->gid, gid, sizeof(gid));
	json_object_object_add(o, "model", json_object_new_string(config->model->name));
	json_object_object_add(o, "gid", json_object_new_string(gid));
	add_u64(o, "slice", config->slice);
	config->model->report_config(config, o);
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

struct json_object *nic_report(struct nic *nic)
{
	const struct nic_model *model = nic->config.model;
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "device", report_config(&nic->config));
	json_object_object_add(o, "stray", report_stray(&nic->stray));
	json_object_object_add(o, "dma", report_dma(nic->dma));
	json_object_object_add(o, model->name, model->report(nic->device));
	json_object_object_add(o, "pci", report_pci(&nic->pci));
	json_object_object_add(o, "faults", fault_report(&nic->fault, model->faults));
	return o;
}
