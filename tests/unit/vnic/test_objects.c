// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* PDs, UARs, AHs, EQs and CQs: what is refused, what counts as in use, what is left. */
#include <string.h>
#include <json-c/json.h>

#include "efa_driver.h"

#define NO_RESOURCE	1
#define UNSUPPORTED	3
#define ILLEGAL		5
#define BUSY		7

/* ---- protection domains and UARs ---- */

static void test_numbers(void **state)
{
	static const struct { uint8_t alloc, dealloc; uint16_t max; } kinds[] = {
		{ 14, 15, EFA_MAX_PD }, { 16, 17, EFA_MAX_UAR },
	};
	struct driver *d = *state;
	struct rsp rsp;

	for (unsigned int k = 0; k < 2; k++) {
		for (unsigned int id = 1; id < kinds[k].max; id++) {
			rsp = drv_ok(d, drv_cmd(kinds[k].alloc));
			assert_int_equal(get16(&rsp, 8), id);
		}
		assert_int_equal(drv_do(d, drv_cmd(kinds[k].alloc), &rsp), NO_RESOURCE);
		assert_int_equal(drv_drop(d, kinds[k].dealloc, 0), ILLEGAL);
		assert_int_equal(drv_drop(d, kinds[k].dealloc, kinds[k].max), ILLEGAL);
		assert_int_equal(drv_drop(d, kinds[k].dealloc, 0xffff), ILLEGAL);
		assert_int_equal(drv_drop(d, kinds[k].dealloc, 7), 0);
		assert_int_equal(drv_drop(d, kinds[k].dealloc, 7), ILLEGAL);
		rsp = drv_ok(d, drv_cmd(kinds[k].alloc));
		assert_int_equal(get16(&rsp, 8), 7);
	}
}

/* ---- address handles ---- */

static struct cmd create_ah(struct driver *d, uint16_t pd)
{
	struct cmd cmd = drv_cmd(5);

	memcpy(cmd.b + 4, d->f->nic.config.gid, 16);
	put16(&cmd, 20, pd);
	return cmd;
}

static uint8_t destroy_ah(struct driver *d, uint16_t ah, uint16_t pd)
{
	struct cmd cmd = drv_cmd(6);
	struct rsp rsp;

	put16(&cmd, 4, ah);
	put16(&cmd, 6, pd);
	return drv_do(d, cmd, &rsp);
}

/* One number for a PD and a GID, for as long as any command asked for it. */
static void test_ah(void **state)
{
	static const struct spoil table[] = {
		{ "PD 0", 20, 2, 0, ILLEGAL },
		{ "PD not allocated", 20, 2, 9, ILLEGAL },
		{ "PD out of range", 20, 2, 0xffff, ILLEGAL },
	};
	struct driver *d = *state;
	uint16_t pd = drv_pd(d), other = drv_pd(d), ah;
	struct cmd cmd = create_ah(d, pd);
	struct rsp rsp = DRV_SPOIL(d, cmd, table);

	ah = get16(&rsp, 8);
	rsp = drv_ok(d, cmd);
	assert_int_equal(get16(&rsp, 8), ah);
	assert_memory_equal(efa_ah_get(d->efa, ah)->gid, d->f->nic.config.gid, 16);

	assert_int_equal(drv_drop(d, 15, pd), BUSY);
	assert_int_equal(destroy_ah(d, ah, other), ILLEGAL);
	assert_int_equal(destroy_ah(d, 0, pd), ILLEGAL);
	assert_int_equal(destroy_ah(d, 0xffff, pd), ILLEGAL);
	assert_int_equal(destroy_ah(d, ah, pd), 0);
	assert_non_null(efa_ah_get(d->efa, ah));
	assert_int_equal(drv_drop(d, 15, pd), BUSY);
	assert_int_equal(destroy_ah(d, ah, pd), 0);
	assert_null(efa_ah_get(d->efa, ah));
	assert_int_equal(destroy_ah(d, ah, pd), ILLEGAL);
	assert_int_equal(drv_drop(d, 15, pd), 0);
}

static void test_ah_numbers(void **state)
{
	struct driver *d = *state;
	uint16_t pd = drv_pd(d), ah;
	struct cmd cmd = create_ah(d, pd);
	struct rsp rsp = drv_ok(d, cmd);

	ah = get16(&rsp, 8);
	rsp = drv_ok(d, create_ah(d, drv_pd(d)));	/* another PD */
	assert_int_not_equal(get16(&rsp, 8), ah);
	cmd.b[4 + 15] ^= 1;				/* another GID */
	rsp = drv_ok(d, cmd);
	assert_int_not_equal(get16(&rsp, 8), ah);
}

static void test_ah_count(void **state)
{
	struct driver *d = *state;
	uint16_t pd = drv_pd(d), ah;
	struct cmd cmd = create_ah(d, pd);
	struct rsp rsp = drv_ok(d, cmd);

	ah = get16(&rsp, 8);
	d->efa->ah[ah].refs = UINT32_MAX;
	assert_int_equal(drv_do(d, cmd, &rsp), NO_RESOURCE);
	assert_int_equal(destroy_ah(d, ah, pd), 0);
	drv_ok(d, cmd);
}

static void test_ah_unreachable(void **state)
{
	struct driver *d = *state;
	struct cmd cmd = drv_cmd(5);

	put16(&cmd, 20, drv_pd(d));
	drv_ok(d, cmd);			/* a GID of zeros, which only the data path refuses */
}

static void test_ah_limit(void **state)
{
	struct driver *d = *state;
	struct cmd cmd = create_ah(d, drv_pd(d));
	struct rsp rsp;

	for (unsigned int i = 1; i < EFA_MAX_AH; i++) {
		put32(&cmd, 4, i);
		drv_ok(d, cmd);
	}
	drv_ok(d, cmd);			/* no new number */
	put32(&cmd, 4, EFA_MAX_AH);
	assert_int_equal(drv_do(d, cmd, &rsp), NO_RESOURCE);
}

/* ---- event queues ---- */

static struct cmd create_eq(struct driver *d)
{
	struct cmd cmd = drv_cmd(18);

	put16(&cmd, 4, 4096);
	cmd.b[6] = 8;
	cmd.b[7] = 4;
	put64(&cmd, 8, fixture_alloc(d->f, 4096 * 16));
	put32(&cmd, 16, 1);
	return cmd;
}

static void test_eq(void **state)
{
	static const struct spoil table[] = {
		{ "depth 0", 4, 2, 0, ILLEGAL },
		{ "depth not a power of two", 4, 2, 100, ILLEGAL },
		{ "depth too large", 4, 2, 8192, ILLEGAL },
		{ "vector out of range", 6, 1, 9, ILLEGAL },
		{ "entries of 8 bytes", 7, 1, 2, ILLEGAL },
		{ "entries of 32 bytes", 7, 1, 8, ILLEGAL },
		{ "reserved caps", 7, 1, 4 | 0x20, ILLEGAL },
		{ "base 0", 8, 8, 0, ILLEGAL },
		{ "base unaligned", 8, 8, 0x100008, ILLEGAL },
		{ "base wraps", 8, 8, 0xfffffffffffff000, ILLEGAL },
		{ "no events", 16, 4, 0, ILLEGAL },
		{ "unknown events", 16, 4, 3, ILLEGAL },
	};
	struct driver *d = *state;
	struct rsp rsp = DRV_SPOIL(d, create_eq(d), table);

	assert_int_equal(get16(&rsp, 8), 1);
	for (unsigned int i = 2; i <= 8; i++)
		assert_int_equal(drv_eq(d), i);
	assert_int_equal(drv_do(d, create_eq(d), &rsp), NO_RESOURCE);
	assert_int_equal(drv_drop(d, 19, 0), ILLEGAL);
	assert_int_equal(drv_drop(d, 19, 9), ILLEGAL);
	assert_int_equal(drv_drop(d, 19, 0xffff), ILLEGAL);
	assert_int_equal(drv_drop(d, 19, 3), 0);
	assert_int_equal(drv_drop(d, 19, 3), ILLEGAL);
	assert_int_equal(drv_eq(d), 3);
}

/* ---- completion queues ---- */

static struct cmd create_cq(struct driver *d, uint16_t uar, uint16_t eq)
{
	struct cmd cmd = drv_cmd(9);

	cmd.b[4] = eq ? 0x20 : 0;
	cmd.b[5] = 8;
	put16(&cmd, 6, 128);
	put16(&cmd, 8, eq);
	put64(&cmd, 12, fixture_alloc(d->f, 128 * 32));
	put16(&cmd, 24, 1);
	put16(&cmd, 26, uar);
	return cmd;
}

static void test_cq(void **state)
{
	static const struct spoil table[] = {
		{ "reserved caps 1", 4, 1, 0x01, ILLEGAL },
		{ "reserved caps 1, high", 4, 1, 0x80, ILLEGAL },
		{ "virtual ring", 4, 1, 0x40, UNSUPPORTED },
		{ "entries of 16 bytes", 5, 1, 4, ILLEGAL },
		{ "entries of 64 bytes", 5, 1, 16, ILLEGAL },
		{ "64-bit ids", 5, 1, 8 | 0x40, UNSUPPORTED },
		{ "reserved caps 2", 5, 1, 8 | 0x80, ILLEGAL },
		{ "depth 0", 6, 2, 0, ILLEGAL },
		{ "depth not a power of two", 6, 2, 96, ILLEGAL },
		{ "base 0", 12, 8, 0, ILLEGAL },
		{ "base unaligned", 12, 8, 0x100010, ILLEGAL },
		{ "base wraps", 12, 8, 0xfffffffffffff800, ILLEGAL },
		{ "no sub-CQ", 24, 2, 0, ILLEGAL },
		{ "two sub-CQs", 24, 2, 2, ILLEGAL },
		{ "UAR 0", 26, 2, 0, ILLEGAL },
		{ "UAR not allocated", 26, 2, 9, ILLEGAL },
		{ "UAR out of range", 26, 2, 0xffff, ILLEGAL },
	};
	struct driver *d = *state;
	uint16_t uar = drv_uar(d);
	struct rsp rsp = DRV_SPOIL(d, create_cq(d, uar, 0), table);
	uint16_t cq = get16(&rsp, 8);

	assert_int_equal(get16(&rsp, 10), 128);
	assert_int_equal(get32(&rsp, 12), 0);	/* a polled CQ has no doorbell */
	assert_int_equal(get32(&rsp, 16), 0);
	assert_int_equal(drv_drop(d, 17, uar), BUSY);
	assert_int_equal(drv_drop(d, 10, 0), ILLEGAL);
	assert_int_equal(drv_drop(d, 10, EFA_MAX_CQ), ILLEGAL);
	assert_int_equal(drv_drop(d, 10, 0xffff), ILLEGAL);
	assert_int_equal(drv_drop(d, 10, cq), 0);
	assert_int_equal(drv_drop(d, 10, cq), ILLEGAL);
	assert_int_equal(drv_drop(d, 17, uar), 0);
}

static void test_cq_largest(void **state)
{
	struct driver *d = *state;
	struct cmd cmd = create_cq(d, drv_uar(d), 0);

	cmd.b[5] |= 0x20;		/* with source addresses */
	put16(&cmd, 6, EFA_MAX_CQ_DEPTH);
	drv_ok(d, cmd);
}

static void test_cq_interrupt(void **state)
{
	static const struct spoil table[] = {
		{ "EQ 0", 8, 2, 0, ILLEGAL },
		{ "EQ not created", 8, 2, 5, ILLEGAL },
		{ "EQ out of range", 8, 2, 0xffff, ILLEGAL },
	};
	struct driver *d = *state;
	uint16_t uar = drv_uar(d), eq = drv_eq(d);
	struct rsp rsp = DRV_SPOIL(d, create_cq(d, uar, eq), table);
	uint16_t cq = get16(&rsp, 8);

	assert_int_equal(get32(&rsp, 12), 0x100000 + 8 * cq);
	assert_int_equal(get32(&rsp, 16), 1);
	assert_int_equal(drv_drop(d, 19, eq), BUSY);
	assert_int_equal(drv_drop(d, 10, cq), 0);
	assert_int_equal(drv_drop(d, 19, eq), 0);
}

static void test_cq_limit(void **state)
{
	struct driver *d = *state;
	struct cmd cmd = create_cq(d, drv_uar(d), 0);
	struct rsp rsp;

	for (unsigned int i = 1; i < EFA_MAX_CQ; i++)
		drv_ok(d, cmd);
	assert_int_equal(drv_do(d, cmd, &rsp), NO_RESOURCE);
}

/* ---- the report ---- */

static uint64_t number(struct json_object *o, const char *part, const char *name)
{
	struct json_object *value;

	assert_true(json_object_object_get_ex(o, part, &o));
	assert_true(json_object_object_get_ex(o, name, &value));
	return json_object_get_uint64(value);
}

static void test_report(void **state)
{
	struct driver *d = *state;
	uint16_t uar = drv_uar(d);
	struct json_object *o, *op;
	struct rsp rsp;

	for (unsigned int i = 0; i < 3; i++)
		drv_ok(d, create_ah(d, drv_pd(d)));
	drv_ok(d, create_cq(d, uar, drv_eq(d)));
	drv_ok(d, create_cq(d, uar, 0));
	assert_int_equal(drv_do(d, drv_cmd(200), &rsp), EFA_ADMIN_BAD_OPCODE);
	assert_int_equal(drv_drop(d, 15, 1), BUSY);
	d->efa->count.wr_status[7] = 4;
	d->efa->mr[9].region.gone = true;
	o = efa_report(d->efa);
	d->efa->mr[9].region.gone = false;

	assert_int_equal(number(o, "objects", "pd"), 3);
	assert_int_equal(number(o, "objects", "uar"), 1);
	assert_int_equal(number(o, "objects", "ah"), 3);
	assert_int_equal(number(o, "objects", "eq"), 1);
	assert_int_equal(number(o, "objects", "cq"), 2);
	assert_int_equal(number(o, "objects", "qp"), 0);
	assert_int_equal(number(o, "objects", "mr"), 0);
	assert_int_equal(number(o, "objects", "mr_zombies"), 1);
	assert_int_equal(number(o, "counters", "admin_ok"), 10);
	assert_int_equal(number(o, "counters", "admin_bad"), 1);
	assert_int_equal(number(o, "counters", "admin_failed"), 1);
	assert_int_equal(number(o, "counters", "resets"), 1);
	assert_int_equal(number(o, "wr_status", "7"), 4);
	assert_true(json_object_object_get_ex(o, "admin", &op));
	assert_int_equal(number(op, "ALLOC_PD", "ok"), 3);
	assert_int_equal(number(op, "DEALLOC_PD", "failed"), 1);
	assert_false(json_object_object_get_ex(op, "CREATE_QP", &op));
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		driver_test(test_numbers),
		driver_test(test_ah),
		driver_test(test_ah_numbers),
		driver_test(test_ah_count),
		driver_test(test_ah_unreachable),
		driver_test(test_ah_limit),
		driver_test(test_eq),
		driver_test(test_cq),
		driver_test(test_cq_largest),
		driver_test(test_cq_interrupt),
		driver_test(test_cq_limit),
		driver_test(test_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
