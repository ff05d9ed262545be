/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The last failure of each thread, as one sentence: the cause, a colon, and the next step.
 */
#ifndef PEERBAR_ERROR_H
#define PEERBAR_ERROR_H

/* Return the sentence that this thread kept last, or "" if it has not kept any. */
const char *pb_message(void);

/* Keep the sentence for this thread and return -@err. */
int pb_fail(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same for functions that return a pointer: set errno to @err and return NULL. */
void *pb_fail_ptr(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * What to do about an error that the system's own limits explain, for the end of a sentence.
 * For all others it is to look at the kernel's log.
 */
const char *pb_next_step(int err);

#endif /* PEERBAR_ERROR_H */
