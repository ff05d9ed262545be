/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The last failure of each thread in one sentence: the cause, a colon, the next step.
 */
#ifndef PEERBAR_ERROR_H
#define PEERBAR_ERROR_H

/* The sentence that was kept last in this thread; "" before the first. */
const char *pb_message(void);

/* Keep the sentence for this thread, return -@err. */
int pb_fail(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same for functions that return a pointer: NULL, with errno set to @err. */
void *pb_fail_ptr(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif /* PEERBAR_ERROR_H */
