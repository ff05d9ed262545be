// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Queue pairs: creation, limits, numbers, and the objects that they keep in use. */
#include <string.h>

#include "efa_driver.h"

#define NO_RESOURCE	1
#define UNSUPPORTED	3
#define ILLEGAL		5
#define BUSY		7

static uint8_t destroy_qp(struct driver *d, uint32_t handle)
{
	struct cmd cmd = drv_cmd(4);
	struct rsp rsp;

	put32(&cmd, 4, handle);
	return drv_do(d, cmd, &rsp);
}

static void test_qp_refused(void **state)
{
	static const struct spoil table[] = {
		{ "PD 0", 4, 2, 0, ILLEGAL },
		{ "PD not allocated", 4, 2, 9, ILLEGAL },
		{ "type 0", 6, 1, 0, ILLEGAL },
		{ "type 3", 6, 1, 3, ILLEGAL },
		{ "virtual SQ", 7, 1, 1, UNSUPPORTED },
		{ "virtual RQ", 7, 1, 2, UNSUPPORTED },
		{ "64-bit ids", 7, 1, 8, UNSUPPORTED },
		{ "reserved flag", 7, 1, 0x10, ILLEGAL },
		{ "SQ in memory", 8, 8, 0x100000, UNSUPPORTED },
		{ "RQ base 0", 16, 8, 0, ILLEGAL },
		{ "RQ base unaligned", 16, 8, 0x100008, ILLEGAL },
		{ "RQ base wraps", 16, 8, 0xfffffffffffff000, ILLEGAL },
		{ "send CQ 0", 24, 4, 0, ILLEGAL },
		{ "send CQ not created", 24, 4, 77, ILLEGAL },
		{ "send CQ beyond 16 bits", 24, 4, 0x10001, ILLEGAL },
		{ "recv CQ 0", 28, 4, 0, ILLEGAL },
		{ "recv CQ out of range", 28, 4, EFA_MAX_CQ, ILLEGAL },
		{ "SQ ring missing", 40, 4, 0, ILLEGAL },
		{ "SQ ring not of WQEs", 40, 4, 128 * 64 + 32, ILLEGAL },
		{ "SQ ring no power of two", 40, 4, 120 * 64, ILLEGAL },
		{ "SQ ring shorter than depth", 40, 4, 64 * 64, ILLEGAL },
		{ "SQ ring too large", 40, 4, 8192 * 64, ILLEGAL },
		{ "SQ ring huge", 40, 4, 0x80000000, ILLEGAL },
		{ "SQ depth larger than ring", 44, 4, 129, ILLEGAL },
		{ "SQ depth huge", 44, 4, 0xffffffff, ILLEGAL },
		{ "RQ ring missing", 48, 4, 0, ILLEGAL },
		{ "RQ ring not of descriptors", 48, 4, 512 * 16 + 8, ILLEGAL },
		{ "RQ ring no power of two", 48, 4, 500 * 16, ILLEGAL },
		{ "RQ ring shorter than depth", 48, 4, 256 * 16, ILLEGAL },
		{ "RQ ring too large", 48, 4, 65536 * 16, ILLEGAL },
		{ "RQ depth larger than ring", 52, 4, 513, ILLEGAL },
		{ "UAR 0", 56, 2, 0, ILLEGAL },
		{ "UAR not allocated", 56, 2, 9, ILLEGAL },
	};
	struct driver *d = *state;
	struct drv_qp_parts p = drv_qp_parts(d);

	DRV_SPOIL(d, drv_create_qp(&p, 2), table);
}

static void test_qp_made(void **state)
{
	struct driver *d = *state;
	struct drv_qp_parts p = drv_qp_parts(d);
	struct cmd cmd = drv_create_qp(&p, 1);
	const struct efa_qp *qp;
	struct rsp rsp;
	uint32_t id;

	memset(d->efa->llq, 0xaa, 4 * EFA_LLQ_QP_SIZE);
	cmd.b[7] = 4;
	rsp = drv_ok(d, cmd);
	id = get32(&rsp, 8);
	qp = efa_qp_get(d->efa, id);
	assert_int_equal(get16(&rsp, 12), id);
	assert_int_equal(get32(&rsp, 16), 0);
	assert_int_equal(get32(&rsp, 20), id * 4096);
	assert_int_equal(get32(&rsp, 24), id * 4096 + 8);
	assert_int_equal(get32(&rsp, 28), id * EFA_LLQ_QP_SIZE);
	assert_int_equal(qp->type, EFA_QP_UD);
	assert_true(qp->unsolicited_write);
	assert_int_equal(qp->sq_depth, 128);
	assert_int_equal(qp->rq_depth, 512);
	assert_int_equal(qp->rq_base, p.rq);
	assert_int_equal(qp->rnr_retry, 7);
	/* The new ring is zeroed, and no other ring is touched. */
	for (unsigned int i = 0; i < 128 * 64; i++)
		assert_int_equal(d->efa->llq[id * EFA_LLQ_QP_SIZE + i], 0);
	assert_int_equal(d->efa->llq[id * EFA_LLQ_QP_SIZE + 128 * 64], 0xaa);
	assert_int_equal(d->efa->llq[id * EFA_LLQ_QP_SIZE - 1], 0xaa);
}

static void test_qp_without_queues(void **state)
{
	struct driver *d = *state;
	struct drv_qp_parts p = drv_qp_parts(d);
	struct cmd cmd = drv_create_qp(&p, 2);
	struct rsp rsp;

	put64(&cmd, 16, 0);
	for (unsigned int at = 40; at < 56; at += 4)
		put32(&cmd, at, 0);
	rsp = drv_ok(d, cmd);
	assert_int_equal(efa_qp_get(d->efa, get32(&rsp, 8))->sq_depth, 0);
	assert_int_equal(efa_qp_get(d->efa, get32(&rsp, 8))->rq_depth, 0);
}

static void test_qp_largest(void **state)
{
	struct driver *d = *state;
	struct drv_qp_parts p = drv_qp_parts(d);
	struct cmd cmd = drv_create_qp(&p, 2);
	struct rsp rsp;

	put32(&cmd, 40, 4096 * 64);
	put32(&cmd, 44, 4096);
	put32(&cmd, 48, 32768 * 16);
	put32(&cmd, 52, 32768);
	rsp = drv_ok(d, cmd);
	assert_int_equal(efa_qp_get(d->efa, get32(&rsp, 8))->sq_depth, 4096);
	assert_int_equal(efa_qp_get(d->efa, get32(&rsp, 8))->rq_depth, 32768);
}

/* All objects that a QP uses are busy until it is destroyed. */
static void test_qp_users(void **state)
{
	struct driver *d = *state;
	struct drv_qp_parts p = drv_qp_parts(d);
	struct rsp rsp;
	uint32_t id;

	p.recv_cq = p.send_cq;		/* one CQ for both, as perftest does */
	rsp = drv_ok(d, drv_create_qp(&p, 2));
	id = get32(&rsp, 8);
	assert_int_equal(drv_drop(d, 15, p.pd), BUSY);
	assert_int_equal(drv_drop(d, 10, p.send_cq), BUSY);
	assert_int_equal(drv_drop(d, 17, p.uar), BUSY);
	assert_int_equal(destroy_qp(d, 0), ILLEGAL);
	assert_int_equal(destroy_qp(d, 0x10000 | id), ILLEGAL);
	assert_int_equal(destroy_qp(d, id), 0);
	assert_int_equal(destroy_qp(d, id), ILLEGAL);
	assert_int_equal(drv_drop(d, 15, p.pd), 0);
	assert_int_equal(drv_drop(d, 10, p.send_cq), 0);
	assert_int_equal(drv_drop(d, 17, p.uar), BUSY);	/* the other CQ of drv_qp_parts() */
}

static void test_qp_numbers(void **state)
{
	struct driver *d = *state;
	struct drv_qp_parts p = drv_qp_parts(d);
	struct cmd cmd = drv_create_qp(&p, 2);
	struct rsp rsp;

	for (unsigned int id = 1; id < 4; id++) {	/* not reused at once */
		rsp = drv_ok(d, cmd);
		assert_int_equal(get32(&rsp, 8), id);
		assert_int_equal(destroy_qp(d, id), 0);
	}
	for (unsigned int i = 1; i < EFA_MAX_QP; i++)
		drv_ok(d, cmd);
	assert_int_equal(drv_do(d, cmd, &rsp), NO_RESOURCE);
	assert_int_equal(destroy_qp(d, 200), 0);
	rsp = drv_ok(d, cmd);
	assert_int_equal(get32(&rsp, 8), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		driver_test(test_qp_refused),
		driver_test(test_qp_made),
		driver_test(test_qp_without_queues),
		driver_test(test_qp_largest),
		driver_test(test_qp_users),
		driver_test(test_qp_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
