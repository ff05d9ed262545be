/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The plan of an episode: which actor does what in which cycle. It follows from the seed and the
 * number of the episode alone, never from what happened, so the same seed gives the same plan.
 * The planner assumes that every step succeeds; a step that finds nothing to work on, because an
 * earlier one was refused, is skipped by its actor.
 *
 * All steps of one cycle run at the same time. No two of them have the same actor, or make and
 * use the same buffer or MR; but they do meet on the same devices, NICs and dma-bufs.
 */
#ifndef STRESS_PLAN_H
#define STRESS_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define MAX_DEVICES	4u
#define MAX_NICS	4u
#define MAX_OWNERS	8u
#define MAX_IMPORTERS	16u
#define MAX_ACTORS	(MAX_OWNERS + MAX_IMPORTERS + 1)
#define NR_BUFFERS	12u
#define NR_MRS		24u
#define EPISODE_CYCLES	50u
#define EPISODE_STEPS	(EPISODE_CYCLES * MAX_ACTORS)

enum op {
	/* of an owner */
	OP_OPEN, OP_CLOSE, OP_EXPORT, OP_SCATTER, OP_RESET, OP_HOT_RESET, OP_MEMORY_OFF,
	OP_MEMORY_ON, OP_LOW_POWER, OP_FULL_POWER, OP_FLR, OP_D3HOT, OP_D0, OP_WRONG, OP_STARVE,
	OP_KILL_OWNER,
	/* of an importer */
	OP_REGISTER, OP_DEREGISTER, OP_DEREGISTER_BUSY, OP_TRAFFIC, OP_KILL_IMPORTER,
	/* of either */
	OP_FORK, OP_DROP,
	/* of the administrator */
	OP_SYSFS_RESET, OP_UNBIND, OP_REMOVE, OP_NIC_UNBIND, OP_TIMEOUT, OP_COMMAND,
	NR_OPS,
	/* not planned: what the program itself asks of actors in and between cycles */
	OP_ENABLE = NR_OPS, OP_PROBE, OP_SCAN, OP_FINISH,
};

/* The name that options, plans and reports have for it: "memory-off". */
const char *op_name(enum op op);
/* Return: NR_OPS if there is none of this name. */
enum op op_by_name(const char *name);
/* Does it take a device away from its importers? */
bool op_revokes(enum op op);

struct step {
	uint16_t cycle;
	uint8_t op;		/* enum op */
	uint8_t actor;		/* the owners first, then the importers, then the administrator */
	uint8_t device, nic, buffer, mr;	/* those that the operation needs */
	uint32_t serial;	/* OP_REGISTER: the MR's, which no other MR of the run has */
	uint64_t dice;		/* for what the step chooses itself */
};

/* What there is to work with. */
struct cast {
	unsigned int devices, nics, owners, importers;
	bool admin;		/* this process may do what only root can */
	bool leave_out[NR_OPS];
	unsigned int commands;	/* how many --command options there are */
};

static inline unsigned int cast_admin(const struct cast *cast)
{
	return cast->owners + cast->importers;
}

static inline unsigned int cast_actors(const struct cast *cast)
{
	return cast->owners + cast->importers + 1;
}

/* Which NIC the importer @actor uses. */
static inline unsigned int cast_nic(const struct cast *cast, unsigned int actor)
{
	return (actor - cast->owners) % cast->nics;
}

struct plan {
	unsigned int nr;
	struct step step[EPISODE_STEPS];
};

void plan_make(struct plan *plan, const struct cast *cast, uint64_t seed, unsigned int episode);

/* One step as a line of text, and back. Return of the latter: false if it is no such line. */
void plan_print(FILE *file, const struct cast *cast, const struct step *step);
bool plan_parse(const char *line, const struct cast *cast, struct step *step);

#endif /* STRESS_PLAN_H */
