/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A line of words of the form key=value or key="value", such as those of
 * kernel/debugfs.c. A value may have spaces: the next word begins with a key.
 */
#ifndef PEERBAR_WORDS_H
#define PEERBAR_WORDS_H

#include <stdint.h>

#define MAX_WORDS 16	/* what is more is not looked at */

struct words {
	unsigned int nr;
	struct {
		const char *key, *value;
	} word[MAX_WORDS];
};

/* Cut @text up: the words point into it. */
void words_split(char *text, struct words *words);

/* The value of @key, NULL or 0 if the line does not say. */
const char *words_find(const struct words *words, const char *key);
uint64_t words_number(const struct words *words, const char *key);

#endif /* PEERBAR_WORDS_H */
