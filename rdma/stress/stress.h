/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the files of peerbar-revoke-stress share: its configuration, the memory that all its
 * processes see, and the messages between them.
 *
 * The BAR is divided into NR_SLOTS units. The first bytes of each are its slot. Whatever an
 * importer writes into a slot is a stamp, which names the MR and the request; so the bytes in the
 * BAR tell who wrote last.
 */
#ifndef STRESS_STRESS_H
#define STRESS_STRESS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "dice.h"
#include "machine/pci.h"
#include "oracle.h"
#include "peerbar.h"
#include "plan.h"

#define NR_SLOTS	64u
#define STAMP_SIZE	64u	/* bytes of the smallest request; the stamp is the first 8 */
#define MAX_COMMANDS	8u

/* How long the exporter waits for importers; peerbar-vfio-pci only. */
#define REVOKE_TIMEOUT	"/sys/module/" PB_OUR_MODULE "/parameters/revoke_timeout_ms"

struct stress_device {
	char address[PB_ADDRESS_SIZE];
	char driver[PB_NAME_SIZE];
	unsigned int bar;
	uint64_t unit;		/* bytes of the BAR for each slot */
};

struct stress_nic {
	char address[PB_ADDRESS_SIZE];
	char driver[PB_NAME_SIZE];
	bool revives;		/* its driver maps a revoked MR again: see peerbar.h */
};

/*
 * A device may have to be told to answer in its memory, after each reset, by a register: write
 * @value, of 32 bits, at @offset of BAR @bar.
 */
struct stress_enable {
	bool needed;
	unsigned int bar;
	uint32_t offset, value;
};

struct config {
	struct cast cast;
	struct stress_device device[MAX_DEVICES];
	struct stress_nic nic[MAX_NICS];
	const char *command[MAX_COMMANDS];	/* the administrator's own, which revoke */
	const char *between, *stray, *excuse, *on_violation;	/* see usage.txt; NULL: none */
	const char *json, *replay;
	unsigned int cycles, seconds;		/* when to stop; seconds may be 0: no limit */
	unsigned int episode;			/* the first one */
	unsigned int step_limit_s;		/* no step may take longer */
	uint64_t seed;
	struct stress_enable enable;
	bool yes, shrink;
};

extern struct config config;

/* A dma-buf, as importers need to know it. */
struct stress_buffer {
	struct oracle_life life;
	unsigned int device, nr_units;
	uint8_t unit[NR_SLOTS];		/* of the BAR, in the order of the dma-buf */
};

/* All processes map this. */
struct shared {
	struct oracle_device device[MAX_DEVICES];
	struct stress_buffer buffer[NR_BUFFERS];
	atomic_int owner[MAX_DEVICES];	/* the actor that has it open; -1: none */
};

extern struct shared *shared;

enum { SKIPPED = 1 };			/* of answer.ret: there was nothing to work on */

struct landing {
	uint8_t device, slot;
	uint64_t stamp;
};

/* What an actor says when its step is done. */
struct answer {
	uint8_t op, actor;
	int32_t ret;			/* 0, SKIPPED or a negative errno */
	char violation[256];		/* what was not as it must be; "": nothing */
	struct oracle_life life;	/* of the MR of OP_REGISTER */
	uint32_t posted, succeeded, refused;	/* requests of this step */
	uint32_t nr_landings;		/* OP_PROBE: what must be in the BAR now */
	struct landing landing[NR_MRS];
	bool scanned[MAX_DEVICES];	/* OP_SCAN: the devices that could be read */
	uint64_t stamp[MAX_DEVICES][NR_SLOTS];
};

/* actor.c: the other processes */

/* Start all of them; start one again that was killed. */
void actors_start(void);
void actor_start(unsigned int actor);
/* Return: false if it does not end in the time of a step: it hangs in the kernel. */
bool actor_kill(unsigned int actor);
/* Ask all of them to end. Return: -1, or one that does not, in the time of a step. */
int actors_stop(void);

/* @fd: a descriptor to pass on with it, or -1. actors_wait() tells if the process is gone. */
void actor_send(unsigned int actor, const struct step *step, int fd);

/*
 * Wait for the next answer of those actors of which @pending is set. Return: its actor, or -1 if
 * none answers in time. @fd: set to the descriptor that came with it, or to -1.
 */
int actors_wait(const bool *pending, struct answer *answer, int *fd);

/* In the actor itself: wait for a step. @wake: another descriptor to wait for, or -1. */
bool actor_receive(int control, struct step *step, int *fd);
void actor_reply(int control, const struct answer *answer, int fd);

/* owner.c, importer.c, admin.c: the main functions of these processes */
void owner_run(unsigned int actor, int control);
void importer_run(unsigned int actor, int control);
void admin_run(unsigned int actor, int control);

/* Write a sentence to @text, unless there is one already. */
void keep_first(char *text, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

/* Keep the first violation of a step. */
void violate(struct answer *answer, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The ranges of a BAR that a step exports. Return: how many there are. */
unsigned int buffer_layout(struct stress_buffer *buffer, const struct step *step,
			   struct peerbar_range *range);

/* Make a child that holds what its parent has, and sits for a while. */
void linger(struct dice *dice);

#endif /* STRESS_STRESS_H */
