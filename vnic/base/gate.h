/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The gate: the one lock of the virtual NIC.
 *
 * It protects all device state: the DMA map, queues, objects and registers. Two kinds
 * of thread take it:
 *
 *  - the *host side*: the vfio-user message loop and the control socket. These must
 *    answer within bounded time (the guest's driver gives a register read 50 ms), so
 *    they have precedence;
 *  - the *engine*, which executes work requests. It holds the gate for one slice at a
 *    time and gives way whenever the host side waits.
 *
 * The engine does DMA only while it holds the gate. So a host-side thread that holds
 * it knows that no DMA is in flight: when a DMA_UNMAP or a DEREG_MR is answered, the
 * device has quiesced, with no further step.
 */
#ifndef VNIC_GATE_H
#define VNIC_GATE_H

#include <pthread.h>
#include <stdbool.h>

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t work;	/* signalled by gate_kick() and gate_close() */
	pthread_cond_t idle;	/* signalled when the last host-side thread leaves */
	unsigned int hosts;	/* host-side threads that hold the gate or wait for it */
	bool kicked;		/* gate_kick() was called since the engine last woke up */
	bool closing;		/* gate_close() was called */
};

void gate_init(struct gate *gate);
void gate_destroy(struct gate *gate);

/* Host side: take the gate, with precedence over the engine, and release it. */
void gate_enter(struct gate *gate);
void gate_leave(struct gate *gate);

/* Tell the engine that there is work; called with the gate held. */
void gate_kick(struct gate *gate);

/* Tell the engine to end: from now on gate_engine_wait() returns false. Takes the gate. */
void gate_close(struct gate *gate);

/*
 * Engine: gate_engine_enter() takes the gate once no host-side thread holds it or
 * waits for it. gate_engine_wait(), called with the gate held, opens it and sleeps
 * until gate_kick(); it returns with the gate held, and false once the gate closes.
 */
void gate_engine_enter(struct gate *gate);
void gate_engine_leave(struct gate *gate);
bool gate_engine_wait(struct gate *gate);

#endif /* VNIC_GATE_H */
