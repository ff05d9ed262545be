/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Lines that consist of words of the form key=value or key="value", as kernel/debugfs.c
 * writes them. A value may contain spaces: it ends where the next key begins.
 */
#ifndef PEERBAR_WORDS_H
#define PEERBAR_WORDS_H

#include <stdint.h>

#define MAX_WORDS 16	/* further words of a line are ignored */

struct words {
	unsigned int nr;
	struct {
		const char *key, *value;
	} word[MAX_WORDS];
};

/* Split @text in place. The words point into it. */
void words_split(char *text, struct words *words);

/* Return the value of @key, or NULL or 0 if the line does not have it. */
const char *words_find(const struct words *words, const char *key);
uint64_t words_number(const struct words *words, const char *key);

#endif /* PEERBAR_WORDS_H */
