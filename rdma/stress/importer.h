/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the files of an importer share: a process that lets a NIC use dma-bufs; see stress.h. */
#ifndef STRESS_IMPORTER_H
#define STRESS_IMPORTER_H

#include <infiniband/verbs.h>

#include "loopback/loopback.h"
#include "stress.h"

#define DEPTH		8u			/* requests in flight */
#define HOST_SLOT	((size_t)256 << 10)	/* bytes of host memory for each of them */

/* Where an MR covers a slot of the BAR. */
struct cover {
	uint8_t slot;
	uint64_t offset;	/* of the slot in the MR */
	uint64_t room;		/* bytes from there to the end of the unit or of the MR */
};

struct importer_mr {
	struct ibv_mr *mr;	/* NULL: there is none */
	uint64_t iova;
	int access;
	unsigned int device;
	uint32_t serial;
	struct oracle_life life;
	unsigned int nr_covers;
	struct cover cover[NR_SLOTS];
	int dmabuf;		/* kept until it is deregistered, or -1 */
};

struct importer {
	struct loopback *lb;
	uint8_t *host;		/* DEPTH slots */
	struct ibv_mr *host_mr;
	bool revives;		/* as of struct stress_nic */
	struct importer_mr mr[NR_MRS];
};

/* importer_mr.c */
void importer_register(struct importer *im, const struct step *step, int fd, struct answer *a);
void importer_deregister(struct importer_mr *mr, struct answer *a);

/* importer_traffic.c */

/* Random requests on all MRs, some dozens. */
void importer_traffic(struct importer *im, const struct step *step, struct answer *a);

/* Requests on one MR, which is deregistered while they are in flight. */
void importer_deregister_busy(struct importer *im, const struct step *step, struct answer *a);

/* One request on every MR that can be written to, one after the other. */
void importer_probe(struct importer *im, struct answer *a);

#endif /* STRESS_IMPORTER_H */
