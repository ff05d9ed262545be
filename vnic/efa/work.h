/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Internal to the data path: the decoded work request, and the calls that execute it.
 *
 *   engine.c ─▶ sq.c ─┬▶ wqe.c       is it allowed, and on which memory?
 *                     ├▶ inbound.c   what happens at the receiver (rq.c)
 *                     ├▶ ../verbs/copy.c   moves the bytes
 *                     └▶ completion.c ─▶ event.c
 */
#ifndef VNIC_EFA_WORK_H
#define VNIC_EFA_WORK_H

#include "efa.h"

/*
 * A decoded work request. It points to objects, any of which may be destroyed while the
 * gate is open, so every turn decodes the request again.
 */
struct efa_work {
	enum efa_io_op op;
	bool imm;
	uint32_t imm_data;
	uint32_t len;			/* bytes to move */
	struct efa_qp *peer;		/* destination */
	unsigned int nr_local;
	struct segment local[2];
	struct segment remote;		/* READ and WRITE only */
};

/* Decode and check @wqe of @qp. Return: OUTCOME_DONE, or why it cannot be executed. */
enum outcome efa_work_decode(struct efa *efa, const struct efa_qp *qp,
			     const struct efa_io_wqe *wqe, struct efa_work *work);

/*
 * Is there anything to do for @qp now? A parked request does not count until it is tried
 * again; efa_qp_retry_at() tells when that is, in clock_now_ns() time (0: at no time set).
 */
bool efa_qp_has_work(const struct efa_qp *qp);
uint64_t efa_qp_retry_at(const struct efa_qp *qp);

/* One turn: a slice of the request at the head of the SQ, or a batch of a flush. */
void efa_qp_run(struct efa *efa, struct efa_qp *qp);

/*
 * Deliver a SEND, or the immediate data of a WRITE, to work->peer and complete its receive
 * request there. Return: the outcome for the sender; after OUTCOME_NOT_READY nothing has
 * happened, because no receive buffer is posted.
 */
enum outcome efa_inbound_send(struct efa *efa, const struct efa_qp *from,
			      const struct efa_work *work);
enum outcome efa_inbound_imm(struct efa *efa, const struct efa_qp *from,
			     const struct efa_work *work);

/* Write the completions that were held back and are due. */
void efa_held_release(struct efa *efa);

#endif /* VNIC_EFA_WORK_H */
