/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The NIC and the memory of a hostile process; any failure ends the test. */
#ifndef GUEST_HOSTILE_MEMORY_H
#define GUEST_HOSTILE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <infiniband/verbs.h>

#define HOSTILE_MEM 65536u	/* bytes of each region */

struct ibv_context *hostile_open_device(void);

/* HOSTILE_MEM bytes with a guard on both sides, and whether no byte of the guards changed. */
uint8_t *hostile_guarded(void);
bool hostile_guards_hold(const uint8_t *mem);

struct ibv_mr *hostile_reg(struct ibv_pd *pd, void *mem, int access);
void hostile_dereg(struct ibv_mr *mr);

/* Fill memory with random bytes. */
void hostile_randomize(void *mem, size_t len);

#endif /* GUEST_HOSTILE_MEMORY_H */
