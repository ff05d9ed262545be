// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Results are built as JSON objects and printed as JSON or as lines of "key value".
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tool.h"

static json_object *checked(json_object *object)
{
	if (!object)
		errx(TOOL_FAILURE, "out of memory");
	return object;
}

json_object *tool_object(void)
{
	return checked(json_object_new_object());
}

json_object *tool_array(void)
{
	return checked(json_object_new_array());
}

void tool_add_object(json_object *object, const char *key, json_object *value)
{
	if (json_object_object_add(object, key, value))
		errx(TOOL_FAILURE, "out of memory");
}

void tool_append(json_object *array, json_object *value)
{
	if (json_object_array_add(array, value))
		errx(TOOL_FAILURE, "out of memory");
}

void tool_add_string(json_object *object, const char *key, const char *value)
{
	tool_add_object(object, key, checked(json_object_new_string(value)));
}

/* The mark is the address of this variable. */
static char sentence;

void tool_add_sentence(json_object *object, const char *key, const char *value)
{
	json_object *string = checked(json_object_new_string(value));

	json_object_set_userdata(string, &sentence, NULL);
	tool_add_object(object, key, string);
}

void tool_add_none(json_object *object, const char *key)
{
	tool_add_object(object, key, NULL);
}

void tool_add_bool(json_object *object, const char *key, bool value)
{
	tool_add_object(object, key, checked(json_object_new_boolean(value)));
}

void tool_add_number(json_object *object, const char *key, uint64_t value)
{
	tool_add_object(object, key, checked(json_object_new_uint64(value)));
}

void tool_add_double(json_object *object, const char *key, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.1f", value);
	tool_add_object(object, key, checked(json_object_new_double_s(value, text)));
}

void tool_add_size(json_object *object, const char *key, uint64_t value)
{
	static const char suffixes[] = "\0kMGTPE";
	const char *suffix = suffixes;
	char text[32];

	if (tool_options.json || tool_options.details) {
		tool_add_number(object, key, value);
		return;
	}
	/* Use a suffix only if it is exact: 1536k stays 1536k and does not become 1M. */
	while (value && !(value % 1024)) {
		value /= 1024;
		suffix++;
	}
	snprintf(text, sizeof(text), "%" PRIu64 "%.1s", value, suffix);
	tool_add_string(object, key, text);
}

static void print_object(json_object *object, int indent);

static void print_array(json_object *array, int indent)
{
	size_t i;

	for (i = 0; i < json_object_array_length(array); i++)
		print_object(json_object_array_get_idx(array, i), indent);
}

static void put_quoted(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(iscntrl((unsigned char)*text) ? '?' : *text);
	}
	putchar('"');
}

static const char *text_of(json_object *value)
{
	if (!value)
		return "none";
	if (json_object_is_type(value, json_type_boolean))
		return json_object_get_boolean(value) ? "yes" : "no";
	return json_object_get_string(value);
}

static void put_value(json_object *value)
{
	const char *text = text_of(value);
	bool name = value && json_object_is_type(value, json_type_string) &&
		    json_object_get_userdata(value) != &sentence;

	if (name && (!*text || strpbrk(text, " \t\"\\")))
		put_quoted(text);
	else
		tool_put_text(text, stdout);
}

static void print_object(json_object *object, int indent)
{
	int space = indent;

	json_object_object_foreach(object, key, value) {
		if (json_object_is_type(value, json_type_array))
			continue;
		printf("%*s%s ", space, "", key);
		put_value(value);
		space = 1;
	}
	putchar('\n');
	json_object_object_foreach(object, name, list) {
		(void)name;
		if (json_object_is_type(list, json_type_array))
			print_array(list, indent + 4);
	}
}

int tool_print(json_object *value)
{
	int flags = tool_options.pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
				   : JSON_C_TO_STRING_PLAIN;

	if (tool_options.json)
		puts(json_object_to_json_string_ext(value, flags | JSON_C_TO_STRING_NOSLASHESCAPE));
	else if (json_object_is_type(value, json_type_array))
		print_array(value, 0);
	else
		print_object(value, 0);
	json_object_put(value);
	return tool_flush();
}

int tool_flush(void)
{
	static bool told;
	int err = fflush(stdout) ? errno : 0;

	if (!err && !ferror(stdout))
		return TOOL_OK;
	if (!told && err != EPIPE)
		tool_failure("cannot write to standard output: %s",
			     err ? strerror(err) : "an earlier write failed");
	told = true;
	return TOOL_FAILURE;
}
