/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Revokes as peerbar-vfio-pci itself times them, by its trace event revoke_end. A trace
 * instance of our own leaves anybody else's tracing alone. Failure ends the bench.
 */
#ifndef GUEST_BENCH_TRACE_H
#define GUEST_BENCH_TRACE_H

struct bench_revocation {
	double us;		/* from the mark on the buffers to the flush of posted writes */
	unsigned int fenced;	/* mappings that the fence has closed */
	unsigned int overdue;	/* those of them whose importers were told and did not unmap */
};

void bench_trace_open(void);
void bench_trace_close(void);

/* The single revoke since the last call. None, or more than one, is a failure. */
void bench_trace_revocation(struct bench_revocation *revocation);

#endif /* GUEST_BENCH_TRACE_H */
