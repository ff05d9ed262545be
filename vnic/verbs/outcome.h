/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How a work request ended, in terms of no wire format: a model has a status for each. */
#ifndef VNIC_OUTCOME_H
#define VNIC_OUTCOME_H

#include <stdbool.h>

enum outcome {
	OUTCOME_DONE,
	OUTCOME_FLUSHED,	/* its queue is in the error state */
	/* what the sender alone can know */
	OUTCOME_UNSUPPORTED,
	OUTCOME_BAD_AH,
	OUTCOME_LOCAL_LENGTH,
	OUTCOME_LOCAL_ACCESS,	/* a bad key of its own, or the IOMMU refused that side */
	/* the way; from here on the sender of a datagram never learns of it */
	OUTCOME_UNREACHABLE,
	OUTCOME_FIRST_REMOTE = OUTCOME_UNREACHABLE,
	OUTCOME_BAD_PEER,	/* no such queue pair, or it does not take this */
	/* the receiver */
	OUTCOME_NOT_READY,	/* it has posted no buffer; nothing has happened yet */
	OUTCOME_REMOTE_LENGTH,
	OUTCOME_REMOTE_ACCESS,	/* a bad key of the receiver's, or the IOMMU refused it */
	OUTCOME_REMOTE_ABORT,	/* its queue cannot be read */
	NR_OUTCOMES,
};

static inline bool outcome_is_remote(enum outcome outcome)
{
	return outcome >= OUTCOME_FIRST_REMOTE;
}

#endif /* VNIC_OUTCOME_H */
