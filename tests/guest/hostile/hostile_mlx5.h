/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the hostile test on a ConnectX. */
#ifndef GUEST_HOSTILE_MLX5_H
#define GUEST_HOSTILE_MLX5_H

#include "hostile_bystander.h"
#include "hostile_memory.h"
#include "lib/rawrc.h"

#define HOSTILE_BYTES	64u		/* of the correct request */
#define HOSTILE_BIG	(32u << 20)	/* bytes of big_mr */

/* Everything that a correct work request needs, and what the wrong ones refer to. */
struct hostile_mlx5 {
	struct ibv_context *context;
	struct ibv_pd *pd, *other_pd;
	uint8_t *local, *remote;	/* HOSTILE_MEM each, with a guard on both sides */
	struct ibv_mr *local_mr, *remote_mr;
	struct ibv_mr *read_only_mr;	/* on remote: no access but local read */
	struct ibv_mr *other_mr;	/* on remote, in other_pd */
	struct ibv_mr *top_mr;		/* on remote, and its addresses end at 2^64 */
	struct ibv_mr *big_mr;		/* some of which together are longer than a message */
	uint32_t stale_key;		/* of a deregistered MR */
	struct bystander *bystander;	/* whose traffic is verified */
	struct rawrc raw, peer;		/* of one case: raw sends to peer */
};

/* The correct request: a WRITE of HOSTILE_BYTES, or a SEND of as many. */
struct rawrc_wqe hostile_good_write(const struct hostile_mlx5 *h);
struct rawrc_wqe hostile_good_send(const struct hostile_mlx5 *h);

/* Open a pair for one case, and connect it. @srq: that the peer receives from, or NULL. */
void hostile_pair(struct hostile_mlx5 *h, enum ibv_qp_type type, struct ibv_srq *srq);
void hostile_unpair(struct hostile_mlx5 *h);

/*
 * One check: the request ended with @status instead of any other, it changed no memory unless
 * it was to succeed, and the bystander goes on.
 */
void hostile_verdict(struct hostile_mlx5 *h, const char *name, int status, int expected);

/* Fill both regions, so that hostile_verdict() sees what changes. */
void hostile_prepare(struct hostile_mlx5 *h);

/* A correct WRITE on a new pair moves its bytes. */
void hostile_check_good(struct hostile_mlx5 *h, const char *name);

void hostile_mlx5_cases(struct hostile_mlx5 *h);	/* requests, and receives */
void hostile_mlx5_receives(struct hostile_mlx5 *h);
void hostile_mlx5_keys(struct hostile_mlx5 *h);		/* guessed, or changed */
void hostile_mlx5_umr(struct hostile_mlx5 *h);
void hostile_mlx5_records(struct hostile_mlx5 *h);	/* doorbell records */
void hostile_mlx5_chance(struct hostile_mlx5 *h, unsigned int rounds);

/* Doorbells; @waiter: a process that waits for completion events. */
void hostile_mlx5_doorbells(struct hostile_mlx5 *h, struct bystander *waiter);
void hostile_mlx5_storm(struct hostile_mlx5 *h);

/* An innocent process that sleeps until an event says that its WRITE is done. */
void hostile_mlx5_wait(struct bystander *b);

#endif /* GUEST_HOSTILE_MLX5_H */
