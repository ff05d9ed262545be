// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Queue pairs: states, attributes, and what a change of state does to posted work. */
#include "efa_driver.h"

#define ILLEGAL	5

enum { STATE = 1, CUR = 2, QKEY = 4, PSN = 8, NOTIFY = 16, RNR = 32 };

#define RESET	0
#define INIT	1
#define RTR	2
#define RTS	3
#define SQD	4
#define SQE	5
#define ERR	6

static struct cmd modify(uint32_t id, uint32_t mask, uint32_t to)
{
	struct cmd cmd = drv_cmd(2);

	put32(&cmd, 4, mask);
	put32(&cmd, 8, id);
	put32(&cmd, 12, to);
	put32(&cmd, 20, 0x11111111);
	put32(&cmd, 24, 0xabcdef);
	cmd.b[29] = 3;
	return cmd;
}

static struct rsp query(struct driver *d, uint32_t id)
{
	struct cmd cmd = drv_cmd(3);

	put32(&cmd, 4, id);
	return drv_ok(d, cmd);
}

static struct efa_qp *make_qp(struct driver *d, uint8_t type)
{
	struct drv_qp_parts p = drv_qp_parts(d);
	struct rsp rsp = drv_ok(d, drv_create_qp(&p, type));

	return efa_qp_get(d->efa, get32(&rsp, 8));
}

/* Attributes that each transition needs, from the driver's own table; -1: refused. */
static const int need[7][7] = {
	/* to:        RESET INIT  RTR RTS  SQD SQE ERR */
	[RESET] = { 0, QKEY, -1, -1, -1, -1, 0 },
	[INIT] =  { 0, 0, 0, -1, -1, -1, 0 },
	[RTR] =   { 0, -1, -1, PSN, -1, -1, 0 },
	[RTS] =   { 0, -1, -1, 0, 0, -1, 0 },
	[SQD] =   { 0, -1, -1, 0, 0, -1, 0 },
	[SQE] =   { 0, -1, -1, 0, -1, -1, 0 },
	[ERR] =   { 0, -1, -1, -1, -1, -1, 0 },
};

static void test_transitions(void **state)
{
	struct driver *d = *state;
	struct efa_qp *qp = make_qp(d, 2);
	struct rsp rsp;

	for (unsigned int from = RESET; from <= ERR; from++) {
		for (unsigned int to = RESET; to <= ERR; to++) {
			int attrs = need[from][to];
			struct cmd cmd = modify(qp->id, STATE | CUR | (attrs < 0 ? 0 : attrs), to);

			put32(&cmd, 16, from);
			qp->state = from;
			if (attrs < 0) {
				assert_int_equal(drv_do(d, cmd, &rsp), ILLEGAL);
				assert_int_equal(qp->state, from);
				continue;
			}
			drv_ok(d, cmd);
			assert_int_equal(qp->state, to);
			if (attrs == 0)
				continue;
			qp->state = from;	/* without the attributes that it needs */
			put32(&cmd, 4, STATE | CUR);
			assert_int_equal(drv_do(d, cmd, &rsp), ILLEGAL);
			assert_int_equal(qp->state, from);
		}
	}
}

static void test_attributes(void **state)
{
	static const struct { uint8_t type, from, to, mask, status; } table[] = {
		{ 2, RESET, INIT, QKEY | PSN, ILLEGAL },
		{ 2, RESET, INIT, QKEY | RNR, ILLEGAL },
		{ 2, INIT, INIT, QKEY, 0 },
		{ 2, INIT, RTR, QKEY, 0 },
		{ 2, INIT, RTR, PSN, ILLEGAL },
		{ 2, RTR, RTS, PSN | QKEY | RNR, 0 },
		{ 1, RTR, RTS, PSN | QKEY, 0 },
		{ 1, RTR, RTS, PSN | RNR, ILLEGAL },
		{ 2, RTR, RTS, PSN | NOTIFY, ILLEGAL },
		{ 2, RTS, RTS, QKEY, 0 },
		{ 2, RTS, RTS, RNR, ILLEGAL },
		{ 2, RTS, SQD, NOTIFY, 0 },
		{ 2, RTS, SQD, QKEY, ILLEGAL },
		{ 2, SQD, RTS, QKEY, 0 },
		{ 2, SQD, SQD, QKEY, 0 },
		{ 2, RTS, RESET, QKEY, ILLEGAL },
		{ 2, RTS, ERR, QKEY, ILLEGAL },
		{ 2, RTS, RTS, 0x40, ILLEGAL },
	};
	struct driver *d = *state;
	struct efa_qp *qp[3] = { NULL, make_qp(d, 1), make_qp(d, 2) };

	for (unsigned int i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct efa_qp *q = qp[table[i].type];
		struct rsp rsp;

		q->state = table[i].from;
		if (drv_do(d, modify(q->id, STATE | table[i].mask, table[i].to), &rsp) !=
		    table[i].status)
			fail_msg("row %u: status %u", i, rsp.b[2]);
	}
}

static void test_modify_odd(void **state)
{
	struct driver *d = *state;
	struct efa_qp *qp = make_qp(d, 2);
	struct cmd cmd;
	struct rsp rsp;

	assert_int_equal(drv_do(d, modify(0, STATE, ERR), &rsp), ILLEGAL);
	assert_int_equal(drv_do(d, modify(99, STATE, ERR), &rsp), ILLEGAL);
	assert_int_equal(drv_do(d, modify(0x80000001, STATE, ERR), &rsp), ILLEGAL);
	assert_int_equal(drv_do(d, modify(qp->id, STATE, 7), &rsp), ILLEGAL);
	assert_int_equal(drv_do(d, modify(qp->id, STATE, 0xffffffff), &rsp), ILLEGAL);

	qp->state = RTR;
	cmd = modify(qp->id, STATE | PSN | RNR, RTS);
	cmd.b[29] = 8;
	assert_int_equal(drv_do(d, cmd, &rsp), ILLEGAL);
	cmd = modify(qp->id, STATE | CUR | PSN, RTS);
	put32(&cmd, 16, RTS);			/* it is in RTR */
	assert_int_equal(drv_do(d, cmd, &rsp), ILLEGAL);
	assert_int_equal(qp->state, RTR);

	/* A QP that the device has put into ERR can be recovered, too. */
	qp->state = ERR;
	cmd = modify(qp->id, STATE | CUR, RESET);
	put32(&cmd, 16, RTS);
	drv_ok(d, cmd);

	/* Without a new state, the current one decides which attributes are allowed. */
	qp->state = RTS;
	drv_ok(d, modify(qp->id, QKEY, 0));
	assert_int_equal(qp->qkey, 0x11111111);
	assert_int_equal(qp->state, RTS);
	assert_int_equal(drv_do(d, modify(qp->id, PSN, 0), &rsp), ILLEGAL);
}

static void test_query(void **state)
{
	struct driver *d = *state;
	struct efa_qp *qp = make_qp(d, 2);
	struct cmd cmd = drv_cmd(3);
	struct rsp rsp;

	drv_ok(d, modify(qp->id, STATE | QKEY, INIT));
	drv_ok(d, modify(qp->id, STATE, RTR));
	drv_ok(d, modify(qp->id, STATE | PSN | RNR, RTS));
	rsp = query(d, qp->id);
	assert_int_equal(get32(&rsp, 8), RTS);
	assert_int_equal(get32(&rsp, 12), 0x11111111);
	assert_int_equal(get32(&rsp, 16), 0xabcdef);
	assert_int_equal(rsp.b[20], 0);
	assert_int_equal(rsp.b[21], 3);

	qp->run.active = true;
	drv_ok(d, modify(qp->id, STATE, SQD));
	rsp = query(d, qp->id);
	assert_int_equal(get32(&rsp, 8), SQD);
	assert_int_equal(rsp.b[20], 1);

	put32(&cmd, 4, 77);
	assert_int_equal(drv_do(d, cmd, &rsp), ILLEGAL);
}

static void test_reset_state(void **state)
{
	struct driver *d = *state;
	struct efa_qp *qp = make_qp(d, 2);

	qp->state = RTS;
	qp->rnr_retry = 2;
	qp->sq_prod = 9, qp->sq_cons = 8, qp->rq_prod = 7, qp->rq_cons = 6;
	qp->run.active = true;
	drv_ok(d, modify(qp->id, STATE, RESET));
	assert_int_equal(qp->sq_prod | qp->sq_cons | qp->rq_prod | qp->rq_cons, 0);
	assert_false(qp->run.active);
	assert_int_equal(qp->rnr_retry, 7);
}

/* After a change to ERR, the engine completes posted requests as flushed, in its turns. */
static void test_error_state(void **state)
{
	struct driver *d = *state;
	struct efa_qp *qp = make_qp(d, 2);

	qp->state = RTS;
	qp->sq_prod = 3;
	drv_ok(d, modify(qp->id, STATE, ERR));
	while (efa_engine_step(d->efa))
		;
	assert_int_equal(d->efa->count.wr_status[EFA_IO_FLUSHED], 3);
	assert_int_equal(d->efa->cq[qp->send_cq].prod, 3);
}

/* Requests posted in SQD are executed when the QP is back in RTS: that must wake the engine. */
static void test_wakes_engine(void **state)
{
	struct driver *d = *state;
	struct efa_qp *qp = make_qp(d, 2);

	qp->state = SQD;
	efa_qp_doorbell(d->efa, qp->id, EFA_RING_SQ, 1);
	while (efa_engine_step(d->efa))
		;
	assert_int_equal(qp->sq_cons, 0);
	d->f->nic.gate.kicked = false;
	drv_ok(d, modify(qp->id, STATE, RTS));
	assert_true(d->f->nic.gate.kicked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		driver_test(test_transitions),
		driver_test(test_attributes),
		driver_test(test_modify_odd),
		driver_test(test_query),
		driver_test(test_reset_state),
		driver_test(test_error_state),
		driver_test(test_wakes_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
