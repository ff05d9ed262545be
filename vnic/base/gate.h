/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The gate: the one lock of the virtual NIC.
 *
 * All device state (the DMA map, queues, objects, registers) belongs to the
 * holder of the gate. Two kinds of thread want it:
 *
 *  - the *host side*: the vfio-user message loop and the control socket. They
 *    answer within bounded time (the guest's driver gives a register read
 *    50 ms) and have precedence;
 *  - the *engine*, which executes work requests. It holds the gate for one
 *    slice at a time and steps back whenever the host side waits.
 *
 * Because every DMA of the engine happens inside the gate, the host side
 * holding it *is* the quiesce: no access is under way when a DMA_UNMAP or a
 * DEREG_MR is answered.
 */
#ifndef VNIC_GATE_H
#define VNIC_GATE_H

#include <pthread.h>
#include <stdbool.h>

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t work;	/* signalled by gate_kick() */
	pthread_cond_t idle;	/* signalled when the last waiting host leaves */
	unsigned int hosts;	/* host-side threads waiting for or holding it */
	bool kicked;		/* work was announced since the engine slept */
	bool closing;		/* gate_close() was called */
};

void gate_init(struct gate *gate);
void gate_destroy(struct gate *gate);

/* Host side: take and release with precedence over the engine. */
void gate_enter(struct gate *gate);
void gate_leave(struct gate *gate);

/* Announce work to the engine; call with the gate held. */
void gate_kick(struct gate *gate);

/* Ask the engine to end: gate_engine_wait() then returns false for ever. */
void gate_close(struct gate *gate);

/*
 * Engine: gate_engine_enter() waits until no host-side thread is waiting,
 * gate_engine_wait() (gate held) sleeps until work is announced and returns
 * false once the gate is closing.
 */
void gate_engine_enter(struct gate *gate);
void gate_engine_leave(struct gate *gate);
bool gate_engine_wait(struct gate *gate);

#endif /* VNIC_GATE_H */
