/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Between the parts of the data path only: a work request after decoding, and
 * the steps that it takes.
 *
 *   engine.c ─▶ sq.c ─┬▶ wqe.c       may it be done, and with which memory?
 *                     ├▶ inbound.c   what happens at the receiver (rq.c)
 *                     ├▶ copy.c      the bytes
 *                     └▶ completion.c ─▶ event.c
 */
#ifndef VNIC_EFA_WORK_H
#define VNIC_EFA_WORK_H

#include "efa.h"

/*
 * A decoded work request. It holds pointers to objects, so it is made afresh in
 * every turn: anything may be destroyed while the gate is open.
 */
struct efa_work {
	enum efa_io_op op;
	bool imm;
	uint32_t imm_data;
	uint32_t len;			/* bytes to move */
	struct efa_qp *peer;		/* destination */
	unsigned int nr_local;
	struct segment local[2];
	struct segment remote;	/* READ, WRITE */
};

/* Decode and check @wqe of @qp. Return: OUTCOME_DONE or why it cannot be done. */
enum outcome efa_work_decode(struct efa *efa, const struct efa_qp *qp,
			     const struct efa_io_wqe *wqe, struct efa_work *work);

/*
 * Is there anything to do for @qp now? A parked request is not, but at a point
 * in time it may become so (0: it will not).
 */
bool efa_qp_has_work(const struct efa_qp *qp);
uint64_t efa_qp_retry_at(const struct efa_qp *qp);

/* One turn: a slice of the request at the head of the SQ, or of a flush. */
void efa_qp_run(struct efa *efa, struct efa_qp *qp);

/*
 * A SEND, or the immediate data of a WRITE, arrives at work->peer.
 * Return: the sender's; OUTCOME_NOT_READY: nothing happened, no buffer is posted.
 */
enum outcome efa_inbound_send(struct efa *efa, const struct efa_qp *from,
			      const struct efa_work *work);
enum outcome efa_inbound_imm(struct efa *efa, const struct efa_qp *from,
			     const struct efa_work *work);

/*
 * Completions held back by fault.delay_cqe_us: push those whose time has come,
 * drop those of a QP, and tell when the next is due (0: none is held).
 */
void efa_held_release(struct efa *efa);
void efa_held_drop(struct efa *efa, uint16_t qpn);
uint64_t efa_held_due(const struct efa *efa);

#endif /* VNIC_EFA_WORK_H */
