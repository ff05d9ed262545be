/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The output of a guest test: one line for each check, and the exit status.
 *
 *	ok NAME
 *	ok NAME # SKIP reason
 *	not ok NAME - why
 *	# a comment
 *
 * Every function may be called from any thread.
 */
#ifndef GUEST_TAP_H
#define GUEST_TAP_H

#include <stdbool.h>

#define TAP_FORMAT(f, a) __attribute__((format(printf, f, a)))

/* Prints "ok" or, with the reason, "not ok". Return: @good. */
bool tap_check(bool good, const char *name, const char *why, ...) TAP_FORMAT(3, 4);
void tap_skip(const char *name, const char *reason, ...) TAP_FORMAT(2, 3);
void tap_note(const char *text, ...) TAP_FORMAT(1, 2);

unsigned int tap_failures(void);

/* The program's exit status: 0 only if something was checked and all of it held. */
int tap_exit_status(void);

/* For a test that cannot go on: prints a "not ok" line and calls exit(1). */
void tap_die(const char *name, const char *why, ...) TAP_FORMAT(2, 3)
	__attribute__((noreturn));

#endif /* GUEST_TAP_H */
