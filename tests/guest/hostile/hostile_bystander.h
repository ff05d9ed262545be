/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Innocent processes on the NIC that is attacked. */
#ifndef GUEST_HOSTILE_BYSTANDER_H
#define GUEST_HOSTILE_BYSTANDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Shared with the process. */
struct bystander {
	atomic_uint_fast64_t verified, wrong;	/* pieces of its work */
	atomic_bool stop, ready;
	pid_t child;
	uint32_t key;		/* of its memory */
	uint64_t addr;		/* of a part of it that nobody may write to */
	uint32_t qpn;		/* of a queue pair of its own */
	bool can_write;		/* does its loopback have RDMA WRITE? */
};

/* Start a process that moves verified data; call it before any verbs call. */
struct bystander *bystander_start(void);

/*
 * Start one that runs @live until b->stop. It sets b->ready when it has begun, and counts in
 * b->verified and b->wrong.
 */
struct bystander *bystander_start_as(void (*live)(struct bystander *b));

/* Has it just gone on with its work, and never found anything wrong? */
bool bystander_works(struct bystander *b);

/* One check of this, which @when names. */
void bystander_check(struct bystander *b, const char *when);

/* @work: what it did, for the note with the number of times. */
void bystander_stop(struct bystander *b, const char *work);

#endif /* GUEST_HOSTILE_BYSTANDER_H */
