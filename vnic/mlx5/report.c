// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What only this model can tell: objects in use, commands, events. */
#include <json-c/json.h>
#include <stdio.h>

#include "core/slots.h"
#include "mlx5.h"

static void add(struct json_object *to, const char *name, uint64_t value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

/* Keys that are not free: the driver keeps some of these in stock. */
static unsigned int count_regions(const struct mlx5 *mlx5)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < 1u << LOG_MAX_MKEY; i++)
		n += mlx5->mkey[i].used && !mlx5_mkey_free(&mlx5->mkey[i]);
	return n;
}

static struct json_object *report_objects(const struct mlx5 *mlx5)
{
	static const char *const names[NR_NUMBERS] = {
		[NUMBER_PD] = "pd", [NUMBER_UAR] = "uar", [NUMBER_XRCD] = "xrcd",
		[NUMBER_TD] = "td", [NUMBER_COUNTER] = "counter",
	};
	struct json_object *o = json_object_new_object();

	for (unsigned int i = 0; i < NR_NUMBERS; i++)
		add(o, names[i], mlx5->number[i].live);
	add(o, "eq", SLOTS_COUNT(mlx5->eq));
	add(o, "cq", SLOTS_COUNT(mlx5->cq));
	add(o, "qp", SLOTS_COUNT(mlx5->qp));
	add(o, "srq", SLOTS_COUNT(mlx5->srq));
	add(o, "key", SLOTS_COUNT(mlx5->mkey));
	add(o, "mr", count_regions(mlx5));
	add(o, "mr_pages", mlx5->entries);
	add(o, "lent_pages", mlx5->nr_lent);
	return o;
}

static struct json_object *report_counters(const struct mlx5_counters *c)
{
	struct json_object *o = json_object_new_object();

	add(o, "commands", c->commands);
	add(o, "failed", c->failed);
	add(o, "undelivered", c->undelivered);
	add(o, "lost", c->lost);
	add(o, "events", c->events);
	add(o, "events_lost", c->events_lost);
	add(o, "completions", c->completions);
	add(o, "completions_lost", c->completions_lost);
	add(o, "requests", c->requests);
	add(o, "request_errors", c->request_errors);
	add(o, "dropped", c->dropped);
	add(o, "bytes", c->bytes);
	add(o, "rnr_waits", c->rnr_waits);
	add(o, "umrs", c->umrs);
	add(o, "page_faults", c->page_faults);
	add(o, "page_faults_refused", c->page_faults_refused);
	add(o, "doorbells", c->doorbells);
	add(o, "bad_access", c->bad_access);
	add(o, "resets", c->resets);
	return o;
}

/* "commands" lists only the opcodes that occurred. */
static struct json_object *report_opcodes(const struct mlx5_counters *c)
{
	struct json_object *o = json_object_new_object();
	char name[sizeof("0xfff")];

	for (unsigned int i = 0; i < sizeof(c->opcode) / sizeof(c->opcode[0]); i++) {
		if (!c->opcode[i])
			continue;
		snprintf(name, sizeof(name), "%#x", i);
		add(o, name, c->opcode[i]);
	}
	return o;
}

struct json_object *mlx5_report(const struct mlx5 *mlx5)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "objects", report_objects(mlx5));
	json_object_object_add(o, "counters", report_counters(&mlx5->count));
	json_object_object_add(o, "commands", report_opcodes(&mlx5->count));
	return o;
}
