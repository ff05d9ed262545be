// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Coverage of the kernel (KCOV) as libFuzzer's extra counters. Only the code that the lab builds
 * with KCOV_INSTRUMENT=y counts: the exporter. What work items do is not seen, as KCOV follows
 * threads of user space.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kcov.h>

#include "fuzz.h"
#include "lib/tap.h"

#define WORDS	(64u << 10)	/* KCOV keeps this many addresses of one input */
#define PLACES	(16u << 10)

/* libFuzzer finds this array by the name of its section, and clears it before each input. */
__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t counters[PLACES];

static uint64_t reached[PLACES];	/* by the same hash; 0: not reached */

struct fuzz_cover {
	int fd;
	uint64_t *words;	/* the number of addresses, and then these */
};

struct fuzz_cover *fuzz_cover_open(void)
{
	struct fuzz_cover *cover = calloc(1, sizeof(*cover));

	if (!cover)
		tap_die("coverage", "no memory");
	cover->fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (cover->fd < 0 || ioctl(cover->fd, KCOV_INIT_TRACE, WORDS))
		tap_die("coverage", "/sys/kernel/debug/kcov: %s: it takes the debug kernel",
			strerror(errno));
	cover->words = mmap(NULL, WORDS * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED,
			    cover->fd, 0);
	if (cover->words == MAP_FAILED)
		tap_die("coverage", "mmap: %s", strerror(errno));
	return cover;
}

void fuzz_cover_begin(struct fuzz_cover *cover)
{
	if (ioctl(cover->fd, KCOV_ENABLE, KCOV_TRACE_PC))
		tap_die("coverage", "KCOV_ENABLE: %s", strerror(errno));
	__atomic_store_n(&cover->words[0], 0, __ATOMIC_RELAXED);
}

static void count(uint64_t address)
{
	unsigned int place = (unsigned int)((address * 0x9e3779b97f4a7c15ull) >> 50) % PLACES;

	if (counters[place] < UINT8_MAX)
		counters[place]++;
	reached[place] = address;
}

void fuzz_cover_end(struct fuzz_cover *cover)
{
	uint64_t n = __atomic_load_n(&cover->words[0], __ATOMIC_RELAXED);

	if (ioctl(cover->fd, KCOV_DISABLE, 0))
		tap_die("coverage", "KCOV_DISABLE: %s", strerror(errno));
	for (uint64_t i = 1; i <= n && i < WORDS; i++)
		count(cover->words[i]);
}

void fuzz_cover_write(const char *path)
{
	FILE *file = fopen(path, "w");

	for (unsigned int i = 0; file && i < PLACES; i++)
		if (reached[i])
			fprintf(file, "%016" PRIx64 "\n", reached[i]);
	if (file)
		fclose(file);
}
