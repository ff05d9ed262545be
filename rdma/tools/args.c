// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Parsing the words of the command line: verbs, help, and pairs of a name and a size.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static bool is_help(const char *word)
{
	return !strcmp(word, "help") || !strcmp(word, "-h") || !strcmp(word, "--help");
}

bool tool_wants_help(int argc, char **argv, const char *usage)
{
	if (!tool_options.help && (argc < 1 || !is_help(argv[0])))
		return false;
	fputs(usage, stdout);
	return true;
}

/* As in iproute2, an abbreviation means the first verb of the table that begins with it. */
const struct verb *tool_find_verb(const struct verb *table, const char *word)
{
	for (; table->name; table++)
		if (*word && !strncmp(table->name, word, strlen(word)))
			return table;
	return NULL;
}

int tool_run_verb(const struct verb *table, const char *fallback, const char *usage, int argc,
		  char **argv)
{
	const char *word = argc ? argv[0] : fallback;
	const struct verb *verb;

	/* "peerbar dev show -h" asks the verb for help, and "peerbar dev -h" the object. */
	if ((!argc || is_help(argv[0])) && tool_wants_help(argc, argv, usage))
		return TOOL_OK;
	if (!word) {
		fputs(usage, stderr);
		return TOOL_USAGE;
	}
	verb = tool_find_verb(table, word);
	if (!verb)
		return tool_misuse(usage, "\"%s\" is not known here", word);
	if (!argc)
		return verb->run(0, argv);
	return verb->run(argc - 1, argv + 1);
}

static bool parse_size(const char *text, uint64_t *value)
{
	static const char suffixes[] = "kMGT";
	const char *suffix;
	unsigned long long number;
	char *end;
	int shift;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	number = strtoull(text, &end, strncmp(text, "0x", 2) ? 10 : 16);
	if (errno)
		return false;
	*value = number;
	if (!*end)
		return true;
	suffix = strchr(suffixes, *end == 'K' ? 'k' : *end);
	if (!suffix || end[1])
		return false;
	shift = 10 * (int)(suffix - suffixes + 1);
	*value = number << shift;
	return *value >> shift == number;
}

int tool_parse_sizes(const struct size_argument *table, const char *usage, int argc, char **argv)
{
	const struct size_argument *arg;

	for (; argc; argc -= 2, argv += 2) {
		for (arg = table; arg->name; arg++)
			if (!strcmp(arg->name, argv[0]))
				break;
		if (!arg->name)
			return tool_misuse(usage, "\"%s\" is not known here", argv[0]);
		if (argc < 2)
			return tool_misuse(usage, "%s needs a value", argv[0]);
		arg->size->given = parse_size(argv[1], &arg->size->value);
		if (!arg->size->given)
			return tool_misuse(usage, "%s takes a number such as 4096, 0x1000 or "
					   "4k, not \"%s\"", argv[0], argv[1]);
	}
	return TOOL_OK;
}
