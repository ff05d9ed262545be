// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The command line of peerbar-revoke-stress. */
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "run.h"

/* stress.c has these, beside main() */
struct config config;
struct shared *shared;
struct totals totals;

static char *said;
static size_t said_size;

/* Parse a command line of words. What is printed is in said. Return: as options_parse(). */
static int parse(const char *line)
{
	FILE *out = stdout, *err = stderr;
	char text[256], *argv[32] = { "peerbar-revoke-stress" };
	int argc = 1, ret;

	free(said);
	memset(&config, 0, sizeof(config));
	snprintf(text, sizeof(text), "%s", line);
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		argv[argc++] = strdup(word);
	optind = 0;
	stdout = open_memstream(&said, &said_size);
	stderr = stdout;
	ret = options_parse(argc, argv);
	fclose(stdout);
	stdout = out;
	stderr = err;
	while (--argc)
		free(argv[argc]);
	return ret;
}

#define GOOD "--device 0000:01:00.0 --nic mlx5_0 "

static void devices_and_nics(void **state)
{
	(void)state;
	assert_int_equal(parse("--device 01:00.0,4 --device 0000:02:00.0 --nic efa_0"), -1);
	assert_int_equal(config.cast.devices, 2);
	assert_string_equal(config.device[0].address, "0000:01:00.0");
	assert_int_equal(config.device[0].bar, 4);
	assert_int_equal(config.device[1].bar, PB_NR_BARS);
	assert_string_equal(config.nic[0].address, "efa_0");
	assert_int_equal(parse("--device 01:00.0"), 2);
	assert_int_equal(parse("--nic efa_0"), 2);
	assert_non_null(strstr(said, "name the devices"));
}

static void wrong_values(void **state)
{
	static const char *const wrong[] = {
		"--device nonsense", "--device 01:00.0,7", "--cycles 0", "--cycles -1",
		"--cycles x",
		"--seed x", "--seed -1", "--span 100", "--span 1T", "--owners 9", "--importers 99",
		"--without dance", "--with dance", "--enable 0,3,1", "--enable 9,0,1", "--enable x",
		"word", "--nonsense", "--cycles",
	};
	char line[128];

	(void)state;
	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(line, sizeof(line), GOOD "%s", wrong[i]);
		assert_int_equal(parse(line), 2);
		assert_true(said_size > 0 || !strncmp(wrong[i], "--n", 3) ||
			    !strcmp(wrong[i], "--cycles"));
	}
}

/* By default nothing is done that disturbs others on the machine. */
static void operations(void **state)
{
	(void)state;
	assert_int_equal(parse(GOOD), -1);
	assert_true(config.cast.leave_out[OP_REMOVE] && config.cast.leave_out[OP_NIC_UNBIND]);
	assert_int_equal(parse(GOOD "--with all --without remove,flr"), -1);
	assert_true(config.cast.leave_out[OP_REMOVE] && config.cast.leave_out[OP_FLR]);
	assert_false(config.cast.leave_out[OP_NIC_UNBIND]);
	assert_false(config.cast.leave_out[OP_RESET]);
}

static void numbers(void **state)
{
	(void)state;
	assert_int_equal(parse(GOOD "--seed 0x10 --cycles 20 --span 4M --enable 0,0xe04,1"), -1);
	assert_int_equal(config.seed, 16);
	assert_int_equal(config.cycles, 20);
	assert_int_equal(config.device[0].unit * NR_SLOTS, 4 << 20);
	assert_true(config.enable.needed);
	assert_int_equal(config.enable.offset, 0xe04);
}

static void help_names_every_operation(void **state)
{
	(void)state;
	assert_int_equal(parse("--help"), 0);
	for (unsigned int op = 0; op < NR_OPS; op++)
		assert_non_null(strstr(said, op_name((enum op)op)));
}

static void version(void **state)
{
	(void)state;
	assert_int_equal(parse("--version"), 0);
	assert_string_equal(said, "peerbar-revoke-stress " PEERBAR_VERSION "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_and_nics), cmocka_unit_test(wrong_values),
		cmocka_unit_test(operations), cmocka_unit_test(numbers),
		cmocka_unit_test(help_names_every_operation), cmocka_unit_test(version),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(said);
	return failed;
}
