// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Event queues tell the driver which completion queue has new entries.
 *
 * Arming an EQ allows one interrupt. The driver never tells the device which events it
 * has read, so the device remembers only whether it has added any since the last
 * interrupt. If so, arming raises an interrupt at once. The driver may have read these
 * events already, so there may be a spurious interrupt, but never a missing one.
 */
#include "efa.h"

static void fire(struct efa *efa, struct efa_eq *eq)
{
	if (!eq->armed || !eq->pending)
		return;
	eq->armed = false;
	eq->pending = false;
	pci_raise(&efa->nic->pci, eq->vector);
}

/* If the EQ's ring cannot be written, the event is lost, and nic.c has recorded the access. */
void efa_eq_push(struct efa *efa, uint16_t eqn, uint16_t cqn)
{
	struct efa_eq *eq = efa_eq_get(efa, eqn);
	struct efa_io_eqe eqe = { .cq = cqn };
	uint64_t at;

	if (!eq)
		return;
	if (!(eq->prod / eq->depth & 1))
		eqe.common |= EFA_IO_EQE_PHASE;
	at = eq->base + (uint64_t)(eq->prod & (eq->depth - 1u)) * sizeof(eqe);
	if (nic_dma_publish(efa->nic, at, &eqe, sizeof(eqe)))
		return;
	eq->prod++;
	eq->pending = true;
	efa->count.eq_events++;
	fire(efa, eq);
}

void efa_eq_doorbell(struct efa *efa, uint32_t value)
{
	struct efa_eq *eq = efa_eq_get(efa, value & EFA_IO_DB_INDEX);

	if (!eq || !(value & EFA_IO_DB_ARM))
		return;
	eq->armed = true;
	fire(efa, eq);
}
