/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the verbs of the peerbar command share: global options, arguments, and
 * output in the manner of iproute2.
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

extern struct tool_options options;

/* A word of the command line and what runs for it, with the words that follow. */
struct verb {
	const char *name;	/* NULL ends a table */
	int (*run)(int argc, char **argv);
};

/*
 * Run the verb of @table that argv[0] names or abbreviates, or @fallback without
 * words; print @usage for "help" and for an unknown word.
 */
int run_verb(const struct verb *table, const char *fallback, const char *usage, int argc,
	     char **argv);

/* Does the word ask for help? Prints @usage on standard output if so. */
bool wants_help(int argc, char **argv, const char *usage);

/* "peerbar: " and the sentence, on standard error. Return TOOL_FAILURE or TOOL_USAGE. */
int failure(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int misuse(const char *usage, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Pairs "name value" after the fixed words. */
struct size_argument {
	const char *name;
	uint64_t *value;
};

/*
 * Take every pair of argv by @table, which a NULL name ends. Numbers are decimal
 * or 0x hexadecimal, with k, M, G or T for powers of 1024. Return: TOOL_OK or
 * TOOL_USAGE, with a sentence.
 */
int parse_sizes(const struct size_argument *table, const char *usage, int argc, char **argv);

/* Out of memory ends the program: there is nothing to release. */
json_object *new_object(void);
json_object *new_array(void);
void add_string(json_object *object, const char *key, const char *value);
/* JSON null, and "none" in text. */
void add_none(json_object *object, const char *key);
void add_bool(json_object *object, const char *key, bool value);
void add_number(json_object *object, const char *key, uint64_t value);
void add_double(json_object *object, const char *key, double value);
/* Like add_number(), but text without -d shows 256M for 268435456. */
void add_size(json_object *object, const char *key, uint64_t value);
void add_object(json_object *object, const char *key, json_object *value);
void append(json_object *array, json_object *value);

/*
 * Print and release @value: JSON with -j, else one line of "key value" pairs for
 * each object, null being "none". Objects in an array inside an object get lines of
 * their own below it, indented further. Return: TOOL_OK or, if standard output does not
 * take it, TOOL_FAILURE.
 */
int print_result(json_object *value);

/* Objects. */
int cmd_dev(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_mr(int argc, char **argv);
int cmd_path(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

/* Verbs. */
int dev_show(int argc, char **argv);
int dev_bind(int argc, char **argv);
int dev_unbind(int argc, char **argv);
int export_show(int argc, char **argv);
int mr_test(int argc, char **argv);
int path_show(int argc, char **argv);

#endif /* PEERBAR_TOOL_H */
