// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Receive queue: read one receive request from the ring in guest memory.
 *
 * A request is 1 to EFA_MAX_RECV_SEGS descriptors, of which the first and the last are
 * marked. The guest owns the ring and may have written anything there. So a request ends at
 * a descriptor marked last, before the next one marked first, after EFA_MAX_RECV_SEGS
 * descriptors, or at the producer counter, whichever comes first. Each descriptor is
 * consumed once, whatever it contains, so a malformed ring drains like any other.
 */
#include <errno.h>

#include "efa.h"

static int read_descriptor(struct efa *efa, const struct efa_qp *qp, uint16_t index,
			   struct efa_io_rx *rx)
{
	uint64_t off = (uint64_t)(index & (qp->rq_depth - 1u)) * sizeof(*rx);

	return nic_dma_read(efa->nic, qp->rq_base + off, rx, sizeof(*rx), 0);
}

static void add_segment(struct efa *efa, const struct efa_qp *qp,
			const struct efa_io_rx *rx, struct efa_recv *recv)
{
	struct segment *seg = &recv->seg[recv->nr_segs++];

	*seg = (struct segment){ .addr = rx->addr, .len = rx->len };
	if (!efa_segment_find(efa, seg, rx->ctrl & EFA_IO_LKEY_MASK, qp->pd,
			      REGION_LOCAL_WRITE))
		recv->bad = true;
}

int efa_rq_take(struct efa *efa, struct efa_qp *qp, struct efa_recv *recv)
{
	uint16_t cons = qp->rq_cons;
	struct efa_io_rx rx = { 0 };

	recv->nr_segs = 0;
	recv->bad = false;
	if (cons == qp->rq_prod)
		return -EAGAIN;
	do {
		bool first = cons == qp->rq_cons;

		if (read_descriptor(efa, qp, cons, &rx))
			return -EFAULT;
		if (first)
			recv->req_id = rx.req_id;
		if (first != !!(rx.ctrl & EFA_IO_RX_FIRST)) {
			recv->bad = true;
			if (!first)
				break;	/* the next request begins here */
		}
		add_segment(efa, qp, &rx, recv);
		cons++;
	} while (!(rx.ctrl & EFA_IO_RX_LAST) && cons != qp->rq_prod &&
		 recv->nr_segs < EFA_MAX_RECV_SEGS);

	if (!(rx.ctrl & EFA_IO_RX_LAST))
		recv->bad = true;
	qp->rq_cons = cons;
	return 0;
}
