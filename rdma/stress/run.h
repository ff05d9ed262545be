/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Running the episodes, judging what comes of them, and reporting it. */
#ifndef STRESS_RUN_H
#define STRESS_RUN_H

#include "stress.h"

/* All that has happened so far. */
struct totals {
	unsigned int episodes, cycles;
	uint64_t done[NR_OPS], skipped[NR_OPS], refused[NR_OPS];	/* steps by operation */
	uint64_t posted, succeeded, rejected;				/* requests */
	uint64_t stamps;	/* found in BARs and judged */
	double start;		/* in seconds, CLOCK_MONOTONIC */
};

extern struct totals totals;

/* The first thing that was not as it must be. */
struct violation {
	char text[512];		/* "": nothing */
	unsigned int cycle;	/* of the episode */
	bool hang;		/* processes hang: nothing more can be run */
};

void blame(struct violation *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * episode.c: run the plan with new processes, and end them. Return: false if something was not as
 * it must be.
 */
bool episode_run(const struct plan *plan, struct violation *v);

/* stamps.c: which MR has which serial number, and whether the bytes in the BARs may be there. */
void stamps_forget(void);
void stamps_register(const struct step *step, const struct answer *a);
void stamps_land(const struct answer *a);
/* Judge what the owners found, and forget what has landed. */
void stamps_judge(const struct answer *a, struct violation *v);
void stamps_judged(void);

/* watch.c: what can be seen from outside */

/* Return 0, or a negative errno with a message on standard error. */
int watch_start(void);
/* New complaints in the kernel's log. */
void watch_log(struct violation *v);
/* After an episode: what has leaked, and the NICs' own counters. */
void watch_rest(struct violation *v);
/* Run --on-violation, if there is one and @v is a violation. */
void watch_collect(const struct violation *v);
/* What this run cannot see, a sentence each. Return: NULL after the last one. */
const char *watch_unseen(unsigned int i);
/* Complaints of the kernel that were excused. */
unsigned int watch_excused(void);
/* What --stray printed last; negative: there is no such option. */
long long watch_stray(void);

/* shrink.c: leave out of @plan what the violation does not need. */
void shrink(struct plan *plan);

/* report.c */
extern bool report_quietly;	/* no progress any more */
double now_s(void);
void report_progress(bool last);
void report_violation(const struct plan *plan, const struct violation *v, unsigned int episode);
/* Write the JSON. Return: false with a message if that fails. */
bool report_json(const struct violation *v, unsigned int episode);

/* options.c. Return: the exit status with which to end, or -1 to go on. */
int options_parse(int argc, char **argv);

/* setup.c. Return 0 or an exit status, with a message. */
int setup_check(void);
int setup_ask(void);

#endif /* STRESS_RUN_H */
