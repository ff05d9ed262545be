/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The engine: the thread that executes work requests, slice by slice. */
#ifndef VNIC_ENGINE_H
#define VNIC_ENGINE_H

/* The thread function for pthread_create(): runs until gate_close(). @arg is the struct nic. */
void *engine_run(void *arg);

#endif /* VNIC_ENGINE_H */
