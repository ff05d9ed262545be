/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the test of bounds. */
#ifndef GUEST_REVOKE_BOUNDED_H
#define GUEST_REVOKE_BOUNDED_H

/* revoke_contained.c: a NIC that goes on, on a strict domain and then on a lazy one. */
void revoke_contained(void);

#endif /* GUEST_REVOKE_BOUNDED_H */
