/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the hostile test. */
#ifndef GUEST_HOSTILE_H
#define GUEST_HOSTILE_H

#include "hostile_bystander.h"
#include "hostile_memory.h"
#include "lib/rawqp.h"

/* Everything that a correct work request needs, and what the wrong ones refer to. */
struct hostile {
	struct ibv_context *context;
	struct ibv_pd *pd, *other_pd;
	struct ibv_ah *ah, *other_ah;
	struct rawqp raw;		/* sends */
	struct rawqp peer;		/* receives */
	uint8_t *local, *remote;	/* HOSTILE_MEM each, with a guard on both sides */
	struct ibv_mr *local_mr, *remote_mr;
	struct ibv_mr *read_only_mr;	/* on remote: no access but local read */
	struct ibv_mr *other_mr;	/* on remote, in other_pd */
	uint32_t stale_key;		/* of a deregistered MR */
	bool can_write;			/* the driver grants remote write access */
	int access;			/* all access that it grants */
	uint16_t ahn, other_ahn;
	uint32_t foreign_key;		/* of the bystander's memory */
	uint64_t foreign_addr;
};

/* A correct request of 64 bytes: a WRITE, or a READ where no MR can be written to. */
struct efa_io_wqe hostile_good_wqe(const struct hostile *h);

/* Work requests with one specific fault each (hostile_cases.c). */
void hostile_cases(struct hostile *h);

#endif /* GUEST_HOSTILE_H */
