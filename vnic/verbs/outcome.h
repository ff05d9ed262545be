/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * How a work request ended, independent of any wire format. A model translates each
 * outcome into a status of its own completions.
 *
 * The order matters: outcomes from OUTCOME_FIRST_REMOTE on arise beyond the sender's NIC.
 */
#ifndef VNIC_OUTCOME_H
#define VNIC_OUTCOME_H

#include <stdbool.h>

enum outcome {
	OUTCOME_DONE,
	OUTCOME_FLUSHED,	/* not executed: the queue is in the error state */

	/* Errors that the sender's NIC finds by itself. */
	OUTCOME_UNSUPPORTED,	/* operation or flags that the model does not offer */
	OUTCOME_BAD_AH,		/* no such address handle, or one of another PD */
	OUTCOME_LOCAL_LENGTH,	/* too many bytes or segments, or lengths that disagree */
	OUTCOME_LOCAL_ACCESS,	/* a bad local key, or DMA to local memory was refused */

	/* Errors on the way. The sender of a datagram learns of none from here on. */
	OUTCOME_UNREACHABLE,
	OUTCOME_FIRST_REMOTE = OUTCOME_UNREACHABLE,
	OUTCOME_BAD_PEER,	/* no such queue pair, or it does not accept this sender */

	/* Errors at the receiver. */
	OUTCOME_NOT_READY,	/* no receive buffer is posted; nothing has happened yet */
	OUTCOME_REMOTE_LENGTH,	/* the receive buffer is too short */
	OUTCOME_REMOTE_ACCESS,	/* a bad remote key, or DMA to remote memory was refused */
	OUTCOME_REMOTE_ABORT,	/* the device cannot read the receive queue */
	NR_OUTCOMES,
};

_Static_assert(OUTCOME_FIRST_REMOTE - OUTCOME_LOCAL_ACCESS == 1,
	       "all local outcomes come before OUTCOME_FIRST_REMOTE");
_Static_assert(NR_OUTCOMES - OUTCOME_REMOTE_ABORT == 1,
	       "all remote outcomes come after OUTCOME_FIRST_REMOTE");

static inline bool outcome_is_remote(enum outcome outcome)
{
	return outcome >= OUTCOME_FIRST_REMOTE;
}

#endif /* VNIC_OUTCOME_H */
