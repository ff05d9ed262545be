/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the targets of the virtual ConnectX share: a guest with the unit tests' mlx5 driver
 * (mlx5_driver.h), a clock that only the rig moves, steps that an input can take, and what must
 * be true at the end whatever it did.
 */
#ifndef FUZZ_MLX5_RIG_H
#define FUZZ_MLX5_RIG_H

#include "input.h"
#include "mlx5_driver.h"

/* ---- one input: begin, steps, end ---- */

struct mdrv *rig_begin(void);	/* ENABLE_HCA was done */
void rig_end(void);		/* checks, resets the device, and checks that nothing is left */

/* ---- steps ---- */

/* One turn of the engine; time passes if it wants to wait. Return: as the model's step(). */
bool rig_step(void);
void rig_engine(struct input *in);		/* some turns */
void rig_wait(struct input *in);		/* up to a minute */
void rig_store(struct input *in);		/* into the guest's memory */
void rig_doorbell(struct input *in, uint32_t uar);	/* or of another page */
void rig_fault(struct input *in);		/* a switch that does not stop the device */
void rig_reset(void);				/* of the PCI function */

/*
 * Take a page from the device, which from now on must not change. The guest's next accesses
 * there reach other memory. Not one of the driver's own for commands, unless @any.
 */
void rig_unmap(struct input *in, bool any);

#endif /* FUZZ_MLX5_RIG_H */
