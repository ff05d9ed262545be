/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What peerbar-vfio-pci says of its own revokes: its trace event revoke_end, in a trace
 * instance of ours, so that nobody else's tracing is touched. Failure ends the bench.
 */
#ifndef GUEST_BENCH_TRACE_H
#define GUEST_BENCH_TRACE_H

struct bench_revocation {
	double us;		/* from the mark on the buffers to the flush of posted writes */
	unsigned int fenced;	/* mappings that the fence has closed */
	unsigned int overdue;	/* of these, whose importers were told and did not let go */
};

void bench_trace_open(void);
void bench_trace_close(void);

/* The one revoke since the last call; none, or several, is a failure. */
void bench_trace_revocation(struct bench_revocation *revocation);

#endif /* GUEST_BENCH_TRACE_H */
