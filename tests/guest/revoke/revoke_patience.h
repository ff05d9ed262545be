/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the test that nobody pays for another's fault. */
#ifndef GUEST_REVOKE_PATIENCE_H
#define GUEST_REVOKE_PATIENCE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "lib/test_importer.h"

#define PATIENCE_TIMEOUT_MS 1500u	/* revoke_timeout_ms, for tests that reach it */
#define PATIENCE_FENCE_TIMEOUT_MS 5000u	/* and for those that must not: half the fence's time */

/*
 * A slow fence in the first of two buffers, and threads that poll both all the time. Most of
 * them poll the second, whose turn in the revoke may come when little time is left.
 */
#define PATIENCE_HAMMERS 8u
struct hammer {
	pthread_t thread;
	atomic_bool *stop;
	int fd;
};

struct slow {
	int fence;
	atomic_bool stop;
	struct hammer hammer[PATIENCE_HAMMERS];
};

/* @device: the descriptor from slow_fence_open(). */
void slow_begin(struct slow *s, int device, int first, int second);

/* One check: the reset ended before the fence was signalled and before the timeout. */
void slow_check(const struct slow *s, uint64_t took_us, const char *name);
void slow_end(struct slow *s);

/* revoke_patience_fence.c: with importers of every kind. */
void patience_fence(int device);

/* revoke_patience_user.c: with the NIC's own MRs, as root or as an ordinary user. */
void patience_user(int device, bool root);

/* revoke_patience_sitter.c: an importer that does not return from its callback. */
void patience_sitter(enum pti_mode mode, bool translated);

/* revoke_patience_forever.c: an importer that never unmaps, and no IOMMU translates. */
void patience_forever(void);

/*
 * Wait until the log has a line, from @since on, which says that the event waits for the NIC
 * and its driver. Return: false if the line does not come.
 */
bool patience_wait_for_name(uint64_t since);

#endif /* GUEST_REVOKE_PATIENCE_H */
