// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The admin queue: rings, phase, interrupts, refusals and faults. */
#include <string.h>

#include "base/clock.h"
#include "efa_driver.h"

#define CTRL_DATA	0x02u
#define CTRL_INDIRECT	0x04u

/* drv_poll() checks the phase, so with a wrong one this test would end early. */
static void test_phase(void **state)
{
	struct driver *d = *state;

	drv_reset(d);
	drv_start(d, 2);
	for (unsigned int i = 0; i < 9; i++)
		drv_pd(d);
	assert_int_equal(d->efa->count.admin_op[14].ok, 9);
}

static void test_counter_wraps(void **state)
{
	struct driver *d = *state;
	struct cmd cmd = drv_cmd(11);

	cmd.b[17] = 5;
	for (unsigned int i = 0; i < 0x10000 + 5; i++)
		drv_ok(d, cmd);
	assert_int_equal(d->prod, 5);
}

static void test_batch(void **state)
{
	struct driver *d = *state;
	struct rsp rsp;

	for (unsigned int i = 0; i < DRV_DEPTH; i++)
		drv_queue(d, drv_cmd(14));
	drv_ring(d);
	for (unsigned int i = 0; i < DRV_DEPTH; i++) {
		assert_true(drv_poll(d, &rsp));
		assert_int_equal(get16(&rsp, 0), i + 1);
		assert_int_equal(get16(&rsp, 8), i + 1);
	}
	assert_false(drv_poll(d, &rsp));
}

static void test_command_id(void **state)
{
	struct driver *d = *state;
	struct cmd cmd = drv_cmd(16);
	struct rsp rsp;

	put16(&cmd, 0, 0xfabc);
	fixture_put(d->f, d->aq + d->prod++ % d->depth * 64u, &cmd, sizeof(cmd));
	drv_ring(d);
	assert_true(drv_poll(d, &rsp));
	assert_int_equal(get16(&rsp, 0), 0x0abc);
	assert_int_equal(get32(&rsp, 4), 0);
}

/* ---- when the queues may be used ---- */

static void test_ready(void **state)
{
	static const struct { const char *what; uint32_t reg, value; } bad[] = {
		{ "AQ depth 0", 0x18, 64u << 16 },
		{ "AQ depth not a power of two", 0x18, 64u << 16 | 24 },
		{ "AQ depth too large", 0x18, 64u << 16 | 2048 },
		{ "AQ longer than ACQ", 0x18, 64u << 16 | 64 },
		{ "AQ entries of API 0.3", 0x18, 128u << 16 | 32 },
		{ "AQ entries of nothing", 0x18, 32 },
		{ "AQ base unaligned", 0x10, 0xff000010 },
		{ "ACQ depth 0", 0x28, 64u << 16 },
		{ "ACQ depth not a power of two", 0x28, 64u << 16 | 33 },
		{ "ACQ shorter than AQ", 0x28, 64u << 16 | 16 },
		{ "ACQ entries of 32 bytes", 0x28, 32u << 16 | 32 },
		{ "ACQ vector out of range", 0x28, 9u << 24 | 64u << 16 | 32 },
		{ "ACQ base unaligned", 0x20, 0xff00ff20 },
	};
	struct driver *d = *state;
	struct rsp rsp;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		drv_reset(d);
		drv_start(d, DRV_DEPTH);
		drv_write(d, bad[i].reg, bad[i].value);
		if (efa_aq_ready(d->efa))
			fail_msg("%s: accepted", bad[i].what);
		drv_queue(d, drv_cmd(14));
		drv_ring(d);
		assert_false(drv_poll(d, &rsp));
		assert_int_equal(d->efa->count.admin_bad, i + 1);
	}
	assert_int_equal(stray_total(&d->f->nic.stray), 0);
}

static void test_ready_bases(void **state)
{
	static const uint32_t lo[] = { 0x10, 0x20 };
	struct driver *d = *state;

	for (unsigned int i = 0; i < 2; i++) {
		drv_reset(d);
		drv_start(d, DRV_DEPTH);
		assert_true(efa_aq_ready(d->efa));
		drv_write(d, lo[i], 0);
		drv_write(d, lo[i] + 4, 0);
		assert_false(efa_aq_ready(d->efa));
		drv_write(d, lo[i], 0xfffff840);	/* the last entry would wrap */
		drv_write(d, lo[i] + 4, 0xffffffff);
		assert_false(efa_aq_ready(d->efa));
	}
}

static void test_producer_lies(void **state)
{
	struct driver *d = *state;
	struct rsp rsp;
	uint16_t pd = drv_pd(d);

	drv_write(d, 0x2c, d->prod + DRV_DEPTH + 1);
	drv_write(d, 0x2c, d->prod - 1);
	drv_write(d, 0x2c, d->prod + 0x8000);
	assert_false(drv_poll(d, &rsp));
	assert_int_equal(d->efa->count.admin_bad, 3);
	assert_int_equal(drv_pd(d), pd + 1);
}

/* The driver cannot take back commands, not even while the queue is stalled. */
static void test_producer_back(void **state)
{
	struct driver *d = *state;
	struct rsp rsp;

	efa_fault(&d->f->nic.fault)->stall_aq = true;
	drv_queue(d, drv_cmd(14));
	drv_queue(d, drv_cmd(14));
	drv_ring(d);
	drv_write(d, 0x2c, d->prod - 1);
	assert_int_equal(d->efa->count.admin_bad, 1);
	efa_fault(&d->f->nic.fault)->stall_aq = false;
	efa_aq_process(d->efa);
	assert_true(drv_poll(d, &rsp));
	assert_true(drv_poll(d, &rsp));
}

static void test_ring_unmapped(void **state)
{
	struct driver *d = *state;
	struct rsp rsp;

	drv_queue(d, drv_cmd(14));
	fixture_unmap(d->f, d->aq, 0x1000);
	drv_ring(d);
	assert_int_equal(d->efa->count.admin_lost, 1);
	assert_int_equal(d->f->nic.stray.count[STRAY_UNMAPPED].reads, 1);
	assert_false(drv_poll(d, &rsp));
	assert_int_equal(fixture_irqs(d->f, 0), 0);
	assert_false(d->efa->pd[1].used);
}

static void test_completions_unmapped(void **state)
{
	struct driver *d = *state;

	drv_queue(d, drv_cmd(14));
	fixture_unmap(d->f, d->acq, 0x1000);
	drv_ring(d);
	assert_int_equal(d->efa->count.admin_lost, 1);
	assert_int_equal(d->f->nic.stray.count[STRAY_UNMAPPED].writes, 1);
	assert_int_equal(fixture_irqs(d->f, 0), 0);
	assert_true(d->efa->pd[1].used);	/* executed, although no completion arrives */
}

/* ---- interrupts ---- */

static void test_interrupts(void **state)
{
	struct driver *d = *state;

	drv_pd(d);
	assert_int_equal(fixture_irqs(d->f, 0), 1);

	drv_write(d, 0x4c, 1);
	drv_pd(d);
	assert_int_equal(fixture_irqs(d->f, 0), 0);
	drv_write(d, 0x4c, 0);
	drv_pd(d);
	assert_int_equal(fixture_irqs(d->f, 0), 1);

	drv_write(d, 0x28, 8u << 24 | 64u << 16 | DRV_DEPTH);
	drv_pd(d);
	assert_int_equal(fixture_irqs(d->f, 8), 1);
	assert_int_equal(fixture_irqs(d->f, 0), 0);
}

/* ---- opcodes and flags ---- */

static void test_opcodes(void **state)
{
	struct driver *d = *state;
	struct rsp rsp;

	for (unsigned int op = 0; op < 256; op++) {
		bool offered = op >= 1 && op <= 19;
		bool known = offered || op == 20 || op == 21 || (op >= 25 && op <= 29);
		uint8_t status = drv_do(d, drv_cmd(op), &rsp);

		if (!known)
			assert_int_equal(status, EFA_ADMIN_BAD_OPCODE);
		else if (!offered)
			assert_int_equal(status, EFA_ADMIN_UNSUPPORTED);
		else
			assert_true(status != EFA_ADMIN_BAD_OPCODE);
		assert_true(!efa_admin_name(op) == !known);
	}
	assert_int_equal(d->efa->count.admin_bad, 256 - 26);
}

static void test_flags(void **state)
{
	struct driver *d = *state;
	struct rsp rsp;

	for (unsigned int op = 1; op <= 19; op++) {
		struct cmd cmd = drv_cmd(op);
		bool data = op == 7 || op == 11 || op == 12;
		bool indirect = op == 7;

		cmd.b[17] = 1;
		cmd.b[3] = 1;		/* the phase bit is ignored */
		assert_true(drv_do(d, cmd, &rsp) != EFA_ADMIN_MALFORMED);
		cmd.b[3] = CTRL_DATA;
		assert_true((drv_do(d, cmd, &rsp) != EFA_ADMIN_MALFORMED) == data);
		cmd.b[3] = CTRL_DATA | CTRL_INDIRECT;
		assert_true((drv_do(d, cmd, &rsp) != EFA_ADMIN_MALFORMED) == indirect);
		cmd.b[3] = CTRL_INDIRECT;
		assert_int_equal(drv_do(d, cmd, &rsp), EFA_ADMIN_MALFORMED);
		cmd.b[3] = 0x08;
		assert_int_equal(drv_do(d, cmd, &rsp), EFA_ADMIN_MALFORMED);
	}
}

/* ---- faults ---- */

static void test_drop(void **state)
{
	struct driver *d = *state;
	struct rsp rsp;

	efa_fault(&d->f->nic.fault)->drop_acq = 2;
	for (unsigned int i = 0; i < 3; i++)
		drv_queue(d, drv_cmd(14));
	drv_ring(d);
	assert_true(drv_poll(d, &rsp));		/* lost completions leave no gap */
	assert_int_equal(get16(&rsp, 0), 3);
	assert_int_equal(get16(&rsp, 8), 3);	/* but they were executed */
	assert_false(drv_poll(d, &rsp));
	assert_int_equal(fixture_irqs(d->f, 0), 1);
	assert_int_equal(efa_fault(&d->f->nic.fault)->drop_acq, 0);
}

static void test_fail(void **state)
{
	struct efa_fault *fault;
	struct driver *d = *state;
	struct rsp rsp;

	fault = efa_fault(&d->f->nic.fault);
	fault->fail_opcode = 14;
	fault->fail_status = EFA_ADMIN_BUSY;
	fault->fail_count = 2;
	drv_uar(d);
	assert_int_equal(drv_do(d, drv_cmd(14), &rsp), EFA_ADMIN_BUSY);
	assert_int_equal(drv_do(d, drv_cmd(14), &rsp), EFA_ADMIN_BUSY);
	assert_int_equal(drv_pd(d), 1);		/* the two were not executed */
	assert_int_equal(d->efa->count.admin_op[14].failed, 2);

	fault->fail_count = 1;
	fault->fail_status = 0;
	assert_int_equal(drv_do(d, drv_cmd(14), &rsp), EFA_ADMIN_UNKNOWN);
}

static void test_stall(void **state)
{
	struct driver *d = *state;
	struct rsp rsp;

	efa_fault(&d->f->nic.fault)->stall_aq = true;
	drv_queue(d, drv_cmd(14));
	drv_ring(d);
	assert_false(drv_poll(d, &rsp));
	drv_read(d, 0x58);			/* registers still answer */
	efa_fault(&d->f->nic.fault)->stall_aq = false;
	efa_aq_process(d->efa);
	assert_true(drv_poll(d, &rsp));
	assert_int_equal(rsp.b[2], EFA_ADMIN_OK);
}

static void test_delay(void **state)
{
	struct driver *d = *state;
	uint64_t start = clock_now_ns();

	efa_fault(&d->f->nic.fault)->delay_acq_us = 5000;
	drv_pd(d);
	drv_pd(d);
	assert_true(clock_now_ns() - start >= 10000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		driver_test(test_phase),
		driver_test(test_counter_wraps),
		driver_test(test_batch),
		driver_test(test_command_id),
		driver_test(test_ready),
		driver_test(test_ready_bases),
		driver_test(test_producer_lies),
		driver_test(test_producer_back),
		driver_test(test_ring_unmapped),
		driver_test(test_completions_unmapped),
		driver_test(test_interrupts),
		driver_test(test_opcodes),
		driver_test(test_flags),
		driver_test(test_drop),
		driver_test(test_fail),
		driver_test(test_stall),
		driver_test(test_delay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
