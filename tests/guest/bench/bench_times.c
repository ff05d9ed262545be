// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Tables of times; see bench.h. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"
#include "lib/tap.h"

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void times_open(struct times *t, const char *const *step, unsigned int cycles)
{
	*t = (struct times){ .step = step, .room = cycles };
	while (step[t->nr_steps])
		t->nr_steps++;
	t->us = calloc((size_t)cycles * t->nr_steps, sizeof(*t->us));
	if (!t->us)
		tap_die("times", "out of memory");
}

void times_close(struct times *t)
{
	free(t->us);
}

static double *cell(const struct times *t, unsigned int row, unsigned int step)
{
	if (row >= t->room || step >= t->nr_steps)
		tap_die("times", "no row %u, step %u", row, step);
	return &t->us[(size_t)row * t->nr_steps + step];
}

void times_start(struct times *t)
{
	t->last_ns = now_ns();
}

void times_lap(struct times *t, unsigned int step)
{
	uint64_t now = now_ns();

	*cell(t, t->rows, step) = (double)(now - t->last_ns) / 1000.0;
	t->last_ns = now_ns();
}

double times_get(const struct times *t, unsigned int step)
{
	return *cell(t, t->rows, step);
}

void times_put(struct times *t, unsigned int step, double us)
{
	*cell(t, t->rows, step) = us;
}

double times_sum(const struct times *t, unsigned int nr_first_steps)
{
	double sum = 0;

	for (unsigned int i = 0; i < nr_first_steps; i++)
		sum += times_get(t, i);
	return sum;
}

void times_next_row(struct times *t)
{
	t->rows++;
}

void times_print(const struct times *t, const char *about)
{
	printf("{%s,\"us\":{", about);
	for (unsigned int step = 0; step < t->nr_steps; step++) {
		printf("%s\"%s\":[", step ? "," : "", t->step[step]);
		for (unsigned int row = 0; row < t->rows; row++)
			printf("%s%.2f", row ? "," : "", *cell(t, row, step));
		putchar(']');
	}
	puts("}}");
}
