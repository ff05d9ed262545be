// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The fault switches that every NIC has, and setting one from text: see fault.h. */
#include "fault.h"

#include <errno.h>
#include <json-c/json.h>
#include <stddef.h>
#include <string.h>

#include "base/number.h"

const struct fault_desc fault_descs[] = {
	FAULT_SWITCH(FAULT_U32, struct fault, drop_cqe, "drop-cqe",
		     "lose the next N work completions"),
	FAULT_SWITCH(FAULT_U32, struct fault, delay_cqe_us, "delay-cqe-us",
		     "hold every work completion back for N microseconds"),
	FAULT_SWITCH(FAULT_U32, struct fault, slow_us, "slow-us",
		     "pause for N microseconds after every slice of a copy"),
	{ .name = NULL },
};

static const struct fault_desc *find(const struct fault_desc *table, const char *name,
				     size_t len)
{
	for (const struct fault_desc *d = table; d->name; d++)
		if (strlen(d->name) == len && !memcmp(d->name, name, len))
			return d;
	return NULL;
}

static int set_field(void *base, const struct fault_desc *desc, const char *text)
{
	uint64_t value = 1;
	uint64_t max = desc->type == FAULT_BOOL ? 1 : UINT32_MAX;
	int err = 0;

	if (text)
		err = number_parse(text, 0, max, &value);
	else if (desc->type != FAULT_BOOL)
		err = -EINVAL;
	if (err)
		return err;
	if (desc->type == FAULT_U32)
		*(uint32_t *)((char *)base + desc->offset) = (uint32_t)value;
	else
		*(bool *)((char *)base + desc->offset) = value;
	return 0;
}

int fault_set(struct fault *fault, const struct fault_desc *own, const char *setting)
{
	const char *equals = strchr(setting, '=');
	size_t len = equals ? (size_t)(equals - setting) : strlen(setting);
	const char *text = equals ? equals + 1 : NULL;
	const struct fault_desc *desc = find(fault_descs, setting, len);

	if (desc)
		return set_field(fault, desc, text);
	desc = find(own, setting, len);
	return desc ? set_field(&fault->own, desc, text) : -ENOENT;
}

static uint32_t get_field(const void *base, const struct fault_desc *desc)
{
	const char *field = (const char *)base + desc->offset;

	return desc->type == FAULT_U32 ? *(const uint32_t *)field : *(const bool *)field;
}

static bool is_in(const struct fault_desc *table, const struct fault_desc *desc)
{
	return find(table, desc->name, strlen(desc->name)) == desc;
}

uint32_t fault_get(const struct fault *fault, const struct fault_desc *own,
		   const struct fault_desc *desc)
{
	return is_in(own, desc) ? get_field(&fault->own, desc) : get_field(fault, desc);
}

static void report_table(struct json_object *to, const void *base,
			 const struct fault_desc *table)
{
	for (const struct fault_desc *d = table; d->name; d++) {
		uint32_t value = get_field(base, d);

		json_object_object_add(to, d->name, d->type == FAULT_BOOL ?
				       json_object_new_boolean((json_bool)value) :
				       json_object_new_uint64(value));
	}
}

struct json_object *fault_report(const struct fault *fault, const struct fault_desc *own)
{
	struct json_object *o = json_object_new_object();

	report_table(o, fault, fault_descs);
	report_table(o, &fault->own, own);
	return o;
}
