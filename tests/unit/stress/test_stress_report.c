// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The report of a run: it fits its schema, whatever came of the run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "fits.h"
#include "run.h"

/* which the program has in the file of main() */
struct config config;
struct shared *shared;
struct totals totals;

/* The report, which the next call overwrites. */
static const char *report(const struct violation *v)
{
	char path[] = "/tmp/stress-report-XXXXXX";
	static char text[8192];
	int fd = mkstemp(path);
	ssize_t len;

	assert_true(fd >= 0);
	config.json = path;
	assert_true(report_json(v, 3));
	config.json = NULL;
	len = read(fd, text, sizeof(text) - 1);
	assert_true(len > 0);
	text[len] = '\0';
	close(fd);
	unlink(path);
	return text;
}

static void nothing_was_done(void **state)
{
	const struct violation none = { .text = "" };
	const char *text;

	(void)state;
	text = report(&none);
	assert_non_null(strstr(text, "\"violation\":null"));
	assert_fits("peerbar-revoke-stress", text);
}

/* Each operation was done, was refused and found nothing to do. */
static void all_was_done(void **state)
{
	const struct violation v = { .text = "the BAR has other bytes", .cycle = 7 };
	const char *text;

	(void)state;
	config.seed = UINT64_MAX;
	config.stray = "echo 0";
	totals.cycles = 50;
	totals.posted = UINT64_MAX;
	totals.stamps = UINT64_MAX;
	for (unsigned int op = 0; op < NR_OPS; op++) {
		totals.done[op] = 1;
		totals.skipped[op] = 2;
		totals.refused[op] = 3;
	}
	text = report(&v);
	assert_non_null(strstr(text, "\"kill-owner\":1"));
	assert_non_null(strstr(text, "\"cycle\":7"));
	assert_non_null(strstr(text, "\"stray_dma\":0"));
	assert_fits("peerbar-revoke-stress", text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_was_done),
		cmocka_unit_test(all_was_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
