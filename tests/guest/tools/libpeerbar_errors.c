// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * libpeerbar_errors: every wrong use of libpeerbar gives its errno and a sentence
 * that names the cause and the next step, and leaves the device usable.
 *
 *	libpeerbar_errors		with an efa driver loaded that can revoke
 *	libpeerbar_errors --stock	with the distribution's own efa driver loaded
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kmsg.h"
#include "lib/tap.h"
#include "lib/watchdog.h"
#include "lib/window.h"
#include "libpeerbar_errors.h"

#define LIMIT_S 120u

/* The first of @words that @text lacks, or NULL. */
static const char *missing_word(const char *text, const char *words)
{
	static char copy[256];
	char *save, *word;

	snprintf(copy, sizeof(copy), "%s", words);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (!strstr(text, word))
			return word;
	return NULL;
}

void expect_error(const char *name, int err, int expected, const char *words)
{
	const char *text = peerbar_errmsg(), *lacks = missing_word(text, words);

	if (err != expected)
		tap_check(false, name, "%s instead of %s (\"%s\")",
			  err ? strerrorname_np(err) : "success", strerrorname_np(expected), text);
	else
		tap_check(!lacks, name, "the sentence lacks \"%s\": %s", lacks, text);
}

static void still_works(void)
{
	const char *wrong;
	struct window w;
	struct rig rig;

	rig_open(&rig, 4 * MIB, 4 * MIB, 8);
	window_open(&w, &rig, 1);
	wrong = window_verify(&rig, &w, 4096 + 1, MIB + 1);
	tap_check(!wrong, "after all that the device works", "%s", wrong);
	window_close(&w);
	rig_close(&rig);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "stock", no_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t log = kmsg_position();
	bool stock = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 's') {
			fprintf(stderr, "usage: %s [--stock]\n", argv[0]);
			return 2;
		}
		stock = true;
	}
	watchdog_set(LIMIT_S, "libpeerbar errors");
	if (stock) {
		errors_of_stock_efa();
	} else {
		errors_of_open();
		errors_of_export();
		errors_of_reg_mr();
		still_works();
	}
	kmsg_check(log);
	return tap_exit_status();
}
