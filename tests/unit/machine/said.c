// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Captures standard output and standard error in memory while a verb runs.
 */
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "said.h"

char said_out[16384];
char said_err[4096];

static FILE *redirect(FILE **stream, char *text, size_t size)
{
	FILE *real = *stream;

	fflush(real);
	memset(text, 0, size);
	*stream = fmemopen(text, size, "w");
	assert_non_null(*stream);
	return real;
}

int said_run(int (*run)(int argc, char **argv), int argc, char **argv)
{
	FILE *out = redirect(&stdout, said_out, sizeof(said_out));
	FILE *err = redirect(&stderr, said_err, sizeof(said_err));
	int status = run(argc, argv);

	fclose(stdout);
	fclose(stderr);
	stdout = out;
	stderr = err;
	return status;
}
