/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A thread that keeps work requests in flight between host memory and a window
 * of the BAR, over one QP, and checks what comes back.
 *
 * Five kinds take turns, with 1 MiB and small sizes mixed:
 *	WRITE and READ with the BAR as the remote side (rkey),
 *	WRITE and READ with the BAR as the local side (lkey),
 *	WRITE from host to host: the bystander, which must always succeed and
 *	whose bytes are compared.
 * On RC the first error stops all that was posted; the stream connects anew and goes on.
 * On a NIC without RDMA WRITE (efa of Linux 6.1) there are three: the two READs,
 * which move data both ways, and a bystander that READs.
 * Every request has a sequence number, and a transfer into the BAR carries it in
 * its first 8 bytes. The bytes in the BAR so tell which request landed last.
 * Slot i of the stream uses zone i of the BAR, so a zone has one writer at a time.
 */
#ifndef GUEST_STREAM_H
#define GUEST_STREAM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "rig.h"
#include "window.h"

#define STREAM_DEPTH 10u	/* requests in flight */
#define STREAM_SLOT MIB		/* bytes of the largest request, and of a zone */
#define STREAM_SPAN (STREAM_DEPTH * STREAM_SLOT)	/* of the BAR, at least */
#define STREAM_HOST (3 * STREAM_DEPTH * STREAM_SLOT)	/* of host memory, at least */
#define STREAM_STATUSES 32u

enum stream_kind {
	STREAM_READ, STREAM_READ_INTO, STREAM_BYSTANDER,
	STREAM_WRITE, STREAM_WRITE_FROM,	/* these need RDMA WRITE */
	STREAM_KINDS,
};

struct stream_slot {
	enum stream_kind kind;
	uint64_t seq;
	uint32_t len;
	bool busy;
	uint64_t stamp;		/* the first 8 bytes of the zone; 0: not known */
};

struct stream {
	struct rig *rig;
	struct window window;		/* a copy: the owner may close the original */
	pthread_t thread;
	atomic_bool stop;
	struct stream_slot slot[STREAM_DEPTH];
	bool into_bar_only;		/* post only one kind, into the BAR, each of 1 MiB */
	bool broken;			/* the QP is in the error state */

	/* Figures; read them at any time. */
	atomic_uint_fast64_t posted;	/* count, and so the last sequence number */
	atomic_uint_fast64_t fence;	/* no request above it may succeed on the BAR */
	atomic_uint_fast64_t bar_ok, bar_bad, host_ok, host_bad;
	atomic_uint_fast64_t flushed;	/* on RC: stopped by the error of another */
	atomic_uint_fast64_t late_ok;	/* BAR requests above the fence that succeeded */
	atomic_uint_fast64_t compared;	/* reads of the BAR whose stamp was known */
	atomic_uint_fast64_t corrupt;	/* wrong bytes came back, from BAR or host */
	atomic_uint_fast64_t hung;	/* requests without a completion in time */
	atomic_uint_fast64_t post_failed;
	atomic_uint_fast64_t status[STREAM_STATUSES];	/* BAR completions by status */
};

/*
 * The window must span at least STREAM_SPAN, and each of its parts must be a multiple of a
 * zone. Clears the stamps of earlier streams in the BAR; if the BAR is not mapped, the caller
 * must have cleared them.
 */
void stream_start(struct stream *s, struct rig *rig, const struct window *w,
		  bool into_bar_only);

/* From now on every new BAR request must fail; and from now on it may succeed. */
void stream_fence(struct stream *s);
void stream_open(struct stream *s);

/* Wait until *@figure is at least @value. Return: false after @timeout_ms. */
bool stream_wait(struct stream *s, atomic_uint_fast64_t *figure, uint64_t value,
		 unsigned int timeout_ms);

/* Returns when nothing is in flight any more. */
void stream_stop(struct stream *s);

/* The newest sequence number found in the BAR; rig->bar must be mapped. */
uint64_t stream_newest_stamp(const struct rig *rig);

/* The errors that BAR requests had, in words: "local protection error, ...". */
void stream_errors(struct stream *s, char *text, size_t size);

/* Did BAR requests fail only with the errors that a revoked MR gives? */
bool stream_errors_fit(struct stream *s);

#endif /* GUEST_STREAM_H */
