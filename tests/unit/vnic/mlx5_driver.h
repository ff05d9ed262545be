/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The guest's mlx5 driver as far as its commands go: the command queue, mailboxes, and the
 * objects that every test needs. Commands are built from byte and bit offsets of the device
 * contract, and not from the device's own tables, so that both can be wrong only apart.
 */
#ifndef MLX5_DRIVER_H
#define MLX5_DRIVER_H

#include "fixture.h"
#include "mlx5/mlx5.h"

#define MDRV_MAX	8192u		/* bytes of a command or an answer */
#define MDRV_UNDELIVERED 0x100u		/* | delivery status */

struct mdrv {
	struct fixture *f;
	struct mlx5 *mlx5;
	uint64_t queue;			/* the command queue's page */
	uint64_t in_box, out_box;	/* mailboxes, 1 KiB each */
	uint8_t token;
	uint8_t in[MDRV_MAX], out[MDRV_MAX];
};

int mdrv_setup(void **state);		/* queue written, nothing enabled */
int mdrv_enabled(void **state);		/* and ENABLE_HCA done */
int mdrv_teardown(void **state);

#define mdrv_test(t) cmocka_unit_test_setup_teardown(t, mdrv_enabled, mdrv_teardown)

/* BAR 0: dwords, as the driver sees them. */
uint32_t mdrv_read(struct mdrv *d, uint32_t off);
void mdrv_write(struct mdrv *d, uint32_t off, uint32_t value);

/* Begin a command: all zero but for these. */
void mdrv_begin(struct mdrv *d, uint16_t opcode, uint16_t op_mod);

/* Set @width bits of it to @value, @bit bits behind byte @byte. */
void mdrv_put(struct mdrv *d, unsigned int byte, unsigned int bit, unsigned int width,
	      uint64_t value);

/* Fill slot @slot with d->in, @in_len bytes, and room for @out_len; no doorbell yet. */
void mdrv_queue(struct mdrv *d, unsigned int slot, uint32_t in_len, uint32_t out_len);

/* Its answer, in d->out. Return: the status, or MDRV_UNDELIVERED | delivery status. */
unsigned int mdrv_answer(struct mdrv *d, unsigned int slot, uint32_t out_len);

/* All three. */
unsigned int mdrv_do(struct mdrv *d, uint32_t in_len, uint32_t out_len);

/* ---- objects: each must succeed ---- */

uint32_t mdrv_object(const struct mdrv *d);		/* the number in the answer */
uint32_t mdrv_number(struct mdrv *d, uint16_t opcode);	/* ALLOC_PD and the like */
uint32_t mdrv_eq(struct mdrv *d, uint32_t uar, unsigned int log_size, uint64_t events,
		 uint64_t *page);	/* vector 1; *@page: of its ring */
uint32_t mdrv_cq(struct mdrv *d, uint32_t uar, uint32_t eq, unsigned int log_size);

/* The same, with a doorbell record and where its ring is; @log_cqe: 6 or 7. */
struct mdrv_cq {
	uint32_t number;
	uint64_t ring, record;
};

struct mdrv_cq mdrv_make_cq(struct mdrv *d, uint32_t uar, uint32_t eq, unsigned int log_size,
			    unsigned int log_cqe);

#endif /* MLX5_DRIVER_H */
