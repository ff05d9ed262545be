// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Fault switches: each can be set and read by name, and bad text changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "efa/settings.h"

static unsigned int nr_set(const struct fault *fault, const struct fault_desc *table)
{
	unsigned int n = 0;

	for (const struct fault_desc *d = table; d->name; d++)
		n += fault_get(fault, efa_faults, d);
	return n;
}

/*
 * Setting a switch of @table changes that switch and no other. Return: how many switches
 * there are.
 */
static unsigned int check_table(const struct fault_desc *table)
{
	unsigned int switches = 0;

	for (const struct fault_desc *d = table; d->name; d++, switches++) {
		struct fault fault = { 0 };
		char setting[64];

		snprintf(setting, sizeof(setting), "%s=1", d->name);
		assert_int_equal(fault_set(&fault, efa_faults, setting), 0);
		assert_int_equal(fault_get(&fault, efa_faults, d), 1);
		assert_int_equal(nr_set(&fault, fault_descs) + nr_set(&fault, efa_faults), 1);
		snprintf(setting, sizeof(setting), "%s=0", d->name);
		assert_int_equal(fault_set(&fault, efa_faults, setting), 0);
		assert_int_equal(fault_set(&fault, efa_faults, setting), 0);
		assert_int_equal(fault_get(&fault, efa_faults, d), 0);
		assert_non_null(d->help);
	}
	return switches;
}

static void test_every_switch(void **state)
{
	(void)state;
	assert_int_equal(check_table(fault_descs), 3);
	assert_int_equal(check_table(efa_faults), 7);
}

static void test_names_mean_their_field(void **state)
{
	struct fault fault = { 0 };

	(void)state;
	assert_int_equal(fault_set(&fault, efa_faults, "ignore-dereg"), 0);
	assert_int_equal(fault_set(&fault, efa_faults, "stall-aq=1"), 0);
	assert_int_equal(fault_set(&fault, efa_faults, "drop-cqe=7"), 0);
	assert_int_equal(fault_set(&fault, efa_faults, "delay-cqe-us=0x10"), 0);
	assert_int_equal(fault_set(&fault, efa_faults, "drop-acq=4294967295"), 0);
	assert_int_equal(fault_set(&fault, efa_faults, "fail-opcode=8"), 0);
	assert_true(efa_fault(&fault)->ignore_dereg);
	assert_true(efa_fault(&fault)->stall_aq);
	assert_int_equal(fault.drop_cqe, 7);
	assert_int_equal(fault.delay_cqe_us, 16);
	assert_int_equal(efa_fault(&fault)->drop_acq, UINT32_MAX);
	assert_int_equal(efa_fault(&fault)->fail_opcode, 8);
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
		assert_int_equal(fault_set(&fault, efa_faults, bad[i].text), bad[i].err);
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
