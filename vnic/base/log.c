// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Messages to the user: see log.h. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

bool log_verbose;

/* One fprintf() per line, so that the lines of two threads do not mix. */
__attribute__((format(printf, 1, 0)))
static void print(const char *format, va_list args)
{
	char line[1024];

	vsnprintf(line, sizeof(line), format, args);
	fprintf(stderr, "peerbar-vnic: %s\n", line);
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	if (!log_verbose)
		return;
	va_start(args, format);
	print(format, args);
	va_end(args);
}
