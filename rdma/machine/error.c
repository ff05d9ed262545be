// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The message of each thread's last failure.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "error.h"

static __thread char message[2048];

const char *pb_message(void)
{
	return message;
}

/* Format into a separate buffer first, because an argument may point into message. */
static void __attribute__((format(printf, 1, 0))) keep(const char *fmt, va_list ap)
{
	char text[sizeof(message)];

	vsnprintf(text, sizeof(text), fmt, ap);
	snprintf(message, sizeof(message), "%s", text);
}

int pb_fail(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep(fmt, ap);
	va_end(ap);
	return -err;
}

void *pb_fail_ptr(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep(fmt, ap);
	va_end(ap);
	errno = err;
	return NULL;
}

const char *pb_next_step(int err)
{
	switch (err) {
	case EMFILE:
		return "close descriptors, or raise \"ulimit -n\"";
	case ENFILE:
		return "close descriptors, or raise fs.file-max (sysctl)";
	case ENOMEM:
		return "free memory, or raise the limit of the control group";
	default:
		return "the kernel's log may say more";
	}
}
