/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * How long the exporter's locks make others wait. For each lock a thread does something that
 * takes it, a thousand times a second.
 *
 *	revokes		peerbar_context.lock: reading that file of the device in debugfs
 *	exports		the same lock, taken once for each buffer
 *	attachments	the same lock, and peerbar_buffer.lock of each buffer
 *	poll		the reservation lock of one dma-buf: poll() on it
 *
 * Failure ends the bench.
 */
#ifndef GUEST_BENCH_WAITS_H
#define GUEST_BENCH_WAITS_H

#include <pthread.h>
#include <stdatomic.h>

#define WAITS 4u
#define WAITS_SAMPLES 4096u	/* the median is that of the first ones */

struct waiter {
	pthread_t thread;
	atomic_bool *stop;
	int fd;
	void (*wait)(int fd);
	unsigned int count;
	double longest_us;
	double us[WAITS_SAMPLES];
};

struct waits {
	atomic_bool stop;
	struct waiter waiter[WAITS];
};

/* Start the threads. Each has waited once when this returns. */
void waits_start(struct waits *w, const char *device, int dmabuf);
void waits_stop(struct waits *w);

/*
 * One line of JSON: the members of @about (the text between its braces), then
 * "median_us": { "revokes": ..., ... }, "longest_us": { ... }.
 */
void waits_print(const struct waits *w, const char *about);

#endif /* GUEST_BENCH_WAITS_H */
