// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Completion queues: appending entries, arming for events, and the two faults that lose
 * completions (drop-cqe) or hold them back (delay-cqe-us).
 */
#include <string.h>

#include "base/clock.h"
#include "work.h"

static void encode(const struct efa *efa, const struct efa_completion *c,
		   struct efa_io_cqe *cqe)
{
	*cqe = (struct efa_io_cqe){
		.req_id = c->req_id,
		.status = c->status,
		.flags = (uint8_t)(c->op << EFA_IO_CQE_OP_SHIFT & EFA_IO_CQE_OP_MASK),
		.qp = c->qp,
	};
	if (!c->recv) {
		cqe->flags |= EFA_IO_CQE_SEND;
		return;
	}
	cqe->flags |= EFA_IO_CQE_RECV;
	cqe->len = (uint16_t)c->len;
	cqe->ah = c->ah;
	cqe->src_qp = c->src_qp;
	if (c->imm) {
		cqe->flags |= EFA_IO_CQE_IMM;
		cqe->imm = c->imm_data;
	}
	if (c->unsolicited)
		cqe->flags |= EFA_IO_CQE_UNSOLICITED;
	if (c->op == EFA_IO_OP_WRITE)
		cqe->len_hi = (uint16_t)(c->len >> 16);
	else if (c->ah == EFA_IO_AH_UNKNOWN)	/* all senders are this NIC */
		memcpy(cqe->src_gid, efa->nic->config.gid, sizeof(cqe->src_gid));
}

/* Only a CQ with interrupts has a doorbell, so only its consumer counter is known. */
static bool full(const struct efa_cq *cq)
{
	return cq->interrupt && (uint16_t)(cq->prod - cq->cons) >= cq->depth;
}

static void fire(struct efa *efa, struct efa_cq *cq, uint16_t cqn)
{
	cq->armed = false;
	cq->told = cq->prod;
	efa_eq_push(efa, cq->eq, cqn);
}

static void append(struct efa *efa, uint16_t cqn, const struct efa_completion *c)
{
	struct efa_cq *cq = efa_cq_get(efa, cqn);
	struct efa_io_cqe cqe;
	uint64_t at;

	if (!cq)
		return;
	encode(efa, c, &cqe);
	if (!(cq->prod / cq->depth & 1))
		cqe.flags |= EFA_IO_CQE_PHASE;
	at = cq->base + (uint64_t)(cq->prod & (cq->depth - 1u)) * cq->entry_size;
	/* A lost entry leaves no gap in the ring: the next one takes its place. */
	if (full(cq) || nic_dma_publish(efa->nic, at, &cqe, sizeof(cqe))) {
		efa->count.cq_overflow++;
		return;
	}
	cq->prod++;
	if (cq->armed)
		fire(efa, cq, cqn);
}

/*
 * A consumer arms the CQ and then polls it. So arming sends no event for entries that the
 * last event was already about: the consumer is about to poll them anyway, and a second
 * event would find nothing. But if a later doorbell shows that it has taken only some of
 * the entries, an armed CQ sends an event for the rest.
 */
void efa_cq_doorbell(struct efa *efa, uint16_t cqn, uint32_t value)
{
	struct efa_cq *cq = efa_cq_get(efa, cqn);
	bool arm = value & EFA_IO_DB_ARM;

	if (!cq || !cq->interrupt)
		return;
	cq->cons = value & EFA_IO_DB_INDEX;
	if (arm)
		cq->armed = true;
	if (!cq->armed || (uint16_t)cq->prod == cq->cons)
		return;
	if (!arm || cq->prod != cq->told)
		fire(efa, cq, cqn);
}

/* ---- completions held back ---- */

_Static_assert(sizeof(struct efa_completion) <= HELD_SIZE, "a completion can be held");

static void write_held(void *device, const struct held_entry *entry)
{
	struct efa_completion c;

	memcpy(&c, entry->completion, sizeof(c));
	append(device, (uint16_t)entry->cq, &c);
}

static void hold(struct efa *efa, uint16_t cqn, const struct efa_completion *c)
{
	struct held_entry entry = {
		.due = clock_now_ns() + efa->nic->fault.delay_cqe_us * 1000ull,
		.cq = cqn, .qp = c->qp,
	};

	memcpy(entry.completion, c, sizeof(*c));
	held_add(&efa->held, &entry, write_held, efa);
}

void efa_held_release(struct efa *efa)
{
	held_release(&efa->held, write_held, efa);
}

/* To keep completions in order, a new one is also held while others are. */
void efa_cq_push(struct efa *efa, uint16_t cqn, const struct efa_completion *c)
{
	struct fault *fault = &efa->nic->fault;

	efa->count.wr_status[c->status]++;
	if (fault->drop_cqe)
		fault->drop_cqe--;
	else if (fault->delay_cqe_us || held_due(&efa->held))
		hold(efa, cqn, c);
	else
		append(efa, cqn, c);
}
