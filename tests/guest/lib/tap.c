// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Test output; see tap.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

static unsigned int passed, failed, skipped;

/*
 * Keeps a line whole while other threads print: stdio's lock is held from begin() to
 * end(). end() flushes it, so that a crash loses nothing.
 */
static void begin(unsigned int *counter, const char *verdict, const char *name)
{
	flockfile(stdout);
	if (counter)
		(*counter)++;
	printf("%s%s", verdict, name);
}

static void end(void)
{
	putchar('\n');
	fflush(stdout);
	funlockfile(stdout);
}

bool tap_check(bool good, const char *name, const char *why, ...)
{
	va_list ap;

	begin(good ? &passed : &failed, good ? "ok " : "not ok ", name);
	if (!good) {
		va_start(ap, why);
		printf(" - ");
		vprintf(why, ap);
		va_end(ap);
	}
	end();
	return good;
}

void tap_skip(const char *name, const char *reason, ...)
{
	va_list ap;

	begin(&skipped, "ok ", name);
	va_start(ap, reason);
	printf(" # SKIP ");
	vprintf(reason, ap);
	va_end(ap);
	end();
}

void tap_note(const char *text, ...)
{
	va_list ap;

	begin(NULL, "# ", "");
	va_start(ap, text);
	vprintf(text, ap);
	va_end(ap);
	end();
}

unsigned int tap_failures(void)
{
	return failed;
}

int tap_exit_status(void)
{
	if (!passed && !failed && !skipped)
		tap_check(false, "anything", "no check was made");
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

void tap_die(const char *name, const char *why, ...)
{
	va_list ap;

	begin(&failed, "not ok ", name);
	va_start(ap, why);
	printf(" - ");
	vprintf(why, ap);
	va_end(ap);
	end();
	exit(EXIT_FAILURE);
}
