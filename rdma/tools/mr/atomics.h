/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Atomic operations of the NIC on a word of the BAR, checked by the CPU. */
#ifndef PEERBAR_ATOMICS_H
#define PEERBAR_ATOMICS_H

#include "mover.h"

#define ATOMIC_SIZE 8u		/* bytes of the word; its address is a multiple of that */

/*
 * Add to a word of the BAR, swap it, and try to swap it with a wrong guess; compare what the
 * NIC says was there before, and what the CPU finds afterwards. Does nothing if the NIC has no
 * atomic operations, or the BAR no room for a word. Returns as mover_batch() does.
 */
int mover_atomics(struct mover *mover);

#endif /* PEERBAR_ATOMICS_H */
