/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fault switches make the NIC misbehave on request. They show that a test of a
 * guarantee really fails when the guarantee is broken. All are off by default;
 * --fault NAME=VALUE and the control socket set them.
 *
 * The switches here mean the same for every NIC; each model adds its own.
 */
#ifndef VNIC_FAULT_H
#define VNIC_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "own.h"

struct fault {
	uint32_t drop_cqe;	/* lose this many of the next work completions */
	uint32_t delay_cqe_us;	/* hold each work completion back for this long */
	uint32_t slow_us;	/* engine: sleep this long after each slice, outside the gate */
	union nic_own own;	/* the model's own switches */
};

struct fault_desc {		/* describes one switch for parsing, help and JSON */
	const char *name;	/* the field's name with '-' for '_'; NULL ends a table */
	const char *help;
	enum { FAULT_BOOL, FAULT_U32 } type;
	unsigned int offset;	/* in struct fault, or in the model's struct in fault.own */
};

/*
 * One entry of a table: the field @field of struct @type_, which is struct fault or the
 * structure that the model keeps in fault.own.
 */
#define FAULT_SWITCH(kind, type_, field, text, about) \
	{ .name = text, .help = about, .type = kind, .offset = offsetof(type_, field) }

extern const struct fault_desc fault_descs[];	/* the switches that every NIC has */

/*
 * Set one switch from "NAME=VALUE", or from "NAME" alone, which means true. NAME is
 * looked up in fault_descs and then in the model's table @own.
 * Return: 0, -ENOENT (no such switch) or -EINVAL (bad value).
 */
int fault_set(struct fault *fault, const struct fault_desc *own, const char *setting);

/* The value of a switch; @desc is an entry of fault_descs or of @own. */
uint32_t fault_get(const struct fault *fault, const struct fault_desc *own,
		   const struct fault_desc *desc);

struct json_object;
/* All switches as a JSON object {name: value}. */
struct json_object *fault_report(const struct fault *fault, const struct fault_desc *own);

#endif /* VNIC_FAULT_H */
