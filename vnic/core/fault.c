// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The table of fault switches, and how one is set from text: see fault.h. */
#include "fault.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SWITCH(kind, field, text, about) \
	{ .name = text, .help = about, .type = kind, .offset = offsetof(struct fault, field) }

const struct fault_desc fault_descs[] = {
	SWITCH(FAULT_BOOL, ignore_dereg, "ignore-dereg",
	       "answer DEREG_MR, but go on using the MR"),
	SWITCH(FAULT_U32, drop_cqe, "drop-cqe", "lose that many work completions"),
	SWITCH(FAULT_U32, delay_cqe_us, "delay-cqe-us",
	       "hold every work completion back, microseconds"),
	SWITCH(FAULT_U32, drop_acq, "drop-acq", "lose that many admin completions"),
	SWITCH(FAULT_U32, delay_acq_us, "delay-acq-us",
	       "hold every admin completion back, microseconds"),
	SWITCH(FAULT_U32, fail_opcode, "fail-opcode", "admin opcode to fail"),
	SWITCH(FAULT_U32, fail_status, "fail-status", "the status to fail it with"),
	SWITCH(FAULT_U32, fail_count, "fail-count", "how many times to fail it"),
	SWITCH(FAULT_BOOL, stall_aq, "stall-aq", "leave the admin queue alone"),
	SWITCH(FAULT_U32, slow_us, "slow-us", "pause after every slice of a copy, microseconds"),
	{ .name = NULL },
};

static const struct fault_desc *find(const char *name, size_t len)
{
	for (const struct fault_desc *d = fault_descs; d->name; d++)
		if (strlen(d->name) == len && !memcmp(d->name, name, len))
			return d;
	return NULL;
}

/* A plain number in C's notation: no sign, no blanks, nothing behind it. */
static int parse_u32(const char *text, uint32_t *value)
{
	unsigned long long number;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 0);
	if (errno || *end || number > UINT32_MAX)
		return -EINVAL;
	*value = (uint32_t)number;
	return 0;
}

int fault_set(struct fault *fault, const char *setting)
{
	const char *equals = strchr(setting, '=');
	size_t len = equals ? (size_t)(equals - setting) : strlen(setting);
	const struct fault_desc *desc = find(setting, len);
	uint32_t value = 1;

	if (!desc)
		return -ENOENT;
	if (equals ? parse_u32(equals + 1, &value) : desc->type != FAULT_BOOL)
		return -EINVAL;
	if (desc->type == FAULT_U32)
		*(uint32_t *)((char *)fault + desc->offset) = value;
	else if (value <= 1)
		*(bool *)((char *)fault + desc->offset) = value;
	else
		return -EINVAL;
	return 0;
}

uint32_t fault_get(const struct fault *fault, const struct fault_desc *desc)
{
	const char *field = (const char *)fault + desc->offset;

	return desc->type == FAULT_U32 ? *(const uint32_t *)field : *(const bool *)field;
}
