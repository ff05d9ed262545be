// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Prints the frequency of this machine's time stamp counter in kHz, for the guest. An emulated
 * guest reads the same counter, but measures it by an emulated timer. If the machine is busy, the
 * two are read at different times, and the guest's clock may then run many times too fast.
 *
 * Prints nothing on a machine without such a counter.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>

#define INTERVAL_NS 50000000u
#define TRIES 100u

struct moment {
	uint64_t ticks, ns;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Both at the same time, as nearly as of several tries the shortest has them. */
static struct moment now(void)
{
	uint64_t shortest = UINT64_MAX;
	struct moment best = { 0 };

	for (unsigned int i = 0; i < TRIES; i++) {
		uint64_t before = __rdtsc(), ns = now_ns(), took = __rdtsc() - before;

		if (took < shortest) {
			shortest = took;
			best = (struct moment){ before + took / 2, ns };
		}
	}
	return best;
}

int main(void)
{
	struct moment start = now(), end;

	nanosleep(&(struct timespec){ .tv_nsec = INTERVAL_NS }, NULL);
	end = now();
	printf("%.0f\n", (double)(end.ticks - start.ticks) * 1e6 / (double)(end.ns - start.ns));
	return 0;
}
#else
int main(void)
{
	return 0;
}
#endif
