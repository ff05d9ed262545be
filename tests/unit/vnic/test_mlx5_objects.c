// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * mlx5: the life of objects, what holds what, what a wrong context gets, what the device
 * says of itself, and that a teardown leaves nothing.
 */
#include <string.h>

#include "mlx5_driver.h"

static uint64_t got(const struct mdrv *d, unsigned int byte, unsigned int bit,
		    unsigned int width)
{
	uint64_t value = 0;

	for (; width; width--, bit++)
		value = value << 1 | (d->out[byte + bit / 8] >> (7 - bit % 8) & 1);
	return value;
}

static unsigned int destroy(struct mdrv *d, uint16_t opcode, uint32_t number)
{
	mdrv_begin(d, opcode, 0);
	mdrv_put(d, 9, 0, 24, number);
	return mdrv_do(d, 16, 16);
}

static void test_numbers(void **state)
{
	struct mdrv *d = *state;
	uint32_t first = mdrv_number(d, 0x800), second;

	assert_int_equal(destroy(d, 0x801, first), 0);
	assert_int_equal(destroy(d, 0x801, first), ST_BAD_RESOURCE);
	assert_int_equal(destroy(d, 0x801, 0), ST_BAD_RESOURCE);
	assert_int_equal(destroy(d, 0x801, 0xffffff), ST_BAD_RESOURCE);
	second = mdrv_number(d, 0x800);
	assert_int_not_equal(first, second);	/* they go round */
	for (unsigned int i = 2; i < 1u << LOG_MAX_PD; i++)
		mdrv_number(d, 0x800);
	mdrv_begin(d, 0x800, 0);
	assert_int_equal(mdrv_do(d, 16, 16), ST_NO_RESOURCES);
}

static void test_eq(void **state)
{
	struct mdrv *d = *state;
	uint32_t uar = mdrv_number(d, 0x802), eq, cq;
	uint64_t ring;

	eq = mdrv_eq(d, uar, 0, 0, &ring);
	cq = mdrv_cq(d, uar, eq, 3);
	mdrv_begin(d, 0x302, 0);
	d->in[11] = (uint8_t)eq;
	assert_int_equal(mdrv_do(d, 16, 16), ST_BAD_RESOURCE_STATE);	/* a CQ has it */
	assert_int_equal(destroy(d, 0x401, cq), 0);
	mdrv_begin(d, 0x302, 0);
	d->in[11] = (uint8_t)eq;
	assert_int_equal(mdrv_do(d, 16, 16), 0);
	assert_int_equal(mdrv_do(d, 16, 16), ST_BAD_RESOURCE);
}

static void test_bad_eq(void **state)
{
	struct mdrv *d = *state;
	uint32_t uar = mdrv_number(d, 0x802);

	mdrv_begin(d, 0x301, 0);
	mdrv_put(d, 16, 0x63, 5, 2);
	assert_int_equal(mdrv_do(d, 0x118, 16), ST_BAD_PARAM);		/* no UAR */
	mdrv_put(d, 16, 0x68, 24, uar);
	mdrv_put(d, 16, 0xb4, 12, MLX5_VECTORS);
	assert_int_equal(mdrv_do(d, 0x118, 16), ST_BAD_PARAM);		/* no such vector */
	mdrv_put(d, 16, 0xb4, 12, 0);
	mdrv_put(d, 16, 0x63, 5, 17);
	assert_int_equal(mdrv_do(d, 0x118, 16), ST_BAD_PARAM);		/* too large */
	mdrv_put(d, 16, 0x63, 5, 7);
	assert_int_equal(mdrv_do(d, 0x118, 16), ST_BAD_INPUT_LENGTH);	/* two pages wanted */
	assert_int_equal(mdrv_do(d, 0x120, 16), 0);
}

struct qp_rig {
	uint32_t pd, uar, cq;
};

static struct qp_rig qp_rig(struct mdrv *d)
{
	struct qp_rig r = { .pd = mdrv_number(d, 0x800), .uar = mdrv_number(d, 0x802) };
	uint64_t ring;

	r.cq = mdrv_cq(d, r.uar, mdrv_eq(d, r.uar, 0, 0, &ring), 3);
	return r;
}

/* CREATE_QP of an RC QP with 16 receives of 64 bytes and 16 blocks to send: one page. */
static void begin_qp(struct mdrv *d, const struct qp_rig *r)
{
	mdrv_begin(d, 0x500, 0);
	mdrv_put(d, 24, 0x28, 24, r->pd);
	mdrv_put(d, 24, 0x49, 4, 4);
	mdrv_put(d, 24, 0x4d, 3, 2);
	mdrv_put(d, 24, 0x51, 4, 4);
	mdrv_put(d, 24, 0x68, 24, r->uar);
	mdrv_put(d, 24, 0x3e8, 24, r->cq);
	mdrv_put(d, 24, 0x4e8, 24, r->cq);
}

static uint32_t make_qp(struct mdrv *d, const struct qp_rig *r)
{
	begin_qp(d, r);
	assert_int_equal(mdrv_do(d, 0x118, 16), 0);
	return (uint32_t)got(d, 9, 0, 24);
}

static unsigned int modify(struct mdrv *d, uint16_t opcode, uint32_t qp)
{
	mdrv_begin(d, opcode, 0);
	mdrv_put(d, 9, 0, 24, qp);
	mdrv_put(d, 24, 0x490, 3, 7);
	mdrv_put(d, 24, 0xa8, 24, 0x123456);
	return mdrv_do(d, 0x100, 16);
}

static unsigned int state_of(struct mdrv *d, uint32_t qp)
{
	mdrv_begin(d, 0x50b, 0);
	mdrv_put(d, 9, 0, 24, qp);
	assert_int_equal(mdrv_do(d, 16, 0x100), 0);
	return (unsigned int)got(d, 24, 0, 4);
}

static void test_qp_states(void **state)
{
	struct mdrv *d = *state;
	struct qp_rig r = qp_rig(d);
	uint32_t qp = make_qp(d, &r);

	assert_int_equal(state_of(d, qp), 0);
	assert_int_equal(modify(d, 0x503, qp), ST_BAD_RESOURCE_STATE);	/* RST to RTR */
	assert_int_equal(modify(d, 0x502, qp), 0);
	assert_int_equal(modify(d, 0x502, qp), ST_BAD_RESOURCE_STATE);
	assert_int_equal(modify(d, 0x50e, qp), 0);
	assert_int_equal(modify(d, 0x503, qp), 0);
	assert_int_equal(modify(d, 0x504, qp), 0);
	assert_int_equal(state_of(d, qp), 3);
	assert_int_equal(got(d, 24, 0xa8, 24), 0x123456);		/* the remote QP */
	assert_int_equal(got(d, 24, 0x490, 3), 7);			/* rights */
	assert_int_equal(modify(d, 0x507, qp), 0);
	assert_int_equal(state_of(d, qp), 6);
	assert_int_equal(modify(d, 0x505, qp), ST_BAD_RESOURCE_STATE);
	assert_int_equal(modify(d, 0x50a, qp), 0);
	assert_int_equal(state_of(d, qp), 0);
	assert_int_equal(modify(d, 0x502, 0xabcdef), ST_BAD_RESOURCE);
}

static void test_qp_holds_its_cq(void **state)
{
	struct mdrv *d = *state;
	struct qp_rig r = qp_rig(d);
	uint32_t qp = make_qp(d, &r);

	assert_int_equal(destroy(d, 0x401, r.cq), ST_BAD_RESOURCE_STATE);
	assert_int_equal(destroy(d, 0x501, qp), 0);
	assert_int_equal(destroy(d, 0x501, qp), ST_BAD_RESOURCE);
	assert_int_equal(destroy(d, 0x401, r.cq), 0);
}

/* One without rings may name any CQ, and does not hold it, also if it is made later. */
static void test_qp_without_rings(void **state)
{
	struct mdrv *d = *state;
	uint64_t ring;
	struct qp_rig r = qp_rig(d);
	uint32_t eq = mdrv_eq(d, r.uar, 0, 0, &ring), later = r.cq + 1, qp;

	r.cq = later;
	begin_qp(d, &r);
	mdrv_put(d, 24, 0x50, 1, 1);
	mdrv_put(d, 24, 0x565, 3, 3);
	assert_int_equal(mdrv_do(d, 0x110, 16), 0);
	qp = mdrv_object(d);
	assert_int_equal(mdrv_cq(d, r.uar, eq, 3), later);
	assert_int_equal(destroy(d, 0x501, qp), 0);
	assert_int_equal(destroy(d, 0x401, later), 0);
}

static void test_bad_qp(void **state)
{
	struct mdrv *d = *state;
	struct qp_rig r = qp_rig(d);

	begin_qp(d, &r);
	assert_int_equal(mdrv_do(d, 0x110, 16), ST_BAD_INPUT_LENGTH);	/* no page */
	mdrv_put(d, 24, 0x28, 24, 0);
	assert_int_equal(mdrv_do(d, 0x118, 16), ST_BAD_PARAM);		/* no PD */
	mdrv_put(d, 24, 0x08, 8, 0xc);
	assert_int_equal(mdrv_do(d, 0x118, 16), 0);			/* UMR needs none */
	begin_qp(d, &r);
	mdrv_put(d, 24, 0x08, 8, 5);
	assert_int_equal(mdrv_do(d, 0x118, 16), ST_BAD_PARAM);		/* no such service */
	begin_qp(d, &r);
	mdrv_put(d, 24, 0x3e8, 24, 0xfff);
	assert_int_equal(mdrv_do(d, 0x118, 16), ST_BAD_RESOURCE);	/* no such CQ */
}

/* ---- memory keys ---- */

static unsigned int make_key(struct mdrv *d, uint32_t pd, uint32_t octowords, uint32_t given)
{
	mdrv_begin(d, 0x200, 0);
	mdrv_put(d, 16, 0x16, 2, 1);			/* translations */
	mdrv_put(d, 16, 0x68, 24, pd);
	mdrv_put(d, 16, 0x1a0, 32, octowords);
	mdrv_put(d, 0, 0x300, 32, given);
	return mdrv_do(d, 0x110 + 16 * given, 16);
}

static void test_keys(void **state)
{
	struct mdrv *d = *state;
	uint32_t pd = mdrv_number(d, 0x800), key;

	assert_int_equal(make_key(d, pd, 8, 4), 0);
	key = (uint32_t)got(d, 9, 0, 24);
	assert_true(key >= FIRST_MKEY);
	assert_int_equal(d->mlx5->entries, 16);
	mdrv_begin(d, 0x201, 0);
	mdrv_put(d, 9, 0, 24, key);
	assert_int_equal(mdrv_do(d, 16, 0x50), 0);
	assert_int_equal(got(d, 16, 0x68, 24), pd);
	assert_int_equal(destroy(d, 0x202, key), 0);
	assert_int_equal(d->mlx5->entries, 0);
	assert_int_equal(destroy(d, 0x202, key), ST_BAD_RESOURCE);
}

static void test_bad_keys(void **state)
{
	struct mdrv *d = *state;
	uint32_t pd = mdrv_number(d, 0x800);

	assert_int_equal(make_key(d, pd + 1, 8, 0), ST_BAD_PARAM);	/* no such PD */
	assert_int_equal(make_key(d, pd, MAX_KEY_ENTRIES, 0), ST_EXCEED_LIMIT);
	mdrv_begin(d, 0x200, 0);
	mdrv_put(d, 16, 0x68, 24, pd);
	mdrv_put(d, 16, 0x16, 2, 1);
	mdrv_put(d, 16, 0x1a0, 32, 8);
	mdrv_put(d, 0, 0x300, 32, 8);
	assert_int_equal(mdrv_do(d, 0x118, 16), ST_BAD_INPUT_LENGTH);	/* fewer than said */
	/* more than the table has: the driver rounds up */
	assert_int_equal(make_key(d, pd, 2, 4), 0);
	assert_int_equal(d->mlx5->entries, 4);
}

/* Keys that are reserved are never given out. */
static void test_reserved_keys(void **state)
{
	struct mdrv *d = *state;
	uint32_t pd = mdrv_number(d, 0x800);

	for (unsigned int i = 0; i < 2u << LOG_MAX_MKEY >> 4; i++) {
		uint32_t key;

		assert_int_equal(make_key(d, pd, 0, 0), 0);
		key = (uint32_t)got(d, 9, 0, 24);
		assert_true(key >= FIRST_MKEY && key < 1u << LOG_MAX_MKEY);
		assert_int_not_equal(key, NULL_MKEY >> 8);
		assert_int_equal(destroy(d, 0x202, key), 0);
	}
}

/* ---- what the device says of itself ---- */

static uint64_t capability(struct mdrv *d, unsigned int type, unsigned int bit,
			   unsigned int width)
{
	mdrv_begin(d, 0x100, (uint16_t)(type << 1 | 1));
	assert_int_equal(mdrv_do(d, 16, 0x1010), 0);
	return got(d, 16, bit, width);
}

static void test_capabilities(void **state)
{
	struct mdrv *d = *state;

	assert_int_equal(capability(d, 0, 0x9b, 5), LOG_MAX_QP);
	assert_int_equal(capability(d, 0, 0x1b6, 2), 0);		/* InfiniBand */
	assert_int_equal(capability(d, 0, 0x227, 1), 1);		/* page faults */
	assert_int_equal(capability(d, 0, 0x23c, 1), 1);		/* XRC */
	assert_int_equal(capability(d, 0, 0x463, 5), 0);		/* no DEVX */
	assert_int_equal(capability(d, 2, 0x80, 6), 0x3f);
	assert_int_equal(capability(d, 3, 0xb0, 16), 8);
	assert_int_equal(capability(d, 1, 0, 64), 0);			/* no Ethernet */
}

static void test_port(void **state)
{
	struct mdrv *d = *state;

	mdrv_begin(d, 0x762, 0);
	assert_int_equal(mdrv_do(d, 16, 0x210), 0);
	assert_int_equal(got(d, 16, 0x11c, 4), 4);			/* active */
	assert_int_equal(got(d, 16, 0x300, 16), 1);			/* LID */
	assert_memory_equal(d->out + 16 + 0x30, d->f->nic.config.gid + 8, 8);
	mdrv_begin(d, 0x764, 0);
	assert_int_equal(mdrv_do(d, 16, 32), 0);
	assert_memory_equal(d->out + 16, d->f->nic.config.gid, 16);
	mdrv_begin(d, 0x765, 0);
	assert_int_equal(mdrv_do(d, 16, 20), 0);
	assert_int_equal(got(d, 18, 0, 16), 0xffff);
	mdrv_begin(d, 0x805, 1);
	mdrv_put(d, 10, 0, 16, 0x5003);
	assert_int_equal(mdrv_do(d, 32, 32), 0);
	assert_int_equal(got(d, 20, 0, 16), 4096);			/* MTU */
	mdrv_begin(d, 0x805, 1);
	mdrv_put(d, 10, 0, 16, 0x1234);
	assert_int_equal(mdrv_do(d, 32, 32), ST_BAD_PARAM);
}

/* Pages that were lent come back, each once, and the guest cannot lend without end. */
static void test_pages(void **state)
{
	struct mdrv *d = *state;

	mdrv_begin(d, 0x108, 1);
	mdrv_put(d, 12, 0, 32, 2);
	mdrv_put(d, 16, 0, 64, 0x1000);
	mdrv_put(d, 24, 0, 64, 0x2000);
	assert_int_equal(mdrv_do(d, 32, 16), 0);
	mdrv_begin(d, 0x108, 1);
	mdrv_put(d, 12, 0, 32, 0xffffffff);
	assert_int_equal(mdrv_do(d, 32, 16), ST_BAD_INPUT_LENGTH);
	mdrv_begin(d, 0x108, 2);
	mdrv_put(d, 12, 0, 32, 4);
	assert_int_equal(mdrv_do(d, 16, 48), 0);
	assert_int_equal(got(d, 8, 0, 32), 2);
	assert_int_equal(got(d, 16, 0, 64) ^ got(d, 24, 0, 64), 0x3000);
	mdrv_begin(d, 0x108, 2);
	mdrv_put(d, 12, 0, 32, 0xffffffff);
	assert_int_equal(mdrv_do(d, 16, 48), ST_BAD_OUTPUT_LENGTH);
}

static void test_teardown(void **state)
{
	struct mdrv *d = *state;
	struct qp_rig r = qp_rig(d);

	make_qp(d, &r);
	assert_int_equal(make_key(d, r.pd, 8, 0), 0);
	mdrv_begin(d, 0x103, 0);
	assert_int_equal(mdrv_do(d, 16, 16), 0);
	assert_int_equal(d->mlx5->entries, 0);
	for (unsigned int i = 0; i < NR_NUMBERS; i++)
		assert_int_equal(d->mlx5->number[i].live, 0);
	assert_int_equal(destroy(d, 0x401, r.cq), ST_BAD_RESOURCE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		mdrv_test(test_numbers),
		mdrv_test(test_eq),
		mdrv_test(test_bad_eq),
		mdrv_test(test_qp_states),
		mdrv_test(test_qp_holds_its_cq),
		mdrv_test(test_qp_without_rings),
		mdrv_test(test_bad_qp),
		mdrv_test(test_keys),
		mdrv_test(test_bad_keys),
		mdrv_test(test_reserved_keys),
		mdrv_test(test_capabilities),
		mdrv_test(test_port),
		mdrv_test(test_pages),
		mdrv_test(test_teardown),
	};

	return cmocka_run_group_tests_name("mlx5_objects", tests, NULL, NULL);
}
