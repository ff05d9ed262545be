// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Cutting a plan down to what its violation needs: leave out a part, and keep it out if the
 * violation still comes; begin with halves, end with single steps (Zeller and Hildebrandt,
 * "Simplifying and isolating failure-inducing input", 2002). Steps race with each other, so a
 * part counts as needed only if the violation stays away several times.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

#define TRIES 4

/* Does the plan still end in a violation? */
static bool fails(const struct plan *plan)
{
	struct violation v;

	for (unsigned int i = 0; i < TRIES; i++) {
		if (episode_run(plan, &v))
			continue;
		if (v.hang) {
			fprintf(stderr, "shrinking ends here: %s\n", v.text);
			exit(1);
		}
		return true;
	}
	return false;
}

static void leave_out(struct plan *plan, unsigned int first, unsigned int nr)
{
	unsigned int rest = plan->nr - first;

	if (nr > rest)
		nr = rest;
	memmove(&plan->step[first], &plan->step[first + nr], (rest - nr) * sizeof(*plan->step));
	plan->nr -= nr;
}

/* Try to do without each run of @nr steps. */
static void pass(struct plan *plan, unsigned int nr)
{
	static struct plan shorter;

	for (unsigned int first = 0; first < plan->nr;) {
		shorter = *plan;
		leave_out(&shorter, first, nr);
		if (shorter.nr && fails(&shorter)) {
			*plan = shorter;
			fprintf(stderr, "shrinking: %u steps\n", plan->nr);
		} else {
			first += nr;
		}
	}
}

void shrink(struct plan *plan)
{
	report_quietly = true;
	for (unsigned int nr = plan->nr / 2; nr; nr /= 2)
		pass(plan, nr);
}
