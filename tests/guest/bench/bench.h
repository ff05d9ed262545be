/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * bench_control: how long each step of an export's life takes, in microseconds, with the
 * driver that the GPU is bound to now. It does not judge whether that is fast enough:
 * scripts/lab.d/guest/bench runs it with both exporters in turns and compares them.
 */
#ifndef GUEST_BENCH_H
#define GUEST_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A table of times: a column for each step, a row for each cycle. */
struct times {
	const char *const *step;	/* names, ended by NULL */
	unsigned int nr_steps;
	unsigned int rows;		/* how many are complete */
	unsigned int room;
	double *us;
	uint64_t last_ns;		/* when the last step ended */
};

void times_open(struct times *t, const char *const *step, unsigned int cycles);
void times_close(struct times *t);

/* times_start(): a step begins now. times_lap(): @step ends now, and the next one begins. */
void times_start(struct times *t);
void times_lap(struct times *t, unsigned int step);

/* Read and set entries of this cycle's row, for those that are computed and not measured. */
double times_get(const struct times *t, unsigned int step);
void times_put(struct times *t, unsigned int step, double us);
double times_sum(const struct times *t, unsigned int nr_first_steps);

void times_next_row(struct times *t);

/*
 * One line of JSON: the members of @about (the text between its braces), then
 * "us": { step: [one number a cycle], ... }.
 */
void times_print(const struct times *t, const char *about);

/*
 * Each of these runs @cycles cycles and prints one line for each of its tables. @size: how
 * many bytes of the BAR the dma-buf has.
 */

/* bench_cycle.c: from export to close, with the NIC and with the test importer. */
void bench_cycle(size_t size, unsigned int cycles);

/* bench_register.c: registration by size and by address, up to the whole BAR. */
void bench_register(unsigned int cycles);

/* bench_revoke.c: calls that revoke, with nothing exported, with an MR, with an MR in use. */
void bench_revoke(size_t size, unsigned int cycles);

/* bench_fence.c: shutting the BAR, by size, NICs and MRs; needs our exporter. */
void bench_fence(unsigned int cycles);

#endif /* GUEST_BENCH_H */
