// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Words and sizes on the command line, and the text that results are printed as.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tool.h"

static const char usage[] = "Usage: this\n";

/* Standard output and standard error, captured while a test runs. */
static char *out, *err;
static size_t out_size, err_size;
static FILE *real_out, *real_err;

static int catch_output(void **state)
{
	(void)state;
	memset(&tool_options, 0, sizeof(tool_options));
	real_out = stdout;
	real_err = stderr;
	stdout = open_memstream(&out, &out_size);
	stderr = open_memstream(&err, &err_size);
	return !stdout || !stderr;
}

static void flush(void)
{
	fflush(stdout);
	fflush(stderr);
}

static int release_output(void **state)
{
	(void)state;
	fclose(stdout);
	fclose(stderr);
	stdout = real_out;
	stderr = real_err;
	free(out);
	free(err);
	return 0;
}

static int parse(const char *text, struct size *size)
{
	const struct size_argument table[] = { { "size", size }, { NULL, NULL } };
	char word[] = "size", copy[64];

	snprintf(copy, sizeof(copy), "%s", text);
	return tool_parse_sizes(table, usage, 2, (char *[]){ word, copy });
}

static void takes_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {
		{ "0", 0 }, { "4096", 4096 }, { "0x1000", 4096 }, { "4k", 4096 }, { "4K", 4096 },
		{ "256M", 256 << 20 }, { "8G", 8ull << 30 }, { "1T", 1ull << 40 },
		{ "010", 10 }, { "18446744073709551615", UINT64_MAX }, { "0x10M", 16 << 20 },
	};
	struct size size;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		size.given = false;
		assert_int_equal(parse(good[i].text, &size), TOOL_OK);
		assert_true(size.given);
		assert_true(size.value == good[i].value);
	}
}

static void refuses_what_is_no_size(void **state)
{
	static const char *const bad[] = {
		"", "k", "-1", "+1", " 1", "1 ", "4kk", "4kB", "4q", "x10", "0x", "1.5G",
		"18446744073709551616", "16777216T", "99999999999G",
	};
	struct size size;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse(bad[i], &size) != TOOL_USAGE)
			fail_msg("\"%s\" is taken for a size", bad[i]);
	flush();
	assert_non_null(strstr(err, "size takes a number"));
	assert_non_null(strstr(err, usage));
}

static void refuses_unknown_and_lonely_words(void **state)
{
	const struct size_argument table[] = { { NULL, NULL } };
	struct size size = { .given = false };
	const struct size_argument known[] = { { "size", &size }, { NULL, NULL } };

	(void)state;
	assert_int_equal(tool_parse_sizes(table, usage, 2, (char *[]){ "bar", "1" }), TOOL_USAGE);
	assert_int_equal(tool_parse_sizes(known, usage, 1, (char *[]){ "size" }), TOOL_USAGE);
	assert_int_equal(tool_parse_sizes(known, usage, 0, NULL), TOOL_OK);
	assert_false(size.given);
	flush();
	assert_non_null(strstr(err, "\"bar\" is not known"));
	assert_non_null(strstr(err, "size needs a value"));
}

static int last_argc;

static int run_show(int argc, char **argv)
{
	(void)argv;
	last_argc = argc;
	return 40;
}

static int run_set(int argc, char **argv)
{
	(void)argv;
	last_argc = argc;
	return 41;
}

static const struct verb verbs[] = {
	{ "show", run_show }, { "set", run_set }, { NULL, NULL },
};

static void finds_verbs(void **state)
{
	(void)state;
	assert_int_equal(tool_run_verb(verbs, NULL, usage, 2, (char *[]){ "set", "x" }), 41);
	assert_int_equal(last_argc, 1);
	assert_int_equal(tool_run_verb(verbs, NULL, usage, 1, (char *[]){ "s" }), 40);
	assert_int_equal(tool_run_verb(verbs, NULL, usage, 1, (char *[]){ "se" }), 41);
	assert_int_equal(tool_run_verb(verbs, "show", usage, 0, NULL), 40);
	assert_int_equal(last_argc, 0);
	assert_int_equal(tool_run_verb(verbs, NULL, usage, 0, NULL), TOOL_USAGE);
	assert_int_equal(tool_run_verb(verbs, NULL, usage, 1, (char *[]){ "sets" }), TOOL_USAGE);
	assert_int_equal(tool_run_verb(verbs, NULL, usage, 1, (char *[]){ "" }), TOOL_USAGE);
	assert_int_equal(tool_run_verb(verbs, NULL, usage, 1, (char *[]){ "help" }), TOOL_OK);
	flush();
	assert_string_equal(out, usage);
}

static void takes_options_anywhere(void **state)
{
	char *argv[] = { "peerbar", "dev", "-j", "show", "--errno=EIO", "01:00.0", "-d", NULL };
	char *help[] = { "peerbar", "show", "x", "-h", NULL };
	char *wrong[] = { "peerbar", "show", "-x", NULL };
	int first;

	(void)state;
	first = tool_parse_options(7, argv);
	assert_int_equal(first, 4);
	assert_string_equal(argv[4], "dev");
	assert_string_equal(argv[5], "show");
	assert_string_equal(argv[6], "01:00.0");
	assert_true(tool_options.json && tool_options.details && !tool_options.pretty);
	assert_string_equal(tool_options.errno_name, "EIO");
	assert_int_equal(tool_parse_options(3, wrong), -1);
	first = tool_parse_options(4, help);
	assert_int_equal(first, 2);
	assert_false(tool_options.json);
	assert_int_equal(tool_run_verb(verbs, NULL, usage, 2, help + first), 40);
	assert_true(tool_wants_help(1, help + first + 1, usage));
}

static void prints_names_as_words(void **state)
{
	json_object *object = tool_object();

	(void)state;
	tool_add_string(object, "driver", "a \"b\" c\033[2J");
	tool_add_string(object, "name", "");
	tool_add_sentence(object, "reason", "in use by x\033[2J (pid 1): \"end\" it");
	assert_int_equal(tool_print(object), TOOL_OK);
	tool_failure("held by %s", "y\033[2J");
	flush();
	assert_string_equal(out, "driver \"a \\\"b\\\" c?[2J\" name \"\" "
			    "reason in use by x?[2J (pid 1): \"end\" it\n");
	assert_string_equal(err, "peerbar: held by y?[2J\n");
}

static void tells_that_output_is_lost(void **state)
{
	FILE *memory = stdout;

	(void)state;
	stdout = fopen("/dev/full", "w");
	assert_non_null(stdout);
	printf("text");
	assert_int_equal(tool_flush(), TOOL_FAILURE);
	fclose(stdout);
	stdout = memory;
	flush();
	assert_non_null(strstr(err, "cannot write to standard output: No space left"));
	assert_int_equal(tool_flush(), TOOL_OK);
}

static json_object *sample(void)
{
	json_object *object = tool_object(), *list = tool_array(), *bar = tool_object();

	tool_add_string(object, "dev", "0000:01:00.0");
	tool_add_none(object, "driver");
	tool_add_bool(object, "exporter", true);
	tool_add_double(object, "mib_s", 12.34);
	tool_add_size(object, "size", 256 << 20);
	tool_add_size(object, "odd", 1536);
	tool_add_size(object, "none", 0);
	tool_add_number(bar, "bar", 2);
	tool_append(list, bar);
	tool_add_object(object, "bars", list);
	return object;
}

static void prints_text(void **state)
{
	(void)state;
	assert_int_equal(tool_print(sample()), TOOL_OK);
	tool_options.details = true;
	assert_int_equal(tool_print(sample()), TOOL_OK);
	flush();
	assert_string_equal(out, "dev 0000:01:00.0 driver none exporter yes mib_s 12.3 size 256M "
			    "odd 1536 none 0\n    bar 2\n"
			    "dev 0000:01:00.0 driver none exporter yes mib_s 12.3 size 268435456 "
			    "odd 1536 none 0\n    bar 2\n");
}

static void prints_json(void **state)
{
	json_object *array = tool_array();

	(void)state;
	tool_options.json = true;
	tool_append(array, sample());
	assert_int_equal(tool_print(array), TOOL_OK);
	flush();
	assert_string_equal(out, "[{\"dev\":\"0000:01:00.0\",\"driver\":null,\"exporter\":true,"
			    "\"mib_s\":12.3,\"size\":268435456,\"odd\":1536,\"none\":0,"
			    "\"bars\":[{\"bar\":2}]}]\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, catch_output, release_output)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(takes_sizes),
		TEST(refuses_what_is_no_size),
		TEST(refuses_unknown_and_lonely_words),
		TEST(finds_verbs),
		TEST(takes_options_anywhere),
		TEST(prints_names_as_words),
		TEST(tells_that_output_is_lost),
		TEST(prints_text),
		TEST(prints_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
