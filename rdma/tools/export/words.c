// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Splitting lines into words of the form key=value: see words.h.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

/* Does a new word begin at @text? A value may contain spaces: "callback=f [module]". */
static bool begins_word(const char *text)
{
	return text[strcspn(text, " =")] == '=';
}

/* Terminate the value at @text where it ends, and return the text after it. */
static char *cut_value(char *text)
{
	char *end = text;

	do
		end += strcspn(end + 1, " ") + 1;
	while (*end && !begins_word(end + 1));
	if (!*end)
		return end;
	*end = '\0';
	return end + 1;
}

static char *cut_quoted(char *text)
{
	char *end = text + strcspn(text, "\"");

	if (*end)
		*end++ = '\0';
	return end + strspn(end, " ");
}

void words_split(char *text, struct words *words)
{
	char *equals;

	words->nr = 0;
	text += strspn(text, " ");
	while (words->nr < MAX_WORDS && (equals = strchr(text, '='))) {
		*equals++ = '\0';
		words->word[words->nr].key = text;
		if (*equals == '"') {
			words->word[words->nr].value = equals + 1;
			text = cut_quoted(equals + 1);
		} else {
			words->word[words->nr].value = equals;
			text = *equals ? cut_value(equals) : equals;
		}
		words->nr++;
	}
}

const char *words_find(const struct words *words, const char *key)
{
	unsigned int i;

	for (i = 0; i < words->nr; i++)
		if (!strcmp(words->word[i].key, key))
			return words->word[i].value;
	return NULL;
}

uint64_t words_number(const struct words *words, const char *key)
{
	const char *value = words_find(words, key);

	return value ? strtoull(value, NULL, 10) : 0;
}
