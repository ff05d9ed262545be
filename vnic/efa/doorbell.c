// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Doorbells: stores into the doorbell BAR. efa_qp_doorbell() is the only place where the
 * producer counters of a QP advance.
 */
#include "efa.h"

static void qp_store(struct efa *efa, uint32_t off, uint32_t value)
{
	uint16_t qpn = (uint16_t)(off / EFA_DB_PAGE);

	switch (off % EFA_DB_PAGE) {
	case EFA_IO_DB_SQ:
		efa_qp_doorbell(efa, qpn, EFA_RING_SQ, (uint16_t)value);
		break;
	case EFA_IO_DB_RQ:
		efa_qp_doorbell(efa, qpn, EFA_RING_RQ, (uint16_t)value);
		break;
	}
}

void efa_doorbell_write(struct efa *efa, uint32_t off, uint32_t value)
{
	if (off < EFA_DB_CQ)
		qp_store(efa, off, value);
	else if (off < EFA_DB_CQ + 8 * EFA_MAX_CQ && off % 8 == 0)
		efa_cq_doorbell(efa, (uint16_t)((off - EFA_DB_CQ) / 8), value);
}

/*
 * Move *@prod to @value. Return: false, with nothing changed, if @value takes back entries
 * that were posted, or if more entries would be posted than the ring holds: that is a bug
 * in the guest, or an attack.
 */
static bool advance(uint16_t *prod, uint16_t cons, uint16_t depth, uint16_t value)
{
	uint16_t had = (uint16_t)(*prod - cons);
	uint16_t has = (uint16_t)(value - cons);

	if (has < had || has > depth)
		return false;
	*prod = value;
	return true;
}

void efa_qp_doorbell(struct efa *efa, uint16_t qpn, enum efa_ring ring, uint16_t prod)
{
	struct efa_qp *qp = efa_qp_get(efa, qpn);
	bool ok;

	if (!qp || qp->state == EFA_QP_RESET)
		return;
	efa->count.doorbells++;
	if (ring == EFA_RING_SQ)
		ok = advance(&qp->sq_prod, qp->sq_cons, qp->sq_depth, prod);
	else
		ok = advance(&qp->rq_prod, qp->rq_cons, qp->rq_depth, prod);

	if (!ok)
		efa_qp_flush(efa, qp);
	else if (ring == EFA_RING_RQ)
		efa_qp_unpark(efa);
	else
		gate_kick(&efa->nic->gate);
}
