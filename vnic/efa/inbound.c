// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The receiving side of SEND and of WRITE with immediate data: one receive request is
 * consumed and completed, with success or with an error.
 */
#include <errno.h>
#include <string.h>

#include "work.h"

/* A datagram's receive buffer begins with room for a GRH, which is not written. */
#define UD_HEADER	40u

/* The sender is named by the receiver's AH for it. Every sender is on this NIC. */
static struct efa_completion completion_of(struct efa *efa, const struct efa_qp *from,
					   const struct efa_work *work)
{
	return (struct efa_completion){
		.recv = true,
		.op = work->op,
		.qp = work->peer->id,
		.src_qp = from->id,
		.ah = efa_ah_find(efa, work->peer->pd, efa->nic->config.gid),
		.imm = work->imm,
		.imm_data = work->imm_data,
	};
}

/* @outcome: the receiver's; @len: the number of bytes to report if that is OUTCOME_DONE. */
static void complete(struct efa *efa, struct efa_completion *c, uint16_t cq,
		     enum outcome outcome, uint32_t len)
{
	c->status = efa_status(outcome);
	if (outcome == OUTCOME_DONE) {
		c->len = len;
		efa->count.recvs++;
		efa->count.recv_bytes += len;
	}
	efa_cq_push(efa, cq, c);
}

/*
 * Return: OUTCOME_DONE; OUTCOME_NOT_READY if no request is posted; or OUTCOME_REMOTE_ABORT
 * if the ring itself cannot be read, which puts the receiving QP into the error state.
 */
static enum outcome take(struct efa *efa, struct efa_qp *to, struct efa_recv *recv)
{
	int err = efa_rq_take(efa, to, recv);

	if (!err)
		return OUTCOME_DONE;
	if (err == -EAGAIN)
		return OUTCOME_NOT_READY;
	efa_qp_flush(efa, to);
	return OUTCOME_REMOTE_ABORT;
}

static uint64_t room(const struct efa_recv *recv)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < recv->nr_segs; i++)
		bytes += recv->seg[i].len;
	return bytes;
}

/* Drop the first @bytes from the buffer, which has at least that many. */
static void skip(struct efa_recv *recv, uint32_t bytes)
{
	for (unsigned int i = 0; bytes > 0; i++) {
		struct segment *seg = &recv->seg[i];
		uint32_t n = seg->len < bytes ? seg->len : bytes;

		seg->addr += n;
		seg->len -= n;
		bytes -= n;
	}
}

struct ends {			/* the outcomes at both ends of a message */
	enum outcome sender, receiver;
};

/*
 * Copy the message into the buffer and set *@ends. Return: false if DMA to the sender's own
 * memory was refused; the receiver then must not notice anything.
 */
static bool scatter(struct efa *efa, struct efa_recv *recv, uint32_t header,
		    const struct efa_work *work, struct ends *ends)
{
	struct copy_result moved;

	if (recv->bad) {
		*ends = (struct ends){ OUTCOME_REMOTE_ACCESS, OUTCOME_LOCAL_ACCESS };
		return true;
	}
	if (room(recv) < (uint64_t)header + work->len) {
		*ends = (struct ends){ OUTCOME_REMOTE_LENGTH, OUTCOME_LOCAL_LENGTH };
		return true;
	}
	skip(recv, header);
	moved = verbs_copy(efa->nic, recv->seg, recv->nr_segs, work->local, work->nr_local, 0,
			   work->len);
	if (moved.src_fault)
		return false;
	*ends = (struct ends){ OUTCOME_DONE, OUTCOME_DONE };
	if (moved.dst_fault)
		*ends = (struct ends){ OUTCOME_REMOTE_ACCESS, OUTCOME_LOCAL_ACCESS };
	return true;
}

enum outcome efa_inbound_send(struct efa *efa, const struct efa_qp *from,
			      const struct efa_work *work)
{
	struct efa_qp *to = work->peer;
	uint32_t header = to->type == EFA_QP_UD ? UD_HEADER : 0;
	uint16_t cons = to->rq_cons;
	struct efa_completion c;
	enum outcome outcome;
	struct efa_recv recv;
	struct ends ends;

	outcome = take(efa, to, &recv);
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (!scatter(efa, &recv, header, work, &ends)) {
		to->rq_cons = cons;	/* the buffer stays posted */
		return OUTCOME_LOCAL_ACCESS;
	}
	c = completion_of(efa, from, work);
	c.req_id = recv.req_id;
	complete(efa, &c, to->recv_cq, ends.receiver, header + work->len);
	return ends.sender;
}

/* Immediate data uses no buffer, so a receive request with bad keys is as good as any. */
enum outcome efa_inbound_imm(struct efa *efa, const struct efa_qp *from,
			     const struct efa_work *work)
{
	struct efa_qp *to = work->peer;
	struct efa_completion c = completion_of(efa, from, work);
	struct efa_recv recv;
	enum outcome outcome;

	c.unsolicited = to->unsolicited_write;
	if (!c.unsolicited) {
		outcome = take(efa, to, &recv);
		if (outcome != OUTCOME_DONE)
			return outcome;
		c.req_id = recv.req_id;
	}
	complete(efa, &c, to->recv_cq, OUTCOME_DONE, work->len);
	return OUTCOME_DONE;
}
