// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The engine: see engine.h, and gate.h for how it gives way to the host side. */
#include <time.h>

#include "engine.h"
#include "nic.h"

/* Sleeps for a second at most, so that the program ends soon when it is told to. */
static void pause_us(uint32_t us)
{
	struct timespec ts = { .tv_nsec = us * 1000L };

	if (us >= 1000000)
		ts = (struct timespec){ .tv_sec = 1 };
	nanosleep(&ts, NULL);
}

/* Open the gate between two slices; a host-side thread that waits for it goes first. */
static void step_back(struct nic *nic, uint32_t us)
{
	gate_engine_leave(&nic->gate);
	if (us)
		pause_us(us);
	gate_engine_enter(&nic->gate);
}

void *engine_run(void *arg)
{
	struct nic *nic = arg;
	const struct nic_model *model = nic->config.model;
	bool open = true;
	uint32_t us;

	gate_engine_enter(&nic->gate);
	while (open) {
		if (model->step(nic->device, &us)) {
			step_back(nic, us);
			open = !nic->gate.closing;
		} else {
			open = gate_engine_wait(&nic->gate);
		}
	}
	gate_engine_leave(&nic->gate);
	return NULL;
}
