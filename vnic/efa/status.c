// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The status in this NIC's completions for each outcome of a work request. */
#include "efa.h"

enum efa_io_status efa_status(enum outcome outcome)
{
	static const uint8_t status[NR_OUTCOMES] = {
		[OUTCOME_DONE] = EFA_IO_OK,
		[OUTCOME_FLUSHED] = EFA_IO_FLUSHED,
		[OUTCOME_UNSUPPORTED] = EFA_IO_UNSUPPORTED_OP,
		[OUTCOME_BAD_AH] = EFA_IO_BAD_AH,
		[OUTCOME_LOCAL_LENGTH] = EFA_IO_BAD_LENGTH,
		[OUTCOME_LOCAL_ACCESS] = EFA_IO_BAD_LKEY,
		[OUTCOME_UNREACHABLE] = EFA_IO_UNREACHABLE,
		[OUTCOME_BAD_PEER] = EFA_IO_BAD_DEST_QPN,
		[OUTCOME_NOT_READY] = EFA_IO_RNR,
		[OUTCOME_REMOTE_LENGTH] = EFA_IO_REMOTE_LENGTH,
		[OUTCOME_REMOTE_ACCESS] = EFA_IO_REMOTE_ADDRESS,
		[OUTCOME_REMOTE_ABORT] = EFA_IO_REMOTE_ABORT,
	};

	return status[outcome];
}
