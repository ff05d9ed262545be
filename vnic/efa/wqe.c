// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Decodes a work request and decides whether it may be executed. The checks are in the
 * order in which a packet would meet them: first what the sender's NIC knows by itself,
 * then the address, then the receiver.
 */
#include <string.h>

#include "work.h"

/*
 * The provider always requests a completion, so a WQE that does not is rejected like one
 * with a reserved flag. READ and WRITE work only on SRD and take no inline data.
 */
static bool supported(const struct efa_qp *qp, const struct efa_io_wqe *wqe)
{
	bool imm = wqe->ctrl1 & EFA_IO_CTRL1_IMM;

	if (!(wqe->ctrl1 & EFA_IO_CTRL1_META) || (wqe->ctrl1 & EFA_IO_CTRL1_EXTENSION) ||
	    (wqe->ctrl2 & EFA_IO_CTRL2_ALWAYS) != EFA_IO_CTRL2_ALWAYS)
		return false;
	switch (wqe->ctrl1 & EFA_IO_CTRL1_OP_MASK) {
	case EFA_IO_OP_SEND:
		return true;
	case EFA_IO_OP_READ:
		if (imm)
			return false;
		break;
	case EFA_IO_OP_WRITE:
		break;
	default:
		return false;
	}
	return qp->type == EFA_QP_SRD && !(wqe->ctrl1 & EFA_IO_CTRL1_INLINE);
}

static enum outcome decode_inline(const struct efa_io_wqe *wqe, struct efa_work *work)
{
	if (wqe->length > EFA_INLINE)
		return OUTCOME_LOCAL_LENGTH;
	work->len = wqe->length;
	work->nr_local = 1;
	work->local[0] = (struct segment){
		.bytes = wqe->inline_data, .len = wqe->length,
	};
	return OUTCOME_DONE;
}

static struct segment segment_of(const struct efa_io_sge *sge)
{
	return (struct segment){ .addr = sge->addr, .len = sge->len };
}

static enum outcome decode_sges(struct efa *efa, const struct efa_qp *qp,
				const struct efa_io_wqe *wqe, const struct efa_io_sge *sge,
				unsigned int max, struct efa_work *work)
{
	uint8_t access = work->op == EFA_IO_OP_READ ? REGION_LOCAL_WRITE : 0;
	uint64_t limit = work->op == EFA_IO_OP_SEND ? EFA_MTU : EFA_MAX_RDMA;
	uint64_t sum = 0;

	if (wqe->length > max)
		return OUTCOME_LOCAL_LENGTH;
	work->nr_local = wqe->length;
	for (unsigned int i = 0; i < work->nr_local; i++)
		sum += sge[i].len;
	if (sum > limit)
		return OUTCOME_LOCAL_LENGTH;
	work->len = (uint32_t)sum;

	for (unsigned int i = 0; i < work->nr_local; i++) {
		work->local[i] = segment_of(&sge[i]);
		if (!efa_segment_find(efa, &work->local[i], sge[i].key & EFA_IO_LKEY_MASK,
				      qp->pd, access))
			return OUTCOME_LOCAL_ACCESS;
	}
	return OUTCOME_DONE;
}

static enum outcome decode_local(struct efa *efa, const struct efa_qp *qp,
				 const struct efa_io_wqe *wqe, struct efa_work *work)
{
	if (wqe->ctrl1 & EFA_IO_CTRL1_INLINE)
		return decode_inline(wqe, work);
	if (work->op == EFA_IO_OP_SEND)
		return decode_sges(efa, qp, wqe, wqe->sge, 2, work);
	return decode_sges(efa, qp, wqe, &wqe->rdma.local, 1, work);
}

_Static_assert(EFA_QP_RESET < EFA_QP_RTR && EFA_QP_INIT < EFA_QP_RTR &&
	       EFA_QP_RTR < EFA_QP_RTS && EFA_QP_RTR < EFA_QP_SQD && EFA_QP_RTR < EFA_QP_SQE,
	       "all states from RTR on receive, but for ERR");

static bool accepts(const struct efa_qp *peer)
{
	return peer->state >= EFA_QP_RTR && peer->state != EFA_QP_ERR;
}

static enum outcome find_peer(struct efa *efa, const struct efa_qp *qp,
			      const struct efa_io_wqe *wqe, const struct efa_ah *ah,
			      struct efa_work *work)
{
	struct efa_qp *peer;

	if (memcmp(ah->gid, efa->nic->config.gid, sizeof(ah->gid)) != 0)
		return OUTCOME_UNREACHABLE;
	peer = efa_qp_get(efa, wqe->dest_qp);
	if (!peer || peer->type != qp->type || !accepts(peer) || peer->qkey != wqe->qkey)
		return OUTCOME_BAD_PEER;
	work->peer = peer;
	return OUTCOME_DONE;
}

static enum outcome find_remote(struct efa *efa, const struct efa_io_wqe *wqe,
				struct efa_work *work)
{
	const struct efa_io_sge *sge = &wqe->rdma.remote;
	uint8_t access = work->op == EFA_IO_OP_READ ? REGION_REMOTE_READ
						    : REGION_REMOTE_WRITE;

	work->remote = segment_of(sge);
	if (!efa_segment_find(efa, &work->remote, sge->key, work->peer->pd, access))
		return OUTCOME_REMOTE_ACCESS;
	return OUTCOME_DONE;
}

enum outcome efa_work_decode(struct efa *efa, const struct efa_qp *qp,
			     const struct efa_io_wqe *wqe, struct efa_work *work)
{
	enum outcome outcome;
	const struct efa_ah *ah;
	bool rdma;

	if (!supported(qp, wqe))
		return OUTCOME_UNSUPPORTED;
	*work = (struct efa_work){
		.op = wqe->ctrl1 & EFA_IO_CTRL1_OP_MASK,
		.imm = wqe->ctrl1 & EFA_IO_CTRL1_IMM,
		.imm_data = wqe->imm,
	};
	rdma = work->op != EFA_IO_OP_SEND;

	ah = efa_ah_get(efa, wqe->ah);
	if (!ah || ah->pd != qp->pd)
		return OUTCOME_BAD_AH;
	outcome = decode_local(efa, qp, wqe, work);
	if (outcome == OUTCOME_DONE && rdma && work->len != wqe->rdma.remote.len)
		outcome = OUTCOME_LOCAL_LENGTH;
	if (outcome == OUTCOME_DONE)
		outcome = find_peer(efa, qp, wqe, ah, work);
	if (outcome == OUTCOME_DONE && rdma)
		outcome = find_remote(efa, wqe, work);
	return outcome;
}
