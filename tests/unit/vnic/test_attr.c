// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* GET_FEATURE, SET_FEATURE and GET_STATS, byte by byte. */
#include <string.h>

#include "efa_driver.h"

static struct cmd feature(uint8_t opcode, uint8_t id)
{
	struct cmd cmd = drv_cmd(opcode);

	cmd.b[17] = id;
	return cmd;
}

static void test_device(void **state)
{
	struct driver *d = *state;
	struct rsp rsp;

	NIC_OWN(struct efa_config, &d->f->nic.config.own)->page_sizes = 0x1fffff800;
	rsp = drv_ok(d, feature(11, 1));
	assert_int_equal(get64(&rsp, 8), 0xbe);		/* features 1 to 5, and 7 */
	assert_int_equal(get64(&rsp, 16), 0xfffff000);	/* the most that REG_MR can express */
	assert_true(get32(&rsp, 28) >= 1);		/* admin API */
	assert_int_equal(get16(&rsp, 36), 4);		/* doorbell BAR */
	assert_int_equal(rsp.b[38], 48);
	assert_int_equal(get32(&rsp, 40), 0x1b);
	assert_int_equal(get32(&rsp, 44), 1u << 30);
	assert_memory_equal(rsp.b + 48, d->f->nic.config.gid + 8, 8);
	assert_int_equal(get16(&rsp, 56), 100);
}

static void test_queues(void **state)
{
	static const struct { unsigned int at; uint32_t value; } words[] = {
		{ 8, 255 }, { 12, 4096 }, { 16, 32 }, { 20, 32768 }, { 24, 1023 },
		{ 28, 32768 }, { 40, 8191 }, { 44, 1u << 27 }, { 48, 255 }, { 52, 4095 },
		{ 56, 4096 * 64 },
	};
	static const struct { unsigned int at; uint16_t value; } halves[] = {
		{ 32, 1 }, { 34, 0 }, { 36, 2 }, { 38, 3 }, { 60, 1 }, { 62, 0 },
	};
	struct driver *d = *state;
	struct rsp rsp = drv_ok(d, feature(11, 4));

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_int_equal(get32(&rsp, words[i].at), words[i].value);
	for (unsigned int i = 0; i < sizeof(halves) / sizeof(halves[0]); i++)
		assert_int_equal(get16(&rsp, halves[i].at), halves[i].value);
}

static void test_others(void **state)
{
	static const uint8_t zeros[56];
	struct driver *d = *state;
	struct rsp rsp = drv_ok(d, feature(11, 3));

	assert_memory_equal(rsp.b + 8, d->f->nic.config.gid, 16);
	assert_int_equal(get32(&rsp, 24), 8928);

	rsp = drv_ok(d, feature(11, 5));
	assert_memory_equal(rsp.b + 8, zeros, sizeof(zeros));

	rsp = drv_ok(d, feature(11, 7));
	assert_int_equal(get32(&rsp, 8), 8);
	assert_int_equal(get32(&rsp, 12), 4096);
	assert_int_equal(get32(&rsp, 16), 1);
}

static void test_unsupported(void **state)
{
	struct driver *d = *state;
	struct rsp rsp;

	for (unsigned int id = 0; id < 256; id++) {
		bool get = (id >= 1 && id <= 5) || id == 7;
		uint8_t status = drv_do(d, feature(11, id), &rsp);

		assert_int_equal(status, get ? EFA_ADMIN_OK : EFA_ADMIN_UNSUPPORTED);
		status = drv_do(d, feature(12, id), &rsp);
		assert_int_equal(status, id == 2 ? EFA_ADMIN_OK : EFA_ADMIN_UNSUPPORTED);
	}
}

static void test_aenq(void **state)
{
	struct driver *d = *state;
	struct cmd set = feature(12, 2);
	struct rsp rsp = drv_ok(d, feature(11, 2));

	assert_int_equal(get32(&rsp, 8), 0x1e);
	assert_int_equal(get32(&rsp, 12), 0);
	put32(&set, 24, 0x1a);
	drv_ok(d, set);
	rsp = drv_ok(d, feature(11, 2));
	assert_int_equal(get32(&rsp, 12), 0x1a);

	put32(&set, 24, 0x21);
	assert_int_equal(drv_do(d, set, &rsp), EFA_ADMIN_ILLEGAL);
	rsp = drv_ok(d, feature(11, 2));
	assert_int_equal(get32(&rsp, 12), 0x1a);

	drv_reset(d);
	drv_start(d, DRV_DEPTH);
	rsp = drv_ok(d, feature(11, 2));
	assert_int_equal(get32(&rsp, 12), 0);
}

static void test_stats(void **state)
{
	static const struct { uint8_t type; uint64_t value[6]; } expected[] = {
		{ 0, { 111000, 111, 111000, 111, 7, 0 } },
		{ 1, { 1000, 1, 301000, 301, 0, 0 } },
		{ 2, { 10, 10000, 0, 10000, 0, 0 } },
		{ 3, { 100, 100000, 0, 100000, 0, 0 } },
		{ 4, { 0 } },
	};
	struct driver *d = *state;
	struct efa_counters *c = &d->efa->count;
	struct cmd cmd = drv_cmd(13);
	struct rsp rsp;

	c->sends = 1;
	c->send_bytes = 1000;
	c->reads = 10;
	c->read_bytes = 10000;
	c->writes = 100;
	c->write_bytes = 100000;
	c->recvs = 301;
	c->recv_bytes = 301000;
	c->ud_dropped = 7;
	for (unsigned int i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		cmd.b[16] = expected[i].type;
		rsp = drv_ok(d, cmd);
		assert_memory_equal(rsp.b + 8, expected[i].value, sizeof(expected[i].value));
	}
	cmd.b[16] = 5;
	assert_int_equal(drv_do(d, cmd, &rsp), EFA_ADMIN_UNSUPPORTED);
	cmd.b[16] = 0;
	cmd.b[17] = 1;		/* of one queue */
	assert_int_equal(drv_do(d, cmd, &rsp), EFA_ADMIN_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		driver_test(test_device),
		driver_test(test_queues),
		driver_test(test_others),
		driver_test(test_unsupported),
		driver_test(test_aenq),
		driver_test(test_stats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
