/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fault switches: ways in which the NIC misbehaves on request, so that a test
 * of a guarantee can be shown to fail when the guarantee is broken. All off by
 * default; set by --fault NAME=VALUE or over the control socket.
 */
#ifndef VNIC_FAULT_H
#define VNIC_FAULT_H

#include <stdbool.h>
#include <stdint.h>

struct fault {
	/*
	 * Answer DEREG_MR with success, but keep honouring the key (counted as
	 * STRAY_DEREGISTERED where the IOMMU still lets it through).
	 */
	bool ignore_dereg;
	uint32_t drop_cqe;	/* lose that many of the next work completions */
	uint32_t delay_cqe_us;	/* hold each work completion back that long */
	uint32_t drop_acq;	/* lose that many of the next admin completions */
	uint32_t delay_acq_us;	/* hold each admin completion back (blocks the loop) */
	uint32_t fail_opcode;	/* admin opcode to fail; 0: none */
	uint32_t fail_status;	/* with this status (EFA_ADMIN_*); 0: EFA_ADMIN_UNKNOWN */
	uint32_t fail_count;	/* that many times */
	bool stall_aq;		/* do not look at the admin queue; clearing resumes */
	uint32_t slow_us;	/* engine: sleep that long after each slice, gate open */
};

struct fault_desc {		/* one switch: for parsing, help and JSON */
	const char *name;	/* as the field, with '-' for '_' */
	const char *help;
	enum { FAULT_BOOL, FAULT_U32 } type;
	unsigned int offset;	/* in struct fault */
};

extern const struct fault_desc fault_descs[];	/* ends with a NULL name */

/* "NAME=VALUE" or "NAME" (true). Return 0, -ENOENT (no such switch) or -EINVAL. */
int fault_set(struct fault *fault, const char *setting);
uint32_t fault_get(const struct fault *fault, const struct fault_desc *desc);

struct json_object;
struct json_object *fault_report(const struct fault *fault);	/* {name: value} */

#endif /* VNIC_FAULT_H */
