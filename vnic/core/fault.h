/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fault switches: ways in which the NIC misbehaves on request, so that a test
 * of a guarantee can be shown to fail when the guarantee is broken. All off by
 * default; set by --fault NAME=VALUE or over the control socket.
 *
 * Those here mean the same for every NIC; a model adds its own.
 */
#ifndef VNIC_FAULT_H
#define VNIC_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "own.h"

struct fault {
	uint32_t drop_cqe;	/* lose that many of the next work completions */
	uint32_t delay_cqe_us;	/* hold each work completion back that long */
	uint32_t slow_us;	/* engine: sleep that long after each slice, gate open */
	union nic_own own;	/* the model's */
};

struct fault_desc {		/* one switch: for parsing, help and JSON */
	const char *name;	/* as the field, with '-' for '_'; NULL ends a table */
	const char *help;
	enum { FAULT_BOOL, FAULT_U32 } type;
	unsigned int offset;	/* in struct fault, or in what the model keeps in fault.own */
};

/* A switch of the model's: @field of @type, which the model keeps in fault.own. */
#define FAULT_SWITCH(kind, type_, field, text, about) \
	{ .name = text, .help = about, .type = kind, .offset = offsetof(type_, field) }

extern const struct fault_desc fault_descs[];	/* those of every NIC */

/*
 * "NAME=VALUE" or "NAME" (true), a switch of every NIC or of the model's table @own.
 * Return 0, -ENOENT (no such switch) or -EINVAL.
 */
int fault_set(struct fault *fault, const struct fault_desc *own, const char *setting);

/* The value of a switch; @desc is of one of the two tables. */
uint32_t fault_get(const struct fault *fault, const struct fault_desc *own,
		   const struct fault_desc *desc);

struct json_object;
/* {name: value} */
struct json_object *fault_report(const struct fault *fault, const struct fault_desc *own);

#endif /* VNIC_FAULT_H */
