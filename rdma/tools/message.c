// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Sentences for people, on standard error.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "tool.h"

void tool_put_text(const char *text, FILE *file)
{
	for (; *text; text++)
		fputc(iscntrl((unsigned char)*text) && *text != '\n' ? '?' : *text, file);
}

__attribute__((format(printf, 1, 0)))
static void complain(const char *fmt, va_list ap)
{
	char text[4096];

	vsnprintf(text, sizeof(text), fmt, ap);
	fputs("peerbar: ", stderr);
	tool_put_text(text, stderr);
	fputc('\n', stderr);
}

int tool_failure(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
	return TOOL_FAILURE;
}

int tool_misuse(const char *usage, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
	fputs(usage, stderr);
	return TOOL_USAGE;
}
