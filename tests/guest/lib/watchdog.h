/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A time limit on the next step of a test. If the step does not end in time, the watchdog
 * prints "not ok" and where every thread is in the kernel, and ends the process. Only one
 * limit is in force; a new one replaces it.
 */
#ifndef GUEST_WATCHDOG_H
#define GUEST_WATCHDOG_H

/* @step must stay valid while the limit is in force. */
void watchdog_set(unsigned int seconds, const char *step);
void watchdog_clear(void);

#endif /* GUEST_WATCHDOG_H */
