/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the verbs of the peerbar command share: global options, parsing of arguments, and
 * output in the style of iproute2.
 */
#ifndef PEERBAR_TOOL_H
#define PEERBAR_TOOL_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

enum { TOOL_OK = 0, TOOL_FAILURE = 1, TOOL_USAGE = 2 };	/* exit statuses */

struct tool_options {
	bool json;
	bool pretty;
	bool details;
};

extern struct tool_options tool_options;

/* A word of the command line, and the function that runs with the words after it. */
struct verb {
	const char *name;	/* NULL ends a table */
	int (*run)(int argc, char **argv);
};

/*
 * Run the verb of @table that argv[0] names or abbreviates. Without words run @fallback, or
 * print @usage if that is NULL. Also prints @usage for "help" and for an unknown word.
 * Returns an exit status.
 */
int tool_run_verb(const struct verb *table, const char *fallback, const char *usage, int argc,
		  char **argv);

/* Does the first word ask for help? If it does, print @usage on standard output. */
bool tool_wants_help(int argc, char **argv, const char *usage);

/*
 * Print "peerbar: " and the sentence on standard error. tool_failure() returns TOOL_FAILURE;
 * tool_misuse() prints @usage, too, and returns TOOL_USAGE.
 */
int tool_failure(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int tool_misuse(const char *usage, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* An argument of the form "name value", which may come after the fixed words. */
struct size_argument {
	const char *name;
	uint64_t *value;
};

/*
 * Parse all of argv as pairs that @table lists; a NULL name ends the table. Numbers are
 * decimal, or hexadecimal with 0x, and may have k, M, G or T for powers of 1024. Returns
 * TOOL_OK, or TOOL_USAGE after printing what is wrong.
 */
int tool_parse_sizes(const struct size_argument *table, const char *usage, int argc, char **argv);

/* If these run out of memory they end the program, which has nothing to clean up. */
json_object *tool_object(void);
json_object *tool_array(void);
void tool_add_string(json_object *object, const char *key, const char *value);
/* Add null, which is printed as "none" in text. */
void tool_add_none(json_object *object, const char *key);
void tool_add_bool(json_object *object, const char *key, bool value);
void tool_add_number(json_object *object, const char *key, uint64_t value);
void tool_add_double(json_object *object, const char *key, double value);
/* Like tool_add_number(), but text output without -d shows 256M for 268435456. */
void tool_add_size(json_object *object, const char *key, uint64_t value);
void tool_add_object(json_object *object, const char *key, json_object *value);
void tool_append(json_object *array, json_object *value);

/*
 * Print and release @value: as JSON with -j, otherwise as one line of "key value" pairs for
 * each object, with "none" for null. An array inside an object is printed below that line,
 * indented further, with one line for each of its objects. Returns TOOL_OK, or TOOL_FAILURE
 * if standard output cannot be written.
 */
int tool_print(json_object *value);

/* Objects of the command line: the first word. */
int cmd_dev(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_mr(int argc, char **argv);
int cmd_path(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

/* Verbs: the second word. */
int dev_show(int argc, char **argv);
int dev_bind(int argc, char **argv);
int dev_unbind(int argc, char **argv);
int export_show(int argc, char **argv);
int mr_test(int argc, char **argv);
int path_show(int argc, char **argv);

#endif /* PEERBAR_TOOL_H */
