/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the test of bounds. */
#ifndef GUEST_REVOKE_BOUNDED_H
#define GUEST_REVOKE_BOUNDED_H

/* revoke_contained.c: a NIC that ignores DEREG_MR, on a strict and then on a lazy domain. */
void revoke_contained(void);

#endif /* GUEST_REVOKE_BOUNDED_H */
