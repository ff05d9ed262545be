/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fuzzing of the exporter from user space. An input of libFuzzer is a byte of options and then
 * steps, which are calls that a process with one VFIO device and one NIC may make, and a few that
 * an administrator may. What a step works on is in slots, which the steps of an input share.
 */
#ifndef GUEST_FUZZ_H
#define GUEST_FUZZ_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/rig.h"

/* The kinds of descriptors. Those in OTHER are groups, containers, eventfds and sync files. */
enum fuzz_kind { FUZZ_DEVICE, FUZZ_DMABUF, FUZZ_OTHER, FUZZ_KINDS };

#define FUZZ_SLOTS 8u
#define FUZZ_WINDOW (2 * MIB)	/* of address space for one mapping */

struct fuzz_world {
	atomic_int fd[FUZZ_KINDS][FUZZ_SLOTS];		/* -1: none */
	struct ibv_mr *_Atomic mr[FUZZ_SLOTS];	/* a step takes one out to use it */
	atomic_uint handle[FUZZ_SLOTS];			/* of the test importer; 0: none */
	uint8_t *window[FUZZ_SLOTS];			/* reserved; a mapping may be inside */
	int importer;					/* the test importer */
	int memory;		/* a file to copy mappings to, as their own pages may fault */
	struct loopback *lb;
	atomic_uint children;
	atomic_bool tuned;	/* a step has changed what the whole machine shares */
	unsigned int power;	/* where the device's capability for D3hot is; 0: nowhere */
};

/* One step, as it is in the input. */
struct fuzz_step {
	uint8_t op;
	uint8_t kind;		/* above 127: use descriptors of the kind that the low bits say */
	uint8_t slot, other;
	uint32_t flags;
	uint64_t value;
};

struct fuzz_op {
	const char *name;
	void (*run)(struct fuzz_world *w, const struct fuzz_step *s);
};

/* steps_vfio.c and so on: a name of NULL ends each. */
extern const struct fuzz_op fuzz_vfio[], fuzz_dmabuf[], fuzz_importer[], fuzz_machine[];

/* The kind of descriptors that a step uses whose call takes one of @usual kind. */
static inline enum fuzz_kind fuzz_kind_of(const struct fuzz_step *s, enum fuzz_kind usual)
{
	return s->kind > 127 ? (enum fuzz_kind)(s->kind % FUZZ_KINDS) : usual;
}

/* The descriptor in the step's slot, of @usual kind unless the step says otherwise; -1: none. */
int fuzz_fd(struct fuzz_world *w, const struct fuzz_step *s, enum fuzz_kind usual);

/* The same in its other slot. */
int fuzz_other_fd(struct fuzz_world *w, const struct fuzz_step *s, enum fuzz_kind usual);

/* Put @fd, if it is one, into the step's slot, and close what was there. */
void fuzz_put(struct fuzz_world *w, enum fuzz_kind kind, unsigned int slot, int fd);

/* Open the group, and the device through it or through a node of its own; in slots 0 and 1. */
void fuzz_open_group(struct fuzz_world *w);
void fuzz_open_by_group(struct fuzz_world *w);
void fuzz_open_by_node(struct fuzz_world *w);

/* What steps change for the whole machine: note how it was, and make it so again. */
void fuzz_note_machine(void);
void fuzz_restore_machine(struct fuzz_world *w);

/* cover.c: the lines of the kernel's code that a thread reaches count for libFuzzer. */
struct fuzz_cover;
struct fuzz_cover *fuzz_cover_open(void);
void fuzz_cover_begin(struct fuzz_cover *cover);	/* of the calling thread */
void fuzz_cover_end(struct fuzz_cover *cover);

/* Write the address of every line that was reached so far, one in a line. */
void fuzz_cover_write(const char *path);

#endif /* GUEST_FUZZ_H */
