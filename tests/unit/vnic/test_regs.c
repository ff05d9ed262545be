// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Registers, readless reads and reset. */
#include <string.h>

#include "efa_driver.h"

static void test_values(void **state)
{
	struct driver *d = *state;
	uint32_t caps = drv_read(d, 0x08);

	assert_int_equal(drv_read(d, 0x00), 0x0001);
	assert_int_not_equal(drv_read(d, 0x04) & 0xffffff, 0);
	assert_int_equal(caps >> 8 & 0xff, 48);
	assert_int_not_equal(caps >> 1 & 0x1f, 0);
	assert_int_equal(drv_read(d, 0x58) & 0x29, 1);
	assert_int_equal(d->efa->count.reg_bad, 0);
	assert_int_equal(efa_reg_read(d->efa, 0x08), caps);
}

static void test_admin_timeout(void **state)
{
	static const struct { uint32_t ms, units; } table[] = {
		{ 0, 0 }, { 1, 1 }, { 100, 1 }, { 101, 2 }, { 1500, 15 }, { 60000, 15 },
		{ UINT32_MAX, 15 },
	};
	struct driver *d = *state;

	for (unsigned int i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		NIC_OWN(struct efa_config, &d->f->nic.config.own)->admin_timeout_ms = table[i].ms;
		assert_int_equal(drv_read(d, 0x08) >> 16 & 0xf, table[i].units);
	}
}

static void test_dma_bits(void **state)
{
	struct driver *d = *state;

	NIC_OWN(struct efa_config, &d->f->nic.config.own)->dma_bits = 32;
	assert_int_equal(drv_read(d, 0x08) >> 8 & 0xff, 32);
	NIC_OWN(struct efa_config, &d->f->nic.config.own)->dma_bits = 64;
	assert_int_equal(drv_read(d, 0x08) >> 8 & 0xff, 64);
}

/* A readless read writes eight bytes and not more. */
static void test_readless_bytes(void **state)
{
	static const uint8_t expected[16] = {
		0xef, 0xbe, 0x04, 0x00, 0x01, 0x00, 0x00, 0x00,
		0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
	};
	struct driver *d = *state;
	uint8_t got[16];

	fixture_fill(d->f, d->resp, 0x55, sizeof(got));
	drv_write(d, 0x5c, 0x0004beef);
	fixture_get(d->f, d->resp, got, sizeof(got));
	assert_memory_equal(got, expected, sizeof(got));
}

static void test_readless_nowhere(void **state)
{
	struct driver *d = *state;
	static const uint32_t bad[] = { 0, 4, 1 };

	drv_write(d, 0x64, 0);
	for (unsigned int i = 0; i < 3; i++) {
		drv_write(d, 0x60, bad[i]);
		drv_write(d, 0x5c, 1);
		assert_int_equal(d->efa->count.reg_bad, i + 1);
	}
	assert_int_equal(stray_total(&d->f->nic.stray), 0);

	drv_write(d, 0x60, 0x1000);	/* aligned, but not mapped */
	drv_write(d, 0x5c, 1);
	assert_int_equal(d->efa->count.admin_lost, 1);
	assert_int_equal(stray_total(&d->f->nic.stray), 1);
}

static void test_unknown(void **state)
{
	static const uint16_t offs[] = { 0x01, 0x09, 0x0c, 0x10, 0x2c, 0x54, 0x6c, 0xfffc };
	static const uint16_t no_writes[] = { 0x00, 0x04, 0x08, 0x0c, 0x58, 0x11, 0x6c, 0x7ffc };
	struct driver *d = *state;
	unsigned int n = sizeof(offs) / sizeof(offs[0]);
	struct efa_regs before = d->efa->regs;

	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(drv_read(d, offs[i]), 0);
	assert_int_equal(d->efa->count.reg_bad, n);

	for (unsigned int i = 0; i < n; i++)
		drv_write(d, no_writes[i], 0xffffffff);
	assert_int_equal(d->efa->count.reg_bad, 2 * n);
	assert_memory_equal(&d->efa->regs, &before, sizeof(before));
}

static void test_reset_steps(void **state)
{
	struct driver *d = *state;
	uint16_t pd = drv_pd(d);

	drv_write(d, 0x54, 0);		/* no reset is in progress: no effect */
	assert_int_equal(drv_read(d, 0x58) & 0x18, 0x10);
	assert_non_null(efa_pd_get(d->efa, pd));

	drv_write(d, 0x54, 1 | 5u << 28);
	assert_int_equal(d->efa->regs.mmio_resp, 0);
	assert_int_equal(efa_reg_read(d->efa, 0x58), 0x09);
	assert_null(efa_pd_get(d->efa, pd));

	drv_write(d, 0x54, 0);
	assert_int_equal(efa_reg_read(d->efa, 0x58), 0x11);
	drv_write(d, 0x54, 0);
	assert_int_equal(efa_reg_read(d->efa, 0x58), 0x11);
}

/* A device in reset accepts no commands, even if its queues are set up. */
static void test_reset_holds_queues(void **state)
{
	struct driver *d = *state;
	struct rsp rsp;

	drv_write(d, 0x54, 1);
	drv_start(d, DRV_DEPTH);
	drv_queue(d, drv_cmd(14));
	drv_ring(d);
	assert_false(drv_poll(d, &rsp));
	assert_int_equal(d->efa->count.admin_bad, 1);
	drv_write(d, 0x54, 0);
	drv_ring(d);
	assert_true(drv_poll(d, &rsp));
}

static void test_reset_forgets_all(void **state)
{
	static const struct efa_pd no_pd[EFA_MAX_PD];
	struct driver *d = *state;
	uint16_t uar = drv_uar(d);
	struct efa_counters *count = &d->efa->count;
	uint64_t resets = count->resets, ok = count->admin_ok;

	drv_pd(d);
	drv_eq(d);
	drv_cq(d, uar);
	d->efa->held.tail = 3;
	drv_reset(d);
	assert_memory_equal(d->efa->pd, no_pd, sizeof(no_pd));
	assert_false(d->efa->uar[uar]);
	for (unsigned int i = 0; i < EFA_MAX_EQ; i++)
		assert_false(d->efa->eq[i].used);
	for (unsigned int i = 0; i < EFA_MAX_CQ; i++)
		assert_false(d->efa->cq[i].used);
	assert_int_equal(d->efa->held.tail, 0);
	assert_int_equal(count->resets, resets + 1);
	assert_int_equal(count->admin_ok, ok + 3);

	drv_start(d, DRV_DEPTH);	/* and it still works */
	assert_int_equal(drv_pd(d), 1);
}

static void test_queue_registers(void **state)
{
	struct driver *d = *state;
	const struct efa_regs *regs = &d->efa->regs;

	drv_write(d, 0x38, 0x89abc000);
	drv_write(d, 0x3c, 0x4567);
	drv_write(d, 0x34, 64u << 16 | 16);
	drv_write(d, 0x40, 0x10003);
	assert_int_equal(regs->aenq_base, 0x456789abc000);
	assert_int_equal(regs->aenq_caps, 64u << 16 | 16);
	assert_int_equal(regs->aenq_cons, 3);
	drv_write(d, 0x4c, 0xfffffffe);
	assert_false(regs->intr_masked);
	drv_write(d, 0x4c, 1);
	assert_true(regs->intr_masked);
	assert_int_equal(d->efa->count.reg_bad, 0);
}

static void test_eq_doorbell(void **state)
{
	struct driver *d = *state;
	uint16_t eq = drv_eq(d);

	drv_write(d, 0x68, eq);
	assert_false(d->efa->eq[eq].armed);
	drv_write(d, 0x68, eq | 1u << 31);
	assert_true(d->efa->eq[eq].armed);
	drv_write(d, 0x68, 0xffff | 1u << 31);	/* there is no such EQ */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		driver_test(test_values),
		driver_test(test_admin_timeout),
		driver_test(test_dma_bits),
		driver_test(test_readless_bytes),
		driver_test(test_readless_nowhere),
		driver_test(test_unknown),
		driver_test(test_reset_steps),
		driver_test(test_reset_holds_queues),
		driver_test(test_reset_forgets_all),
		driver_test(test_queue_registers),
		driver_test(test_eq_doorbell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
