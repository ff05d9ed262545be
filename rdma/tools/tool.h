/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the verbs of the peerbar command share: global options, parsing of arguments, and
 * output in the style of iproute2.
 */
#ifndef PEERBAR_TOOL_H
#define PEERBAR_TOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

enum {				/* exit statuses */
	TOOL_OK = 0,
	TOOL_FAILURE = 1,
	TOOL_USAGE = 2,
	TOOL_REVOKED = 3,	/* the BAR was taken back, or was asked for, while it was used */
};

struct tool_options {
	bool json;
	bool pretty;
	bool details;
	bool version;
	bool help;
	const char *errno_name;	/* of "peerbar doctor"; NULL if there is none */
};

extern struct tool_options tool_options;

/*
 * options.c. Take the options out of the command line. Returns the index of the first word in
 * @argv, before which all options are then, or -1 after getopt_long() printed what is wrong.
 */
int tool_parse_options(int argc, char **argv);

/* A word of the command line, and the function that runs with the words after it. */
struct verb {
	const char *name;	/* NULL ends a table */
	int (*run)(int argc, char **argv);
};

/* Return the verb that @word names or abbreviates, or NULL. */
const struct verb *tool_find_verb(const struct verb *table, const char *word);

/*
 * Run the verb of @table that argv[0] names or abbreviates. Without words run @fallback, or
 * print @usage if that is NULL. Also prints @usage for "help" and for an unknown word.
 * Returns an exit status.
 */
int tool_run_verb(const struct verb *table, const char *fallback, const char *usage, int argc,
		  char **argv);

/* Does the first word, or an option, ask for help? If so, print @usage on standard output. */
bool tool_wants_help(int argc, char **argv, const char *usage);

/*
 * Print "peerbar: " and the sentence on standard error. tool_failure() returns TOOL_FAILURE;
 * tool_misuse() prints @usage, too, and returns TOOL_USAGE.
 */
int tool_failure(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int tool_misuse(const char *usage, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* An argument of the form "name value", which may come after the fixed words. */
struct size {
	uint64_t value;
	bool given;
};

struct size_argument {
	const char *name;
	struct size *size;
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
/* In text, a string with spaces is put in quotes, so that each row is made of words. */
void tool_add_string(json_object *object, const char *key, const char *value);
/* A sentence for people to read is printed as it is; it is the last thing in its row. */
void tool_add_sentence(json_object *object, const char *key, const char *value);
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
 * indented further, with one line for each of its objects. Returns as tool_flush() does.
 */
int tool_print(json_object *value);

/*
 * Print @text, which may contain names that other users chose, with '?' for each character that
 * would move the cursor or change the colour of a terminal.
 */
void tool_put_text(const char *text, FILE *file);

/*
 * Flush standard output. Returns TOOL_OK, or TOOL_FAILURE if not all that was printed could be
 * written; the first time, that is also said on standard error, unless a reader went away.
 */
int tool_flush(void);

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
int export_monitor(int argc, char **argv);
int mr_test(int argc, char **argv);
int path_show(int argc, char **argv);

#endif /* PEERBAR_TOOL_H */
