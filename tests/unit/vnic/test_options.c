// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The command line: the effect of every option, and exit status 2 for bad usage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options.h"
#include "efa/model.h"
#include "efa/settings.h"

#define MAX_ARGS 16

static void parse(struct options *options, const char *const args[])
{
	char *argv[MAX_ARGS + 2] = { (char *)(uintptr_t)"peerbar-vnic" };
	int argc = 1;

	for (; args[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)args[argc - 1];
	optind = 0;		/* start over */
	options_parse(options, argc, argv);
}

/* The exit status of a process with these arguments; 77: options_parse() returned. */
static int status_of(const char *const args[])
{
	struct options options;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		parse(&options, args);
		_exit(77);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_defaults(void **state)
{
	static const struct fault none;
	struct nic_config config;
	struct options options;

	(void)state;
	parse(&options, (const char *const []){ "--socket", "s", NULL });
	assert_string_equal(options.socket, "s");
	assert_null(options.control);
	assert_null(options.report);
	config = nic_default_config(&efa_model);
	assert_memory_equal(&options.config, &config, sizeof(options.config));
	assert_memory_equal(&options.fault, &none, sizeof(none));
}

static void test_every_option(void **state)
{
	static const uint8_t gid[16] = { 0xfd, [15] = 7 };
	struct options options;

	(void)state;
	parse(&options, (const char *const []){
		"--socket=s", "--control=c", "--report=r", "--part=efa1", "--gid=fd00::7",
		"--slice=0x1000", "--page-sizes=0x201000", "--dma-bits=32",
		"--admin-timeout=1500", "--model=efa",
		"--fault=drop-cqe=2", "--fault=ignore-dereg", NULL });
	assert_string_equal(options.control, "c");
	assert_string_equal(options.report, "r");
	assert_int_equal(efa_config(&options.config)->part, 0xefa1);
	assert_memory_equal(options.config.gid, gid, sizeof(gid));
	assert_int_equal(options.config.slice, 4096);
	assert_int_equal(efa_config(&options.config)->page_sizes, 0x201000);
	assert_int_equal(efa_config(&options.config)->dma_bits, 32);
	assert_int_equal(efa_config(&options.config)->admin_timeout_ms, 1500);
	assert_int_equal(options.fault.drop_cqe, 2);
	assert_true(efa_fault(&options.fault)->ignore_dereg);
}

static void test_ends_well(void **state)
{
	(void)state;
	assert_int_equal(status_of((const char *const []){ "--help", NULL }), 0);
	assert_int_equal(status_of((const char *const []){ "-h", NULL }), 0);
	assert_int_equal(status_of((const char *const []){ "--version", NULL }), 0);
	assert_int_equal(status_of((const char *const []){ "--socket", "s", NULL }), 77);
}

static void test_bad_usage(void **state)
{
	static const char *const bad[] = {
		"--nonsense", "-x", "argument", "--model=no", "--model=",
		"--part=efa4", "--part=efa", "--part=efa01",
		"--gid=::", "--gid=1.2.3.4", "--gid=", "--slice=4095", "--slice=0x4000001",
		"--slice=-1", "--slice=4k", "--slice=", "--page-sizes=0x2000",
		"--page-sizes=0x1800", "--page-sizes=0x100001000", "--dma-bits=31",
		"--dma-bits=65", "--admin-timeout=0",
		"--admin-timeout=150", "--admin-timeout=1600", "--fault=no", "--fault=drop-cqe",
		"--fault=stall-aq=2",
	};

	(void)state;
	assert_int_equal(status_of((const char *const []){ NULL }), EXIT_USAGE);
	assert_int_equal(status_of((const char *const []){ "--socket", NULL }), EXIT_USAGE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const args[] = { "--socket=s", bad[i], NULL };

		if (status_of(args) != EXIT_USAGE)
			fail_msg("accepted: %s", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_option),
		cmocka_unit_test(test_ends_well),
		cmocka_unit_test(test_bad_usage),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
