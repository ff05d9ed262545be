// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* peerbar export monitor: from the lines of the kernel's tracing to text and JSON. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"
#include "fits.h"
#include "machine/sys.h"
#include "said.h"
#include "tool.h"

#define GPU "0000:01:00.0"
#define INSTANCES "/sys/kernel/tracing/instances"

/* As trace_pipe has them, with what else may be in it. */
static const char lines[] =
	"           <...>-1196    [001] .....    39.542103: access: device=" GPU " state=revoked "
	"reason=reset\n"
	" a\x0a: device=-12      [000] ...1.    39.542484: revoke_begin: device=" GPU " "
	"reason=reset buffers=1 bytes=268435456\n"
	"CPU:1 [LOST 42 EVENTS]\n"
	"            bash-77      [001] .....    40.000001: attach: device=0000:07:00.0 buffer=2 "
	"importer=0000:02:00.0 type=host-bridge reason=\"not known\" stop=native\n"
	"\n: :\n# a comment\n           <...>-1       [001] .....    41.0: map:\n";

/* The instance is made by the monitor, so its files are elsewhere. */
static int open_instance(const char *path, int flags)
{
	static const char *const files[] = { "trace_clock", "enable", "trace_pipe" };
	char place[256];

	for (unsigned int i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (!strstr(path, INSTANCES) || strcmp(strrchr(path, '/') + 1, files[i]))
			continue;
		snprintf(place, sizeof(place), "%s/%s", fake->root, files[i]);
		return open(place, flags);
	}
	return open(path, flags);
}

static int setup(void **state)
{
	memset(&tool_options, 0, sizeof(tool_options));
	fake_setup(state);
	fake_file(INSTANCES "/.hidden", "");
	fake_file("/trace_clock", "");
	fake_file("/enable", "");
	fake_file("/trace_pipe", lines);
	pb_open_file = open_instance;
	return 0;
}

static void prints_text(void **state)
{
	static const char expected[] =
		"time 39.542103 dev " GPU " event access state revoked reason reset\n"
		"time 39.542484 dev " GPU " event revoke_begin reason reset buffers 1 "
		"bytes 268435456\n"
		"event lost events 42\n"
		"time 40.000001 dev 0000:07:00.0 event attach buffer 2 importer 0000:02:00.0 type "
		"host-bridge reason \"not known\" stop native\n";

	(void)state;
	assert_int_equal(said_run(export_monitor, 0, NULL), TOOL_OK);
	assert_string_equal(said_out, expected);
}

static void prints_one_device(void **state)
{
	(void)state;
	fake_device(GPU, "peerbar-vfio-pci", 7, true);
	assert_int_equal(said_run(export_monitor, 1, (char *[]){ "01:00.0" }), TOOL_OK);
	assert_non_null(strstr(said_out, " event revoke_begin "));
	assert_null(strstr(said_out, "0000:07:00.0"));
}

static void prints_json(void **state)
{
	(void)state;
	tool_options.json = true;
	assert_int_equal(said_run(export_monitor, 0, NULL), TOOL_OK);
	assert_ptr_equal(strstr(said_out, "{\"time\":39.542103,\"dev\":\"" GPU "\","
				"\"event\":\"access\",\"state\":\"revoked\","
				"\"reason\":\"reset\"}\n"), said_out);
	assert_non_null(strstr(said_out, "\"bytes\":268435456}\n"));
	assert_fits("peerbar-export-monitor", said_out);
}

/* Its own instance, and those of monitors that are gone, but nobody else's. */
static void leaves_no_instance(void **state)
{
	char path[128];

	(void)state;
	fake_file(INSTANCES "/peerbar-4000000000/.x", "");
	fake_remove(INSTANCES "/peerbar-4000000000/.x");
	fake_file(INSTANCES "/mine/.x", "");
	fake_file("/proc/1/comm", "init");
	fake_file(INSTANCES "/peerbar-1/.x", "");
	assert_int_equal(said_run(export_monitor, 0, NULL), TOOL_OK);
	assert_false(pb_exists(INSTANCES "/peerbar-4000000000"));
	assert_true(pb_exists(INSTANCES "/mine"));
	assert_true(pb_exists(INSTANCES "/peerbar-1"));
	snprintf(path, sizeof(path), INSTANCES "/peerbar-%d", getpid());
	assert_false(pb_exists("%s", path));
}

static void expect_failure(const char *sentence)
{
	assert_int_equal(said_run(export_monitor, 0, NULL), TOOL_FAILURE);
	assert_string_equal(said_out, "");
	if (!strstr(said_err, sentence))
		fail_msg("\"%s\" does not say \"%s\"", said_err, sentence);
}

static void says_why_not(void **state)
{
	(void)state;
	fake_remove("/enable");
	expect_failure("modprobe peerbar-vfio-pci");
	fake_remove(INSTANCES "/.hidden");
	fake_remove(INSTANCES);
	expect_failure("mount tracefs");
	assert_int_equal(said_run(export_monitor, 1, (char *[]){ "zebra" }), TOOL_FAILURE);
	assert_int_equal(said_run(export_monitor, 2, (char *[]){ GPU, GPU }), TOOL_USAGE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(prints_text),
		TEST(prints_one_device),
		TEST(prints_json),
		TEST(leaves_no_instance),
		TEST(says_why_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
