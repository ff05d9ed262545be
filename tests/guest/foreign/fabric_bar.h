/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Two reliable-datagram endpoints of libfabric's provider "efa" in this process, which reach
 * each other through the NIC, and transfers between host memory and the BAR.
 *
 * Endpoint 0 begins every transfer. Both memories are registered in the domain that the two
 * endpoints share, so either of them can be the local and the remote side.
 */
#ifndef FABRIC_BAR_H
#define FABRIC_BAR_H

#include <rdma/fabric.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENDS 2u

struct end {
	struct fid_ep *ep;
	struct fid_cq *cq;
	struct fid_eq *eq;
	struct fid_av *av;
	fi_addr_t peer;
	unsigned int events;	/* errors that its event queue has told */
};

struct net {
	struct fi_info *info;
	struct fid_fabric *fabric;
	struct fid_domain *domain;
	struct end end[ENDS];
};

/* Memory and its MR. */
struct memory {
	uint8_t *base;
	size_t length;
	struct fid_mr *mr;
};

/* One endpoint's part in a transfer; its address is the context of the operation. */
struct half {
	enum { HALF_UNUSED, HALF_POSTED, HALF_DONE, HALF_FAILED } state;
	int error;		/* FI_*, if it failed */
};

enum operation { OP_WRITE, OP_READ, OP_SEND, OPERATIONS };

struct transfer {
	enum operation op;
	struct memory *from, *to;
	size_t from_offset, to_offset, length;
	uint64_t tag;		/* 0: a SEND without a tag */
	uint64_t start_us;
	struct half half[ENDS];	/* that of endpoint 1 is used by SEND only */
};

/* Failure of these ends the test. */
void net_open(struct net *net);
void net_register_host(struct net *net, struct memory *memory);

/* Register all of the dma-buf @fd, which @memory maps for the CPU. Return: 0 or -FI_*. */
int net_register_bar(struct net *net, struct memory *memory, int fd);

/* net_open() does that, too. The MRs stay. */
void net_open_ends(struct net *net);

/* Return: whether all of it could be closed. */
bool net_close_ends(struct net *net);
bool net_close(struct net *net);

/* Post @t, whose halves tell what becomes of it; a failure to post is a failed half. */
void net_post(struct net *net, struct transfer *t);

/* Read both completion queues and both event queues until they are empty. */
void net_progress(struct net *net);

/* Stop waiting for what no other endpoint will send any more. */
void net_cancel_receive(struct net *net, struct transfer *t);

#endif /* FABRIC_BAR_H */
