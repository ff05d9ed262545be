// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * mlx5: the initialization segment and the command queue, in order and out of it; what the
 * guest may write there, and that a wrong command harms nothing but itself.
 */
#include <string.h>

#include "mlx5_driver.h"

static void test_segment(void **state)
{
	struct mdrv *d = *state;

	assert_int_equal(mdrv_read(d, 0x4) >> 16, 5);		/* command interface */
	assert_int_equal(mdrv_read(d, 0x10), d->queue >> 32);
	assert_int_equal(mdrv_read(d, 0x14), (uint32_t)d->queue | 5 << 4 | 6);
	assert_int_equal(mdrv_read(d, 0x1fc), 0);		/* ready */
	assert_int_equal(mdrv_read(d, 0x230), 0);		/* healthy */
	assert_int_equal(mdrv_read(d, 0x2ffc), 0);
	mdrv_write(d, 0x14, 1 << 8);			/* a state, and no address */
	assert_int_equal(mdrv_read(d, 0x14), (uint32_t)d->queue | 1 << 8 | 5 << 4 | 6);
	mdrv_write(d, 0x14, (uint32_t)d->queue);
	assert_int_equal(d->mlx5->count.bad_access, 0);
	mdrv_write(d, 0x1c, 1);
	assert_int_equal(d->mlx5->count.bad_access, 1);
}

/* Before ENABLE_HCA the device does nothing else. */
static void test_order(void **state)
{
	struct mdrv *d = *state;

	mdrv_begin(d, 0x800, 0);
	assert_int_equal(mdrv_do(d, 16, 16), ST_BAD_SYS_STATE);
	mdrv_begin(d, 0x104, 0);
	assert_int_equal(mdrv_do(d, 12, 12), 0);
	mdrv_begin(d, 0x800, 0);
	assert_int_equal(mdrv_do(d, 16, 16), 0);
	mdrv_begin(d, 0x105, 0);
	assert_int_equal(mdrv_do(d, 12, 12), 0);
	assert_int_equal(d->mlx5->number[NUMBER_PD].live, 0);	/* all is forgotten */
	mdrv_begin(d, 0x800, 0);
	assert_int_equal(mdrv_do(d, 16, 16), ST_BAD_SYS_STATE);
}

static void test_status(void **state)
{
	struct mdrv *d = *state;

	mdrv_begin(d, 0xfff, 0);
	assert_int_equal(mdrv_do(d, 16, 16), ST_BAD_OP);
	mdrv_begin(d, 0x301, 0);
	assert_int_equal(mdrv_do(d, 0x10f, 16), ST_BAD_INPUT_LENGTH);
	mdrv_begin(d, 0x100, 0);
	assert_int_equal(mdrv_do(d, 16, 0x100f), ST_BAD_OUTPUT_LENGTH);
	assert_int_equal(d->mlx5->count.failed, 3);
	assert_int_equal(d->mlx5->count.undelivered, 0);
}

/* Change byte @at of the queued command by @xor, ring it, and expect the delivery status. */
static void undelivered(struct mdrv *d, unsigned int at, uint8_t xor, unsigned int status)
{
	uint8_t byte;

	mdrv_begin(d, 0x100, 0);
	mdrv_queue(d, 0, 600, 1000);
	fixture_get(d->f, d->queue + at, &byte, 1);
	byte ^= xor;
	fixture_put(d->f, d->queue + at, &byte, 1);
	mdrv_write(d, 0x18, 1);
	assert_int_equal(mdrv_answer(d, 0, 1000), MDRV_UNDELIVERED | status);
}

static void test_bad_entries(void **state)
{
	struct mdrv *d = *state;

	undelivered(d, 0, 0xff, DELIVERY_DESCRIPTOR);	/* its type */
	undelivered(d, 4, 0x80, DELIVERY_IN_LENGTH);
	undelivered(d, 56, 0x80, DELIVERY_OUT_LENGTH);
	undelivered(d, 8, 0x80, DELIVERY_IN_POINTER);	/* not mapped */
	undelivered(d, 15, 0x01, DELIVERY_IN_POINTER);	/* not aligned */
	undelivered(d, 60, 0x01, DELIVERY_TOKEN);
	assert_int_equal(d->mlx5->count.undelivered, 6);
	assert_int_equal(d->mlx5->count.commands, 1);	/* ENABLE_HCA */
}

static void test_bad_boxes(void **state)
{
	struct mdrv *d = *state;
	uint8_t zero[8] = { 0 }, number = 7;

	mdrv_begin(d, 0x100, 0);
	mdrv_queue(d, 0, 600, 0x1010);
	fixture_put(d->f, d->in_box + 560, zero, 8);	/* the chain ends too early */
	mdrv_write(d, 0x18, 1);
	assert_int_equal(mdrv_answer(d, 0, 16), MDRV_UNDELIVERED | DELIVERY_IN_POINTER);

	mdrv_queue(d, 0, 600, 0x1010);
	fixture_put(d->f, d->in_box + 1024 + 571, &number, 1);
	mdrv_write(d, 0x18, 1);
	assert_int_equal(mdrv_answer(d, 0, 16), MDRV_UNDELIVERED | DELIVERY_BLOCK_NUMBER);

	mdrv_queue(d, 0, 16, 0x1010);
	fixture_put(d->f, d->out_box + 560, zero, 8);
	mdrv_write(d, 0x18, 1);
	assert_int_equal(mdrv_answer(d, 0, 16), MDRV_UNDELIVERED | DELIVERY_OUT_POINTER);
}

/* A mailbox that is a link to itself is read as often as the length says, and no more. */
static void test_box_loop(void **state)
{
	struct mdrv *d = *state;
	uint8_t self[8];

	mdrv_begin(d, 0x100, 0);
	mdrv_queue(d, 0, 2000, 0x1010);
	for (int i = 0; i < 8; i++)
		self[i] = (uint8_t)(d->in_box >> (56 - 8 * i));
	fixture_put(d->f, d->in_box + 560, self, 8);
	mdrv_write(d, 0x18, 1);
	assert_int_equal(mdrv_answer(d, 0, 16), MDRV_UNDELIVERED | DELIVERY_BLOCK_NUMBER);
}

static void test_not_owned(void **state)
{
	struct mdrv *d = *state;
	uint8_t mine = 0, status = 0xaa;

	mdrv_begin(d, 0x800, 0);
	mdrv_queue(d, 0, 16, 16);
	fixture_put(d->f, d->queue + 63, &mine, 1);
	fixture_put(d->f, d->queue + 32, &status, 1);
	mdrv_write(d, 0x18, 1);
	assert_int_equal(mdrv_answer(d, 0, 16), 0xaa);	/* untouched */
	assert_int_equal(d->mlx5->count.bad_access, 1);
}

/* Nothing is written behind the room that the driver gave. */
static void test_short_room(void **state)
{
	struct mdrv *d = *state;
	uint8_t mark[16], got[16];

	memset(mark, 0x5a, sizeof(mark));
	mdrv_begin(d, 0x100, 0);
	mdrv_queue(d, 0, 16, 0x1010);
	fixture_put(d->f, d->out_box + 7 * 1024 + 512, mark, 16);
	mdrv_write(d, 0x18, 1);
	assert_int_equal(mdrv_answer(d, 0, 0x1010), 0);
	fixture_get(d->f, d->out_box + 7 * 1024 + 512, got, 16);
	assert_memory_equal(got, mark, sizeof(mark));
}

static void test_queue_unreachable(void **state)
{
	struct mdrv *d = *state;

	fixture_unmap(d->f, d->queue, FIXTURE_PAGE);
	mdrv_write(d, 0x18, 0xffffffff);
	assert_int_equal(d->mlx5->count.lost, 32);
	nic_vfu_ops.reset(&d->f->nic);
	mdrv_write(d, 0x18, 1);		/* no queue at all */
	assert_int_equal(d->mlx5->count.lost, 33);
}

/* ---- polled, and then by events ---- */

static uint8_t owner(struct mdrv *d, uint64_t ring, unsigned int entry)
{
	uint8_t byte;

	fixture_get(d->f, ring + 64 * entry + 63, &byte, 1);
	return byte & 1;
}

static void test_events(void **state)
{
	struct mdrv *d = *state;
	uint32_t uar = mdrv_number(d, 0x802), eq;
	uint8_t entry[64], ones[256];
	uint64_t ring;

	memset(ones, 0xff, sizeof(ones));
	eq = mdrv_eq(d, uar, 2, 1ull << 0x0a, &ring);
	fixture_put(d->f, ring, ones, sizeof(ones));		/* as the driver does */
	assert_int_equal(d->mlx5->count.events, 0);	/* CREATE_EQ itself is polled */

	mdrv_number(d, 0x800);
	assert_int_equal(owner(d, ring, 0), 0);
	fixture_get(d->f, ring, entry, sizeof(entry));
	assert_int_equal(entry[1], 0x0a);
	assert_int_equal(entry[35], 1 << 3);		/* the slot, as a bit */
	assert_int_equal(owner(d, ring, 1), 1);
	assert_int_equal(fixture_irqs(d->f, 1), 0);	/* not armed */

	mdrv_write(d, uar * 4096 + 0x40, eq << 24);	/* armed, with one unseen */
	assert_int_equal(fixture_irqs(d->f, 1), 1);
	mdrv_write(d, uar * 4096 + 0x40, eq << 24 | 1);
	assert_int_equal(fixture_irqs(d->f, 1), 0);
	mdrv_number(d, 0x800);
	assert_int_equal(fixture_irqs(d->f, 1), 1);
	mdrv_number(d, 0x800);				/* one interrupt for each arming */
	assert_int_equal(fixture_irqs(d->f, 1), 0);

	mdrv_number(d, 0x800);
	mdrv_number(d, 0x800);				/* the second time round */
	assert_int_equal(owner(d, ring, 0), 1);

	mdrv_begin(d, 0x302, 0);
	d->in[11] = (uint8_t)eq;
	assert_int_equal(mdrv_do(d, 16, 16), 0);
	assert_int_equal(d->mlx5->count.events, 5);	/* DESTROY_EQ is polled */
}

static void test_lost_event(void **state)
{
	struct mdrv *d = *state;
	uint64_t ring;

	mdrv_eq(d, mdrv_number(d, 0x802), 2, 1ull << 0x0a, &ring);
	mlx5_fault(&d->f->nic.fault)->drop_command_eqe = 1;
	mdrv_number(d, 0x800);
	assert_int_equal(d->mlx5->count.events, 0);
	assert_int_equal(d->mlx5->count.events_lost, 1);
	mdrv_number(d, 0x800);
	assert_int_equal(d->mlx5->count.events, 1);
}

static void test_told_to_fail(void **state)
{
	struct mlx5_fault *fault;
	struct mdrv *d = *state;

	fault = mlx5_fault(&d->f->nic.fault);
	*fault = (struct mlx5_fault){ .fail_opcode = 0x800, .fail_status = ST_BUSY,
				      .fail_count = 1 };
	mdrv_begin(d, 0x800, 0);
	assert_int_equal(mdrv_do(d, 16, 16), ST_BUSY);
	assert_int_equal(d->mlx5->number[NUMBER_PD].live, 0);
	mdrv_number(d, 0x800);
}

#define setup_test(t) cmocka_unit_test_setup_teardown(t, mdrv_setup, mdrv_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		setup_test(test_segment),
		setup_test(test_order),
		mdrv_test(test_status),
		mdrv_test(test_bad_entries),
		mdrv_test(test_bad_boxes),
		mdrv_test(test_box_loop),
		mdrv_test(test_not_owned),
		mdrv_test(test_short_room),
		mdrv_test(test_queue_unreachable),
		mdrv_test(test_events),
		mdrv_test(test_lost_event),
		mdrv_test(test_told_to_fail),
	};

	return cmocka_run_group_tests_name("mlx5_command", tests, NULL, NULL);
}
