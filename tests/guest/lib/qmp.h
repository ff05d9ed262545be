/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * QEMU's monitor, from within the machine that it runs (scripts/lab run --qmp): what
 * happens to hardware from outside. A command that QEMU refuses ends the test.
 */
#ifndef GUEST_QMP_H
#define GUEST_QMP_H

#include <stdbool.h>

struct json_object;

bool qmp_present(void);

/* Begin, unless it was; the port stays open. The next does so, too. */
void qmp_open(void);

/*
 * Execute @command with @arguments, which may be NULL and are taken over. Return: what it
 * gave, the caller's.
 */
struct json_object *qmp_call(const char *command, struct json_object *arguments);

/* {"@name": "@value"}, for those commands that want no more. */
struct json_object *qmp_argument(const char *name, const char *value);

/*
 * Wait for an event that no command since has passed over. Return: false if it did not
 * come within @timeout_ms.
 */
bool qmp_event(const char *name, unsigned int timeout_ms);

#endif /* GUEST_QMP_H */
