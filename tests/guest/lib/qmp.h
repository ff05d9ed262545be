/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * QEMU's monitor, reached from inside the guest (scripts/lab run --qmp): it does what happens
 * to hardware from outside. A command that QEMU refuses ends the test.
 */
#ifndef GUEST_QMP_H
#define GUEST_QMP_H

#include <stdbool.h>

struct json_object;

bool qmp_present(void);

/* Start the session unless it is started; the port stays open. qmp_call() does so, too. */
void qmp_open(void);

/*
 * Execute @command with @arguments, which may be NULL and whose ownership passes to this call.
 * Return: the result, which the caller owns.
 */
struct json_object *qmp_call(const char *command, struct json_object *arguments);

/* {"@name": "@value"}, for commands that take a single argument. */
struct json_object *qmp_argument(const char *name, const char *value);

/*
 * Wait for an event. One that qmp_call() skipped while it waited for its answer is lost.
 * Return: false if the event did not come within @timeout_ms.
 */
bool qmp_event(const char *name, unsigned int timeout_ms);

#endif /* GUEST_QMP_H */
