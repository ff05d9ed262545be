// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Work requests: decode one, and decide whether it may be done. The order of
 * the checks is that of a packet on its way: what the sender alone can know
 * comes first, then the address, then the receiver.
 */
#include <string.h>

#include "work.h"

/*
 * Every completion is asked for by the provider, so one that is not is as
 * unsupported as a reserved flag. RDMA takes neither inline data nor UD.
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

static enum efa_io_status decode_inline(const struct efa_io_wqe *wqe,
					struct efa_work *work)
{
	if (wqe->length > EFA_INLINE)
		return EFA_IO_BAD_LENGTH;
	work->len = wqe->length;
	work->nr_local = 1;
	work->local[0] = (struct efa_segment){
		.bytes = wqe->inline_data, .len = wqe->length,
	};
	return EFA_IO_OK;
}

/* An empty piece of memory touches nothing, so its key is not looked at. */
static bool segment_init(struct efa *efa, struct efa_segment *seg, uint32_t key,
			 const struct efa_io_sge *sge, uint16_t pd, uint8_t access)
{
	*seg = (struct efa_segment){ .addr = sge->addr, .len = sge->len };
	if (sge->len == 0)
		return true;
	seg->mr = efa_mr_get(efa, key);
	return seg->mr && efa_mr_allows(seg->mr, pd, sge->addr, sge->len, access);
}

static enum efa_io_status decode_sges(struct efa *efa, const struct efa_qp *qp,
				      const struct efa_io_wqe *wqe,
				      const struct efa_io_sge *sge, unsigned int max,
				      struct efa_work *work)
{
	uint8_t access = work->op == EFA_IO_OP_READ ? EFA_MR_LOCAL_WRITE : 0;
	uint64_t limit = work->op == EFA_IO_OP_SEND ? EFA_MTU : EFA_MAX_RDMA;
	uint64_t sum = 0;

	if (wqe->length > max)
		return EFA_IO_BAD_LENGTH;
	work->nr_local = wqe->length;
	for (unsigned int i = 0; i < work->nr_local; i++)
		sum += sge[i].len;
	if (sum > limit)
		return EFA_IO_BAD_LENGTH;
	work->len = (uint32_t)sum;

	for (unsigned int i = 0; i < work->nr_local; i++)
		if (!segment_init(efa, &work->local[i], sge[i].key & EFA_IO_LKEY_MASK,
				  &sge[i], qp->pd, access))
			return EFA_IO_BAD_LKEY;
	return EFA_IO_OK;
}

static enum efa_io_status decode_local(struct efa *efa, const struct efa_qp *qp,
				       const struct efa_io_wqe *wqe, struct efa_work *work)
{
	if (wqe->ctrl1 & EFA_IO_CTRL1_INLINE)
		return decode_inline(wqe, work);
	if (work->op == EFA_IO_OP_SEND)
		return decode_sges(efa, qp, wqe, wqe->sge, 2, work);
	return decode_sges(efa, qp, wqe, &wqe->rdma.local, 1, work);
}

static bool accepts(const struct efa_qp *peer)
{
	return peer->state >= EFA_QP_RTR && peer->state != EFA_QP_ERR;
}

static enum efa_io_status find_peer(struct efa *efa, const struct efa_qp *qp,
				    const struct efa_io_wqe *wqe,
				    const struct efa_ah *ah, struct efa_work *work)
{
	struct efa_qp *peer;

	if (memcmp(ah->gid, efa->nic->config.gid, sizeof(ah->gid)) != 0)
		return EFA_IO_UNREACHABLE;
	peer = efa_qp_get(efa, wqe->dest_qp);
	if (!peer || peer->type != qp->type || !accepts(peer) || peer->qkey != wqe->qkey)
		return EFA_IO_BAD_DEST_QPN;
	work->peer = peer;
	return EFA_IO_OK;
}

static enum efa_io_status find_remote(struct efa *efa, const struct efa_io_wqe *wqe,
				      struct efa_work *work)
{
	const struct efa_io_sge *sge = &wqe->rdma.remote;
	uint8_t access = work->op == EFA_IO_OP_READ ? EFA_MR_REMOTE_READ
						    : EFA_MR_REMOTE_WRITE;

	if (!segment_init(efa, &work->remote, sge->key, sge, work->peer->pd, access))
		return EFA_IO_REMOTE_ADDRESS;
	return EFA_IO_OK;
}

enum efa_io_status efa_work_decode(struct efa *efa, const struct efa_qp *qp,
				   const struct efa_io_wqe *wqe, struct efa_work *work)
{
	enum efa_io_status status;
	const struct efa_ah *ah;
	bool rdma;

	if (!supported(qp, wqe))
		return EFA_IO_UNSUPPORTED_OP;
	*work = (struct efa_work){
		.op = wqe->ctrl1 & EFA_IO_CTRL1_OP_MASK,
		.imm = wqe->ctrl1 & EFA_IO_CTRL1_IMM,
		.imm_data = wqe->imm,
	};
	rdma = work->op != EFA_IO_OP_SEND;

	ah = efa_ah_get(efa, wqe->ah);
	if (!ah || ah->pd != qp->pd)
		return EFA_IO_BAD_AH;
	status = decode_local(efa, qp, wqe, work);
	if (status == EFA_IO_OK && rdma && work->len != wqe->rdma.remote.len)
		status = EFA_IO_BAD_LENGTH;
	if (status == EFA_IO_OK)
		status = find_peer(efa, qp, wqe, ah, work);
	if (status == EFA_IO_OK && rdma)
		status = find_remote(efa, wqe, work);
	return status;
}
