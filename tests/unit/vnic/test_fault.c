// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Fault switches: every one can be set and read by name, bad text changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"

/* Each switch alone moves, and moves itself alone. */
static void test_every_switch(void **state)
{
	unsigned int switches = 0;

	(void)state;
	for (const struct fault_desc *d = fault_descs; d->name; d++, switches++) {
		struct fault fault = { 0 };
		char setting[64];

		snprintf(setting, sizeof(setting), "%s=1", d->name);
		assert_int_equal(fault_set(&fault, setting), 0);
		for (const struct fault_desc *o = fault_descs; o->name; o++)
			assert_int_equal(fault_get(&fault, o), o == d);
		snprintf(setting, sizeof(setting), "%s=0", d->name);
		assert_int_equal(fault_set(&fault, setting), 0);
		assert_int_equal(fault_get(&fault, d), 0);
		assert_non_null(d->help);
	}
	assert_int_equal(switches, 10);
}

static void test_names_mean_their_field(void **state)
{
	struct fault fault = { 0 };

	(void)state;
	assert_int_equal(fault_set(&fault, "ignore-dereg"), 0);
	assert_int_equal(fault_set(&fault, "stall-aq=1"), 0);
	assert_int_equal(fault_set(&fault, "drop-cqe=7"), 0);
	assert_int_equal(fault_set(&fault, "delay-cqe-us=0x10"), 0);
	assert_int_equal(fault_set(&fault, "drop-acq=4294967295"), 0);
	assert_int_equal(fault_set(&fault, "fail-opcode=8"), 0);
	assert_true(fault.ignore_dereg);
	assert_true(fault.stall_aq);
	assert_int_equal(fault.drop_cqe, 7);
	assert_int_equal(fault.delay_cqe_us, 16);
	assert_int_equal(fault.drop_acq, UINT32_MAX);
	assert_int_equal(fault.fail_opcode, 8);
}

static void test_bad_text(void **state)
{
	static const struct {
		const char *text;
		int err;
	} bad[] = {
		{ "", -ENOENT }, { "=", -ENOENT }, { "=1", -ENOENT },
		{ "drop", -ENOENT }, { "drop-cqe2=1", -ENOENT }, { "drop_cqe=1", -ENOENT },
		{ "drop-cqe", -EINVAL }, { "drop-cqe=", -EINVAL },
		{ "drop-cqe=-1", -EINVAL }, { "drop-cqe= 1", -EINVAL },
		{ "drop-cqe=1x", -EINVAL }, { "drop-cqe=4294967296", -EINVAL },
		{ "drop-cqe=99999999999999999999999", -EINVAL },
		{ "stall-aq=2", -EINVAL }, { "stall-aq=", -EINVAL }, { "stall-aq=on", -EINVAL },
	};
	struct fault fault = { .drop_cqe = 3 };
	const struct fault before = fault;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(fault_set(&fault, bad[i].text), bad[i].err);
		assert_memory_equal(&fault, &before, sizeof(fault));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_switch),
		cmocka_unit_test(test_names_mean_their_field),
		cmocka_unit_test(test_bad_text),
	};

	return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
